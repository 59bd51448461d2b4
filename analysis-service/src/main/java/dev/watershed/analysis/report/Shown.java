package dev.watershed.analysis.report;

import static java.util.Locale.ROOT;

import java.util.function.DoubleFunction;
import java.util.regex.Pattern;
import java.util.stream.DoubleStream;

/** Numbers for people, as the page's scripts write them too. */
final class Shown {
  private static final Pattern EXPONENT = Pattern.compile("e([+-])0*(?=\\d)");
  private static final Pattern MINUS_ZERO = Pattern.compile("^-(?=0\\.?0*$)");
  private static final String NOTHING = "\u2013";

  private Shown() {}

  static String number(double value) {
    return number(value, 3);
  }

  static String number(double value, int digits) {
    if (Double.isNaN(value)) {
      return NOTHING;
    }
    if (Double.isInfinite(value)) {
      return value > 0 ? "\u221e" : "\u2212\u221e";
    }
    double size = Math.abs(value);
    return minus(
        size != 0 && (size < 1e-3 || size >= 1e5)
            ? exponential(value, digits - 1)
            : fixed(value, size >= 1000 ? 0 : digits));
  }

  /**
   * One format for numbers that stand together.
   *
   * @param span of the numbers, of which {@code digits} are shown
   * @param decimals the fewest
   */
  static DoubleFunction<String> format(double span, int digits, int decimals) {
    if (!(Double.isFinite(span) && span > 0)) {
      return Shown::number;
    }
    int places = (int) Math.max(decimals, digits - 1 - Math.floor(Math.log10(span) + 1e-9));
    return value -> {
      if (!Double.isFinite(value)) {
        return number(value);
      }
      var text = places > 8 ? exponential(value, digits - 1) : fixed(value, Math.max(0, places));
      return minus(MINUS_ZERO.matcher(text).replaceFirst(""));
    };
  }

  /** With a sign, as of changes. */
  static String signed(double value, DoubleFunction<String> format) {
    return (value > 0 ? "+" : "") + format.apply(value);
  }

  /** The greatest size of those that are finite, 0 where none is. */
  static double greatest(DoubleStream values) {
    return values.filter(Double::isFinite).map(Math::abs).max().orElse(0);
  }

  static String p(double p) {
    return Double.isNaN(p) ? NOTHING : p < 1e-300 ? "< 1e\u2212300" : number(p);
  }

  static String whole(long count) {
    return String.format(ROOT, "%,d", count);
  }

  static String plural(long count, String noun) {
    return whole(count) + " " + noun + (count == 1 ? "" : "s");
  }

  /** Returns one number, or the least and the greatest of some. */
  static String range(double[] values) {
    var known = DoubleStream.of(values).filter(Double::isFinite).summaryStatistics();
    if (known.getCount() == 0) {
      return NOTHING;
    }
    var low = number(known.getMin());
    var high = number(known.getMax());
    return low.equals(high) ? low : low + " to " + high;
  }

  private static String fixed(double value, int places) {
    return String.format(ROOT, "%." + places + "f", value);
  }

  private static String exponential(double value, int places) {
    return EXPONENT.matcher(String.format(ROOT, "%." + places + "e", value)).replaceFirst("e$1");
  }

  private static String minus(String text) {
    return text.replace('-', '\u2212');
  }
}
