package dev.watershed.cli.terminal;

import java.util.Locale;

/** Spans of time as people read them. */
public final class Durations {
  private Durations() {}

  /** For example "7.3 s", "2 min 05 s", "1 h 02 min"; a dash where the span is unknown. */
  public static String text(double seconds) {
    if (!Double.isFinite(seconds) || seconds < 0) {
      return "-";
    }
    if (seconds < 59.95) {
      return String.format(Locale.ROOT, "%.1f s", seconds);
    }
    long whole = Math.round(seconds);
    return whole < 3600
        ? String.format(Locale.ROOT, "%d min %02d s", whole / 60, whole % 60)
        : String.format(Locale.ROOT, "%d h %02d min", whole / 3600, whole % 3600 / 60);
  }
}
