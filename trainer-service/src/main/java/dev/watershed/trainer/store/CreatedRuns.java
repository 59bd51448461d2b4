package dev.watershed.trainer.store;

import dev.watershed.trainer.v1.TrainingRun;
import java.util.List;

/**
 * What a call that creates runs is answered with.
 *
 * @param runs in the order in which they were asked for
 * @param reusedCount how many of them were there before
 */
public record CreatedRuns(List<TrainingRun> runs, int reusedCount) {
  public CreatedRuns {
    runs = List.copyOf(runs);
  }
}
