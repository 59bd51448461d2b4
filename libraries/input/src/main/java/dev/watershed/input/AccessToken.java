package dev.watershed.input;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A secret that a client sends with every call, by which a server knows that it may. */
public final class AccessToken {
  /** Characters at most. */
  public static final int MAX_CHARACTERS = 8192;

  private AccessToken() {}

  /** Whether a header can carry it: visible ASCII characters without blanks. */
  public static boolean isValid(String token) {
    return token.length() <= MAX_CHARACTERS && token.chars().allMatch(c -> c > ' ' && c < 0x7f);
  }

  /**
   * Returns the first line of a file, which may be empty.
   *
   * @throws IOException where it cannot be read
   */
  public static String read(Path file) throws IOException {
    try (var lines = Files.lines(file)) {
      return lines.findFirst().map(String::strip).orElse("");
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }
}
