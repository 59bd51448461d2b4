package dev.watershed.server;

/**
 * Text as a message may carry it, which may quote anything that a caller sent: nothing in it that a
 * terminal, a log or a reader could take for something else. What the classifier's {@code Quoted}
 * says again, since services that run no models do without that module; a test holds them equal.
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
    int type = Character.getType(character);
    return !isUnseen(character) && type != Character.SURROGATE && type != Character.UNASSIGNED;
  }

  /**
   * Whether a character is obeyed, turns direction, shows nothing or stands for one that is lost.
   */
  static boolean isUnseen(int character) {
    return switch (Character.getType(character)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          true;
      default -> character == 0xFFFD;
    };
  }

  private static void escape(int unit, StringBuilder plain) {
    String hex = Integer.toHexString(unit);
    plain.append("\\u").append("0".repeat(4 - hex.length())).append(hex);
  }
}
