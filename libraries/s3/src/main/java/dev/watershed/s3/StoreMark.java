package dev.watershed.s3;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.watershed.classifier.checkpoint.StoreUnavailableException;
import dev.watershed.input.UntrustedJson;
import java.io.IOException;

/** The object that says in which form checkpoints lie below a place in S3. */
final class StoreMark {
  static final String NAME = "watershed.json";

  /** Counted up when an older version could not read, or would damage, what a newer one writes. */
  private static final int FORMAT = 1;

  private static final int MAX_BYTES = 1 << 16;

  private StoreMark() {}

  /** Throws where another form is there; where none is, nothing was written yet. */
  static void check(Bucket bucket, S3Location location) throws IOException {
    var found = bucket.get(NAME, MAX_BYTES);
    if (found.isEmpty()) {
      return;
    }
    int format = format(found.get().bytes());
    if (format > FORMAT) {
      throw new StoreUnavailableException(
          location
              + " was written by a newer version of Watershed (format "
              + format
              + ", this one knows "
              + FORMAT
              + "). Use that version, or another prefix.");
    }
    if (format < 1) {
      throw damaged(location);
    }
  }

  /** Zero where it says none. */
  private static int format(byte[] mark) {
    try {
      return UntrustedJson.tree(mark, IllegalArgumentException::new).path("format").asInt(0);
    } catch (IllegalArgumentException e) {
      return 0;
    }
  }

  private static StoreUnavailableException damaged(S3Location location) {
    return new StoreUnavailableException(
        location
            + "/"
            + NAME
            + " is damaged: it does not say in which form checkpoints lie there. Restore it, or"
            + " delete it where nothing else is below it.");
  }

  /** Throws unless the mark can be made, and made once only. */
  static void make(Bucket bucket, S3Location location) throws IOException {
    byte[] mark = ("{\"format\": " + FORMAT + "}\n").getBytes(UTF_8);
    boolean made = bucket.create(NAME, mark);
    boolean madeAgain = made && bucket.create(NAME, mark);
    if (madeAgain) {
      throw new StoreUnavailableException(
          location
              + " cannot be written safely: the server does not heed 'If-None-Match: *', so that one"
              + " of two writers of a checkpoint would overwrite the other's. Use a server that does.");
    }
    check(bucket, location);
  }
}
