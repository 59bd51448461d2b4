package dev.watershed.analysis.store;

import dev.watershed.analysis.v1.Study;
import java.time.Instant;
import java.util.Optional;

/**
 * A study as it is stored.
 *
 * @param number its place in the order of creation
 * @param attempt how many times a worker took it
 * @param crashes how many processes ended while they had it since a point was last stored
 * @param startTime when a worker first took it
 * @param elapsedSeconds seconds of computing, over all attempts
 * @param study what callers see of it
 */
public record StoredStudy(
    long number,
    int attempt,
    int crashes,
    Optional<Instant> startTime,
    double elapsedSeconds,
    Study study) {
  public String id() {
    return study.getName().substring(StudyStore.NAME_PREFIX.length());
  }

  /** Whether it has ended, in whatever way. */
  public boolean ended() {
    return switch (study.getState()) {
      case STUDY_STATE_SUCCEEDED, STUDY_STATE_FAILED, STUDY_STATE_CANCELLED -> true;
      default -> false;
    };
  }
}
