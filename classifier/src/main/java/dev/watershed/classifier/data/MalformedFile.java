package dev.watershed.classifier.data;

import static dev.watershed.classifier.InvalidInputException.invalid;

import dev.watershed.classifier.InvalidInputException;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;

/** Tells what is wrong with a file that cannot be cut into rows. */
final class MalformedFile {
  private MalformedFile() {}

  /** Reading ran ahead of the row by up to a buffer, so bad characters may be further down. */
  static InvalidInputException at(long line, IOException cause) {
    return cause instanceof CharacterCodingException
        ? invalid(
            "FILE_NOT_UTF8",
            "uri",
            "at or after line %d the file is not UTF-8; convert it".formatted(line))
        : invalid(
            "ROW_MALFORMED",
            "uri",
            "the row that begins in line %d: %s".formatted(line, cause.getMessage()));
  }
}
