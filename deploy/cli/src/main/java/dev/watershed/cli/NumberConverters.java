package dev.watershed.cli;

import dev.watershed.input.Quoted;
import java.math.BigDecimal;
import java.util.regex.Pattern;
import picocli.CommandLine;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Numbers as people type them, with a hint at what is meant where it is none of ours. */
final class NumberConverters {
  private static final Pattern DECIMAL_COMMA = Pattern.compile("[+-]?\\d*,\\d+([eE][+-]?\\d+)?");

  private NumberConverters() {}

  /** Has all options and parameters of a command line read by these. */
  static void register(CommandLine line) {
    line.registerConverter(Double.class, NumberConverters::decimal);
    line.registerConverter(double.class, NumberConverters::decimal);
    line.registerConverter(Integer.class, text -> whole(text, Integer.MAX_VALUE).intValueExact());
    line.registerConverter(int.class, text -> whole(text, Integer.MAX_VALUE).intValueExact());
    line.registerConverter(Long.class, text -> whole(text, Long.MAX_VALUE).longValueExact());
    line.registerConverter(long.class, text -> whole(text, Long.MAX_VALUE).longValueExact());
  }

  /** Passes over the data, of which there is no part. */
  static final class Epochs implements ITypeConverter<Integer> {
    @Override
    public Integer convert(String text) {
      try {
        return whole(text, Integer.MAX_VALUE).intValueExact();
      } catch (TypeConversionException e) {
        throw new TypeConversionException(
            e.getMessage() + "; for a part of an epoch give its steps (--steps, --probe-steps)");
      }
    }
  }

  static double decimal(String text) {
    try {
      return Double.parseDouble(text);
    } catch (NumberFormatException e) {
      String hint =
          DECIMAL_COMMA.matcher(text).matches()
              ? "; a decimal has a point, not a comma: " + text.replace(',', '.')
              : "";
      throw new TypeConversionException("'" + Quoted.of(text) + "' is not a number" + hint);
    }
  }

  private static BigDecimal whole(String text, long limit) {
    String rule =
        "'" + Quoted.of(text) + "' is not a whole number between " + ~limit + " and " + limit;
    BigDecimal number;
    try {
      // The exponent is bounded so that nobody writes out a billion digits.
      number = text.length() <= 40 ? new BigDecimal(text) : null;
    } catch (NumberFormatException e) {
      number = null;
    }
    if (number == null || number.precision() - (long) number.scale() > 40) {
      throw new TypeConversionException(rule);
    }
    boolean integral = number.stripTrailingZeros().scale() <= 0;
    boolean plain = text.chars().allMatch(c -> Character.isDigit(c) || c == '-' || c == '+');
    boolean fits =
        integral
            && number.compareTo(BigDecimal.valueOf(limit)) <= 0
            && number.compareTo(BigDecimal.valueOf(~limit)) >= 0;
    if (fits && plain) {
      return number;
    }
    throw new TypeConversionException(
        fits ? rule + "; write it out: " + number.toBigInteger() : rule);
  }
}
