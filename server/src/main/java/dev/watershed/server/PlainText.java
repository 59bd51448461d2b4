package dev.watershed.server;

/**
 * Text as a message may carry it, which may quote anything that a caller sent: nothing in it that a
 * terminal, a log or a reader could take for something else.
 */
final class PlainText {
  private PlainText() {}

  /**
   * Returns the text with control and format characters, bidirectional overrides, line separators,
   * unassigned characters and lone surrogates escaped as in Java.
   */
  static String of(String text) {
    if (text.codePoints().allMatch(PlainText::isPlain)) {
      return text;
    }
    var plain = new StringBuilder();
    for (int at = 0; at < text.length(); ) {
      int character = text.codePointAt(at);
      int end = at + Character.charCount(character);
      if (isPlain(character)) {
        plain.appendCodePoint(character);
      } else {
        text.substring(at, end).chars().forEach(unit -> escape(unit, plain));
      }
      at = end;
    }
    return plain.toString();
  }

  private static boolean isPlain(int character) {
    return switch (Character.getType(character)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.UNASSIGNED ->
          false;
      default -> character != 0xFFFD;
    };
  }

  private static void escape(int unit, StringBuilder plain) {
    String hex = Integer.toHexString(unit);
    plain.append("\\u").append("0".repeat(4 - hex.length())).append(hex);
  }
}
