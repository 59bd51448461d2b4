package dev.watershed.classifier.data;

import static dev.watershed.input.InvalidInputException.invalid;

import dev.watershed.input.CsvFault;
import dev.watershed.input.InvalidInputException;
import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.util.Locale;
import java.util.zip.ZipException;

/** Tells what is wrong with a file that cannot be cut into rows. */
final class MalformedFile {
  private MalformedFile() {}

  /** Reading ran ahead of the row by up to a buffer, so bad characters may be further down. */
  static InvalidInputException at(long line, IOException cause) {
    if (cause instanceof CharacterCodingException) {
      return invalid(
          "FILE_NOT_UTF8",
          "uri",
          String.format(
              Locale.ROOT, "at or after line %d the file is not UTF-8; convert it", line));
    }
    if (cause instanceof EOFException || cause instanceof ZipException) {
      return damaged(String.format(Locale.ROOT, "at or after line %d", line));
    }
    return invalid(
        "ROW_MALFORMED",
        "uri",
        String.format(Locale.ROOT, "the row that begins in line %d: %s", line, CsvFault.of(cause)));
  }

  /** Tells that a compressed file is cut short or none. */
  static InvalidInputException damaged(String where) {
    return invalid(
        "FILE_DAMAGED",
        "uri",
        where
            + " the compressed file ends too early or is damaged; is it complete, and of the kind that its name says?");
  }
}
