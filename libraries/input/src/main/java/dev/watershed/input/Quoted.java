package dev.watershed.input;

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
    if (text.length() <= MAX_CHARACTERS
        || text.codePointCount(0, text.length()) <= MAX_CHARACTERS) {
      return whole(text);
    }
    int end = text.offsetByCodePoints(0, MAX_CHARACTERS);
    return whole(text.substring(0, end)) + "... (" + text.length() + " characters)";
  }

  /** Returns all of a text with the same characters escaped. */
  public static String whole(String text) {
    if (text.codePoints().allMatch(Quoted::isPlain)) {
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

  /** Whether a text can be a name: nothing in it is invisible, unassigned or changes direction. */
  public static boolean isPlain(String text) {
    return text.codePoints().allMatch(character -> isPlain(character) || isJoiner(character));
  }

  /** Persian and other languages are spelled with them. */
  private static boolean isJoiner(int character) {
    return character == 0x200C || character == 0x200D;
  }

  private static boolean isPlain(int character) {
    int type = Character.getType(character);
    return !isUnseen(character) && type != Character.SURROGATE && type != Character.UNASSIGNED;
  }

  /**
   * Whether a character is obeyed, turns direction, shows nothing or stands for one that is lost.
   */
  public static boolean isUnseen(int character) {
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
