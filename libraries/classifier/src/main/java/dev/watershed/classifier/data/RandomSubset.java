package dev.watershed.classifier.data;

import static dev.watershed.input.InvalidInputException.invalid;

import dev.watershed.classifier.RandomStream;
import dev.watershed.input.InvalidInputException;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Arrays;

/**
 * A slice of one random order of the rows. Slices of one seed that do not overlap share no row, and
 * together they are everything.
 *
 * @param seed draws the order
 * @param fromFraction where the slice begins, as a fraction of the rows, from 0
 * @param toFraction where it ends, up to 1
 */
public record RandomSubset(long seed, double fromFraction, double toFraction) {
  /** Keeps the order apart from that of a sample drawn by the same seed. */
  private static final long POSITION = 0x737562736574L;

  /**
   * @throws InvalidInputException unless 0 <= from < to <= 1
   */
  public RandomSubset {
    if (!(fromFraction >= 0 && fromFraction < toFraction && toFraction <= 1)) {
      throw invalid(
          "SUBSET_INVALID",
          "subset",
          "must begin at 0 or later, end after it and by 1, got %s to %s"
              .formatted(fromFraction, toFraction));
    }
  }

  /** Returns which of the rows 0 to {@code count} - 1 are kept, ascending. */
  int[] rows(int count) {
    int[] order = RandomStream.permutation(count, RandomStream.of(seed, POSITION));
    int[] kept = Arrays.copyOfRange(order, place(fromFraction, count), place(toFraction, count));
    Arrays.sort(kept);
    return kept;
  }

  /** Rounds down the product of the decimal that was written: .29 of 100 rows are 29. */
  private static int place(double fraction, int count) {
    return BigDecimal.valueOf(fraction)
        .multiply(BigDecimal.valueOf(count))
        .setScale(0, RoundingMode.FLOOR)
        .intValueExact();
  }
}
