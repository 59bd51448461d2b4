package dev.watershed.cli;

import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * Labels as people write lists of them: {@code no,yes}, {@code no, yes}, {@code ['no', 'yes']},
 * {@code "a,b",c}. Blanks around a name are no part of it, quotes keep what is inside as it is.
 *
 * @param names in the order given
 */
record LabelList(List<String> names) {
  LabelList {
    names = List.copyOf(names);
  }

  static LabelList parse(String text) {
    String list = text.strip();
    if (list.startsWith("[") && list.endsWith("]")) {
      list = list.substring(1, list.length() - 1);
    }
    List<String> names = new ArrayList<>();
    int at = 0;
    while (at <= list.length()) {
      int end = end(list, at, text);
      String name = list.substring(at, end).strip();
      boolean quoted = name.length() >= 2 && isQuote(name.charAt(0));
      name = quoted ? name.substring(1, name.length() - 1) : name;
      if (name.isEmpty()) {
        throw new TypeConversionException("'" + text + "' has an empty label");
      }
      names.add(name);
      at = end + 1;
    }
    if (names.stream().distinct().count() < names.size()) {
      throw new TypeConversionException("'" + text + "' has a label twice");
    }
    return new LabelList(names);
  }

  /** Where the name that begins at {@code at} ends: a comma outside quotes, or the end. */
  private static int end(String list, int at, String text) {
    int start = at;
    while (start < list.length() && list.charAt(start) == ' ') {
      start++;
    }
    if (start == list.length() || !isQuote(list.charAt(start))) {
      int comma = list.indexOf(',', at);
      return comma < 0 ? list.length() : comma;
    }
    int close = list.indexOf(list.charAt(start), start + 1);
    int comma = close < 0 ? -1 : list.indexOf(',', close);
    int end = comma < 0 ? list.length() : comma;
    if (close < 0 || !list.substring(close + 1, end).isBlank()) {
      throw new TypeConversionException("'" + text + "': a quote is not closed before the comma");
    }
    return end;
  }

  private static boolean isQuote(char c) {
    return c == '\'' || c == '"';
  }

  /** For picocli. */
  static final class Converter implements ITypeConverter<LabelList> {
    @Override
    public LabelList convert(String value) {
      return parse(value);
    }
  }
}
