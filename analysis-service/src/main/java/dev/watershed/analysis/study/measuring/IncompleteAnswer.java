package dev.watershed.analysis.study.measuring;

import dev.watershed.server.RefusedException;
import java.util.Locale;
import java.util.Map;

/** An answer that ended without all that was asked for. */
final class IncompleteAnswer {
  private IncompleteAnswer() {}

  /** Refuses an answer about {@code subject} where points are missing. */
  static void refuse(String subject, long missing) {
    if (missing > 0) {
      throw RefusedException.refused(
          RefusedException.Kind.INTERNAL,
          "EVALUATOR_INCOMPLETE",
          String.format(
              Locale.ROOT,
              "The evaluator ended its answer about %s without %d of the points asked for.",
              subject,
              missing),
          Map.of());
    }
  }
}
