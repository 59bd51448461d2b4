package dev.watershed.trainer.run;

import dev.watershed.server.RefusedException;
import java.util.List;
import java.util.Map;

/** What is needed is not deleted, and those who need it are named. */
final class InUse {
  /** How many of those in the way are named. */
  private static final int MAX_NAMED = 5;

  private InUse() {}

  /**
   * @param key of the metadata that names all of them
   * @param names resource names of those in the way
   * @param why each of them is
   */
  static RefusedException refused(
      String reason, String key, List<String> names, String why, String message) {
    return RefusedException.failedPrecondition(
        reason,
        names.stream()
            .limit(MAX_NAMED)
            .map(name -> new RefusedException.Violation(name, why))
            .toList(),
        message,
        Map.of(key, String.join(" ", names)));
  }

  /** The first few. */
  static String named(List<String> names) {
    return String.join(", ", names.subList(0, Math.min(MAX_NAMED, names.size())))
        + (names.size() > MAX_NAMED ? ", ..." : "");
  }
}
