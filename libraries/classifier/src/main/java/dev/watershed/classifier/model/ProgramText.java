package dev.watershed.classifier.model;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * The text of a TorchScript class, put together from parts: resources under {@code program/}, each
 * one idea as Python methods, whose words in capitals are constants that the program gives.
 */
final class ProgramText {
  static final String CLASS = "Program";

  private static final Pattern CONSTANT = Pattern.compile("(?<![A-Za-z])[A-Z][A-Z_]{3,}(?![a-z])");
  private static final String COMMENT = "#";

  private final StringBuilder text =
      new StringBuilder(
          """
          class %s(Module):
            __parameters__ = []
            __buffers__ = []
            training : bool
          """
              .formatted(CLASS));

  /**
   * Appends a part's methods.
   *
   * @param part name of a resource without {@code .py}
   * @param constants a value for each word in capitals; others are ignored
   */
  ProgramText add(String part, Map<String, String> constants) {
    read(part)
        .lines()
        .filter(line -> !line.isBlank() && !line.stripLeading().startsWith(COMMENT))
        .map(
            line -> CONSTANT.matcher(line).replaceAll(word -> value(part, word.group(), constants)))
        .forEach(line -> text.append("  ").append(line).append('\n'));
    return this;
  }

  private static String value(String part, String name, Map<String, String> constants) {
    String value = constants.get(name);
    if (value == null) {
      throw new IllegalStateException("no constant %s for %s.py".formatted(name, part));
    }
    return value;
  }

  private static String read(String part) {
    String name = "program/" + part + ".py";
    try (InputStream in = ProgramText.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException("no resource " + name);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public String toString() {
    return text.toString();
  }
}
