package dev.watershed.standalone.command;

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
        for (long seed = first; seed <= last; seed++) {
          if (!seeds.add(seed)) {
            throw new TypeConversionException("seed " + seed + " is given twice");
          }
        }
      } catch (NumberFormatException e) {
        throw new TypeConversionException(
            "'" + part + "' is neither a seed nor a range like 1..8 of at most " + MAXIMUM);
      }
    }
    if (seeds.size() > MAXIMUM) {
      throw new TypeConversionException(seeds.size() + " seeds; at most " + MAXIMUM + " at once");
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
