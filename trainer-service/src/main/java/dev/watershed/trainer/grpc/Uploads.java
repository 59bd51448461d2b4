package dev.watershed.trainer.grpc;

import static dev.watershed.input.InvalidInputException.invalid;

import dev.watershed.input.InvalidInputException;
import java.util.Locale;

/** What uploads of every kind are refused for. */
final class Uploads {
  /** Taken at a time; each holds a place on the disk. */
  static final int PLACES = 8;

  private Uploads() {}

  /** The first message says what comes. */
  static void requireBegun(boolean begun, String field) {
    if (!begun) {
      throw malformed(field, "the first message must say what is uploaded");
    }
  }

  /** Later ones do not. */
  static void requireNotBegun(boolean begun, String field) {
    if (begun) {
      throw malformed(field, "only the first message may say what is uploaded");
    }
  }

  /**
   * @param said what would come; negative where nothing was said
   */
  static void requireComplete(long said, long came) {
    if (said >= 0 && said != came) {
      throw invalid(
          "UPLOAD_INCOMPLETE",
          "size_bytes",
          String.format(Locale.ROOT, "%d bytes were said and %d came; send it again", said, came));
    }
  }

  private static InvalidInputException malformed(String field, String message) {
    return invalid("UPLOAD_MALFORMED", field, message);
  }
}
