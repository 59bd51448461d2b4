package dev.watershed.trainer.store;

import dev.watershed.trainer.v1.TrainingPoint;
import dev.watershed.trainer.v1.TrainingRun;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a run is besides its life as a job.
 *
 * @param identity names its result: runs of the same identity differ in name alone; null in runs of
 *     before there were identities, which are not reused
 * @param run its spec, its progress and what it has made
 * @param curve all of it, by step; null where it was not read
 */
public record RunContent(
    @Nullable String identity, TrainingRun run, @Nullable List<TrainingPoint> curve) {

  /** Returns a run that has not begun. */
  public static RunContent of(String identity, TrainingRun run) {
    return new RunContent(identity, run, null);
  }

  /** Returns this with another run. */
  public RunContent with(TrainingRun changed) {
    return new RunContent(identity, changed, curve);
  }

  /** Returns this with another run and its curve. */
  public RunContent with(TrainingRun changed, List<TrainingPoint> points) {
    return new RunContent(identity, changed, points);
  }
}
