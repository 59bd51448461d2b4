package dev.watershed.standalone.fuzz;

import java.util.List;
import java.util.random.RandomGenerator;

/** Texts that are empty, huge, invisible, or look like a path, a name or a program. */
final class RandomText {
  /** Longest text, in characters. */
  static final int LONGEST = 300_000;

  private static final List<String> ODD =
      List.of(
          "",
          " ",
          "\0",
          "a\0b",
          "\n",
          "\r\nERROR forged line",
          "\u001b[31mred\u001b[0m",
          "\u202egnp.exe",
          "\u2066\u2069\u200b\ufeff",
          "\u0301\u0301\u0301",
          "\ufffd\uffff\ufffe",
          "\ud83d\ude00",
          "\ud83d",
          "\ufdfa",
          "\u0130\u1e9e\u00df",
          "..",
          "../../../../etc/passwd",
          "/etc/passwd",
          "/proc/self/mem",
          "/dev/zero",
          "/dev/stdin",
          "file:///etc/passwd",
          "file://localhost/etc/passwd",
          "file:",
          "http://127.0.0.1:1/",
          "jar:file:/a.jar!/b",
          "%2e%2e%2f%2e%2e%2fetc",
          "%00",
          "%",
          "%zz",
          "%s%n%d",
          "{}",
          "${jndi:ldap://x}",
          "#{1+1}",
          "' OR 1=1 --",
          "\"; DROP TABLE run; --",
          "<script>alert(1)</script>",
          "checkpoints/",
          "checkpoints/..",
          "checkpoints/.",
          "checkpoints/a/b",
          "trainingRuns/-",
          "studies/-",
          "studies/00000000-0000-0000-0000-000000000000",
          "task:",
          "miniature",
          "miniature/train",
          "miniature/",
          "NaN",
          "-0",
          "1e999",
          "999999999999999999999",
          "true",
          "AAAA",
          "////",
          "\\\\server\\share",
          "C:\\",
          "~",
          "-",
          "--help",
          "*",
          "[",
          "(a+)+$");

  private final RandomGenerator random;
  private final List<String> known;

  /**
   * @param known what the server knows: names, paths, tokens
   */
  RandomText(RandomGenerator random, List<String> known) {
    this.random = random;
    this.known = known;
  }

  /** Any of them. */
  String any() {
    return switch (random.nextInt(10)) {
      case 0, 1, 2 -> pick(ODD);
      case 3, 4, 5 -> known.isEmpty() ? pick(ODD) : changed(pick(known));
      case 6 -> pick(ODD).repeat(random.nextInt(1, 60)) + pick(ODD);
      case 7 -> random.nextInt(40) == 0 ? huge() : pick(ODD) + pick(ODD);
      default -> characters(random.nextInt(1, 40));
    };
  }

  /** The text with a small change, or a large one. */
  String changed(String text) {
    int at = text.isEmpty() ? 0 : random.nextInt(text.length() + 1);
    return switch (random.nextInt(12)) {
      case 0 -> text;
      case 1 -> text + pick(ODD);
      case 2 -> pick(ODD) + text;
      case 3 -> text.substring(0, at) + pick(ODD) + text.substring(at);
      case 4 -> text.substring(0, at);
      case 5 -> text.substring(at);
      case 6 -> text + "/../" + text;
      case 7 -> text.replace("/", random.nextBoolean() ? "//" : "%2f");
      case 8 ->
          text.substring(0, at) + characters(1) + text.substring(Math.min(text.length(), at + 1));
      case 9 -> text.toUpperCase(java.util.Locale.ROOT);
      case 10 -> random.nextInt(10) == 0 ? text + huge() : text.repeat(random.nextInt(2, 30));
      default -> known.isEmpty() ? text : pick(known);
    };
  }

  private String huge() {
    return pick(List.of("a", "../", "\u202e", "\ud83d\ude00", "%2e", "\0", "é", "a/"))
        .repeat(random.nextInt(1, LONGEST / 4));
  }

  private String characters(int count) {
    var text = new StringBuilder();
    for (int i = 0; i < count; i++) {
      text.appendCodePoint(
          switch (random.nextInt(6)) {
            case 0 -> random.nextInt(0x20);
            case 1 -> random.nextInt(0x80, 0x3000);
            case 2 -> random.nextInt(0x10000, 0x110000);
            default -> random.nextInt(0x20, 0x7f);
          });
    }
    return text.toString();
  }

  private String pick(List<String> texts) {
    return texts.get(random.nextInt(texts.size()));
  }
}
