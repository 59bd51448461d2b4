package dev.watershed.analysis.store;

import dev.watershed.analysis.v1.StudyProgress;
import dev.watershed.analysis.v1.StudySpec;
import org.jspecify.annotations.Nullable;

/**
 * What a study is besides its life as a job.
 *
 * @param spec with every default filled in
 * @param elapsedSeconds seconds of computing, over all attempts
 * @param intervals alphas of its points are their index over this; null in studies of before this
 *     was kept
 */
public record StudyContent(
    StudySpec spec, StudyProgress progress, double elapsedSeconds, @Nullable Integer intervals) {

  /** Returns a study of which nothing is measured. */
  public static StudyContent of(StudySpec spec, long totalPoints, int totalPairs, int intervals) {
    var progress =
        StudyProgress.newBuilder().setTotalPoints(totalPoints).setTotalPairs(totalPairs).build();
    return new StudyContent(spec, progress, 0, intervals);
  }

  /** Returns this as far as it is now. */
  public StudyContent with(StudyProgress now) {
    return new StudyContent(spec, now, elapsedSeconds, intervals);
  }
}
