package dev.watershed.trainer.store;

import dev.watershed.trainer.v1.TrainingRun;
import java.util.List;
import java.util.OptionalLong;

/**
 * Some runs, oldest first.
 *
 * @param next what to ask for next; empty on the last page
 */
public record RunPage(List<TrainingRun> runs, OptionalLong next) {}
