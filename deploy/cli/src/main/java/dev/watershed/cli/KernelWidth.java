package dev.watershed.cli;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * A kernel width as it is typed: a number, or the median of the distances.
 *
 * @param value 0 where it is the median
 */
record KernelWidth(boolean median, double value) {
  /** Reads what was typed. */
  static final class Converter implements ITypeConverter<KernelWidth> {
    @Override
    public KernelWidth convert(String text) {
      if (text.equalsIgnoreCase("median")) {
        return new KernelWidth(true, 0);
      }
      try {
        double value = Double.parseDouble(text);
        if (value > 0 && Double.isFinite(value)) {
          return new KernelWidth(false, value);
        }
      } catch (NumberFormatException e) {
        // Said below.
      }
      throw new TypeConversionException("'" + text + "' is neither median nor a number above 0");
    }
  }
}
