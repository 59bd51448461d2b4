package dev.watershed.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Base64;
import java.util.zip.CRC32C;

/**
 * Where the next page begins, as callers carry it: opaque, and refused where it was not made for
 * the same question.
 */
public final class PageToken {
  private static final String SEPARATOR = "\n";

  private PageToken() {}

  /**
   * @param question what was asked, the page aside
   * @param position where the next page begins
   */
  public static String write(String question, String position) {
    String text = checksum(question, position) + SEPARATOR + position;
    return Base64.getUrlEncoder().withoutPadding().encodeToString(text.getBytes(UTF_8));
  }

  /**
   * Returns the position; {@code first} for an empty token.
   *
   * @throws RefusedException INVALID_ARGUMENT where the token is not one of ours for this question
   */
  public static String read(String token, String question, String first) {
    if (token.isEmpty()) {
      return first;
    }
    try {
      var parts = new String(Base64.getUrlDecoder().decode(token), UTF_8).split(SEPARATOR, 2);
      if (parts.length == 2 && parts[0].equals(checksum(question, parts[1]))) {
        return parts[1];
      }
    } catch (IllegalArgumentException e) {
      throw refused();
    }
    throw refused();
  }

  private static String checksum(String question, String position) {
    var crc = new CRC32C();
    crc.update((question + SEPARATOR + position).getBytes(UTF_8));
    return Long.toHexString(crc.getValue());
  }

  private static RefusedException refused() {
    return RefusedException.invalidArgument(
        "PAGE_TOKEN_INVALID",
        "page_token",
        "is not from an earlier answer to the same question; start over without one");
  }
}
