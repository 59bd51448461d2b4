package dev.watershed.classifier;

/**
 * Text from outside as messages and logs show it: on one line, of bounded length, with nothing in
 * it that a terminal or a reader could take for something else.
 */
public final class Quoted {
  /** Characters that are shown of a longer text. */
  public static final int MAX_CHARACTERS = 200;

  private Quoted() {}

  /**
   * Returns the text with control and format characters, bidirectional overrides and lone
   * surrogates escaped as in Java, cut after {@value #MAX_CHARACTERS} characters.
   */
  public static String of(String text) {
    var shown = new StringBuilder();
    int characters = 0;
    for (int at = 0; at < text.length(); characters++) {
      int character = text.codePointAt(at);
      if (characters == MAX_CHARACTERS) {
        return shown + "... (" + text.length() + " characters)";
      }
      if (isPlain(character)) {
        shown.appendCodePoint(character);
      } else {
        text.substring(at, at + Character.charCount(character))
            .chars()
            .forEach(unit -> escape(unit, shown));
      }
      at += Character.charCount(character);
    }
    return shown.toString();
  }

  /** Whether a text can be a name: nothing in it is invisible, unassigned or changes direction. */
  public static boolean isPlain(String text) {
    return text.codePoints().allMatch(character -> isPlain(character) || isJoiner(character));
  }

  /** Persian and other languages are spelled with them. */
  private static boolean isJoiner(int character) {
    return character == 0x200C || character == 0x200D;
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

  private static void escape(int unit, StringBuilder shown) {
    String hex = Integer.toHexString(unit);
    shown.append("\\u").append("0".repeat(4 - hex.length())).append(hex);
  }
}
