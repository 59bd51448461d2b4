package dev.watershed.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * The syntax of data on the command line: a source, then options {@code ,key=value}. A list is
 * separated by {@code |}; a backslash makes the next character plain.
 */
final class DataText {
  /** The one option that may be repeated. */
  static final String FILTER = "filter";

  private final String text;
  private final String source;
  private final Map<String, String> options;
  private final List<String> filters;

  private DataText(String text, String source, Map<String, String> options, List<String> filters) {
    this.text = text;
    this.source = source;
    this.options = options;
    this.filters = filters;
  }

  /**
   * Parses a text.
   *
   * @throws CommandException naming what is no option
   */
  static DataText parse(String text) {
    List<String> parts = split(text, ',');
    Map<String, String> options = new LinkedHashMap<>();
    List<String> filters = new ArrayList<>();
    for (String part : parts.subList(1, parts.size())) {
      List<String> pair = split(part, '=');
      if (pair.size() < 2 || pair.getFirst().isBlank()) {
        throw CommandException.badInput(
            "'"
                + part
                + "' in '"
                + text
                + "' is not key=value; a comma inside a file's name, a column or a label is written"
                + " \\, (so are |, :, = and +)");
      }
      String value = part.substring(part.indexOf('=') + 1);
      String key = pair.getFirst().strip().replace('-', '_');
      if (key.equals(FILTER)) {
        filters.add(value);
      }
      if (options.put(key, value) != null && !key.equals(FILTER)) {
        throw CommandException.badInput(
            "'" + pair.getFirst() + "' is given twice in '" + text + "'");
      }
    }
    return new DataText(text, parts.getFirst(), options, filters);
  }

  /** What stands before the options, still escaped. */
  String source() {
    return source;
  }

  /** The values of {@link #FILTER}, still escaped. */
  List<String> filters() {
    return filters;
  }

  boolean has(String key) {
    return options.containsKey(key);
  }

  /** Refuses options that are not {@code known}. */
  void allow(Set<String> known) {
    for (String key : options.keySet()) {
      if (!known.contains(key)) {
        throw bad("'" + key + "' is not known here; known are " + new TreeSet<>(known));
      }
    }
  }

  /** Refuses options that are among {@code keys}. */
  void refuse(Set<String> keys, String what) {
    for (String key : options.keySet()) {
      if (keys.contains(key)) {
        throw bad(what + " takes no '" + key + "'");
      }
    }
  }

  /** An option's value, still escaped, or the empty text. */
  String escaped(String key) {
    return options.getOrDefault(key, "");
  }

  /** An option's value, or {@code otherwise} where it is not given. */
  String plain(String key, String otherwise) {
    return options.containsKey(key) ? unescape(escaped(key)) : otherwise;
  }

  /** The parts of an option's value; none where it is not given. */
  List<String> list(String key) {
    String value = escaped(key);
    return value.isEmpty()
        ? List.of()
        : split(value, '|').stream().map(DataText::unescape).toList();
  }

  boolean flag(String key, boolean otherwise) {
    String value = plain(key, String.valueOf(otherwise));
    if (!value.equals("true") && !value.equals("false")) {
      throw bad(key + "= is true or false, not '" + value + "'");
    }
    return value.equals("true");
  }

  /** A number that is not negative. */
  int integer(String key) {
    long value = longInteger(key);
    if (value < 0 || value > Integer.MAX_VALUE) {
      throw bad(key + "=" + value + " is not between 0 and " + Integer.MAX_VALUE);
    }
    return (int) value;
  }

  long longInteger(String key) {
    String value = plain(key, "");
    try {
      return Long.parseLong(value);
    } catch (NumberFormatException e) {
      throw bad(key + "= wants a whole number, not '" + value + "'");
    }
  }

  /** The refusal of this text, with what is wrong with it. */
  CommandException bad(String problem) {
    return CommandException.badInput(problem + " (in '" + text + "')");
  }

  /** Splits at a separator that no backslash precedes; the parts stay escaped. */
  static List<String> split(String text, char separator) {
    List<String> parts = new ArrayList<>();
    StringBuilder part = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '\\' && i + 1 < text.length()) {
        part.append(c).append(text.charAt(++i));
      } else if (c == separator) {
        parts.add(part.toString());
        part.setLength(0);
      } else {
        part.append(c);
      }
    }
    parts.add(part.toString());
    return parts;
  }

  static String unescape(String text) {
    return text.replaceAll("\\\\(.)", "$1");
  }
}
