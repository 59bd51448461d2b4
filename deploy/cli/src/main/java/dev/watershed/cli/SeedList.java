package dev.watershed.cli;

import dev.watershed.input.Quoted;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * Seeds as "1..8", "1,2,5" or both, each once.
 *
 * @param seeds at least one, at most 1000
 */
record SeedList(List<Long> seeds) {
  private static final int MAXIMUM = 1000;

  static SeedList parse(String text) {
    Set<Long> seeds = new LinkedHashSet<>();
    for (String part : text.split(",", -1)) {
      String[] ends = part.strip().split("\\.\\.", -1);
      try {
        long first = Long.parseLong(ends[0]);
        long last = ends.length == 2 ? Long.parseLong(ends[1]) : first;
        if (ends.length > 2 || last < first || last - first < 0 || last - first >= MAXIMUM) {
          throw new NumberFormatException();
        }
        // By their number: the largest seed there is has no successor.
        for (long i = 0; i <= last - first; i++) {
          if (!seeds.add(first + i)) {
            throw new TypeConversionException("seed " + (first + i) + " is given twice");
          }
        }
      } catch (NumberFormatException e) {
        throw new TypeConversionException(
            "'"
                + Quoted.of(part)
                + "' is neither a seed, a whole number from "
                + Long.MIN_VALUE
                + " to "
                + Long.MAX_VALUE
                + " with all its digits, nor a range like 1..8 of at most "
                + MAXIMUM
                + " such");
      }
      if (seeds.size() > MAXIMUM) {
        throw new TypeConversionException("more than " + MAXIMUM + " seeds at once");
      }
    }
    return new SeedList(new ArrayList<>(seeds));
  }

  /** For picocli. */
  static final class Converter implements ITypeConverter<SeedList> {
    @Override
    public SeedList convert(String value) {
      return parse(value);
    }
  }
}
