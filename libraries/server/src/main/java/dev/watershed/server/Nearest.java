package dev.watershed.server;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;

/** What somebody who mistyped a name may have meant. */
public final class Nearest {
  /** Longer names are not compared: the work is the product of two lengths. */
  private static final int MAX_LENGTH = 200;

  private Nearest() {}

  /**
   * Returns the known name that differs from {@code name} in the fewest characters (left out, put
   * in, replaced or swapped with the next), in no more than a third of them; else the only one that
   * begins with it. Upper and lower case count as one.
   */
  public static Optional<String> to(String name, Collection<String> known) {
    if (name.isEmpty() || name.length() > MAX_LENGTH) {
      return Optional.empty();
    }
    String wanted = name.toLowerCase(Locale.ROOT);
    int bound = Math.max(1, wanted.length() / 3);
    record Candidate(String name, int distance) {}
    Optional<Candidate> nearest =
        known.stream()
            .filter(other -> Math.abs(other.length() - wanted.length()) <= bound)
            .map(other -> new Candidate(other, distance(wanted, other.toLowerCase(Locale.ROOT))))
            .filter(candidate -> candidate.distance() <= bound)
            .min(Comparator.comparingInt(Candidate::distance).thenComparing(Candidate::name));
    if (nearest.isPresent()) {
      return nearest.map(Candidate::name);
    }
    var longer =
        known.stream()
            .filter(other -> other.toLowerCase(Locale.ROOT).startsWith(wanted))
            .limit(2)
            .toList();
    return longer.size() == 1 ? Optional.of(longer.get(0)) : Optional.empty();
  }

  /** Returns {@code ; did you mean "x"?} or nothing, to be put into a sentence. */
  public static String hint(String name, Collection<String> known) {
    return to(name, known).map(nearest -> "; did you mean \"" + nearest + "\"?").orElse("");
  }

  /** Levenshtein's distance with swaps of neighbours (optimal string alignment). */
  private static int distance(String a, String b) {
    var before = new int[b.length() + 1];
    var above = new int[b.length() + 1];
    var row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      above[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int change = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
        row[j] = Math.min(above[j - 1] + change, 1 + Math.min(above[j], row[j - 1]));
        if (i > 1
            && j > 1
            && a.charAt(i - 1) == b.charAt(j - 2)
            && a.charAt(i - 2) == b.charAt(j - 1)) {
          row[j] = Math.min(row[j], before[j - 2] + 1);
        }
      }
      var free = before;
      before = above;
      above = row;
      row = free;
    }
    return above[b.length()];
  }
}
