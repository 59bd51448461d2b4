package dev.watershed.server;

import io.micronaut.core.convert.MutableConversionService;
import io.micronaut.core.convert.TypeConverterRegistrar;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A number of bytes as configurations write it: {@code 2GiB}, {@code 700MiB}, {@code 64KiB}, or
 * plain bytes.
 *
 * @param bytes zero or more
 */
public record ByteSize(long bytes) {
  /** How it is written, for people. */
  static final String FORM = "bytes, for example 2GiB, 700MiB or 734003200";

  private static final Pattern WRITTEN = Pattern.compile("(\\d{1,19})(KiB|MiB|GiB|TiB|)");
  private static final Map<String, Integer> SHIFT =
      Map.of("", 0, "KiB", 10, "MiB", 20, "GiB", 30, "TiB", 40);

  /** Reads one; empty where it is written otherwise or too large. */
  static Optional<ByteSize> read(String text) {
    var parts = WRITTEN.matcher(text);
    if (!parts.matches()) {
      return Optional.empty();
    }
    try {
      long unit = 1L << SHIFT.getOrDefault(parts.group(2), 0);
      return Optional.of(new ByteSize(Math.multiplyExact(Long.parseLong(parts.group(1)), unit)));
    } catch (ArithmeticException | NumberFormatException e) {
      return Optional.empty();
    }
  }

  /** Reads those of a configuration, texts and numbers; found by its name in META-INF/services. */
  public static final class Reader implements TypeConverterRegistrar {
    @Override
    public void register(MutableConversionService conversions) {
      conversions.addConverter(
          CharSequence.class, ByteSize.class, (text, type, context) -> read(text.toString()));
      conversions.addConverter(
          Number.class, ByteSize.class, (number, type, context) -> read(number.toString()));
    }
  }
}
