package dev.watershed.classifier.checkpoint;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.regex.Pattern;

/**
 * Identity of content.
 *
 * @param sha256 64 lower-case hexadecimal digits
 * @param sizeBytes length of the bytes hashed
 */
public record Digest(String sha256, long sizeBytes) {
  private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");

  public Digest {
    if (!SHA256.matcher(sha256).matches()) {
      throw new IllegalArgumentException(
          "a SHA-256 has 64 lower-case hexadecimal digits, got '" + sha256 + "'");
    }
    if (sizeBytes < 0) {
      throw new IllegalArgumentException("negative size " + sizeBytes);
    }
  }

  /** Digest of {@code bytes}. */
  public static Digest of(byte[] bytes) {
    return new Digest(HexFormat.of().formatHex(newSha256().digest(bytes)), bytes.length);
  }

  /** Digest of a file's content, read in blocks. */
  public static Digest of(Path file) throws IOException {
    return of(file, FileWork.UNINTERRUPTED);
  }

  /** The same; {@code work} ends it between two blocks. */
  public static Digest of(Path file, FileWork work) throws IOException {
    var sha256 = newSha256();
    long size = 0;
    try (InputStream in = Files.newInputStream(file)) {
      byte[] block = new byte[1 << 18];
      for (int n = in.read(block); n >= 0; n = in.read(block)) {
        work.throwIfUnwanted();
        sha256.update(block, 0, n);
        size += n;
      }
    }
    return new Digest(HexFormat.of().formatHex(sha256.digest()), size);
  }

  /** A SHA-256 to be fed piece by piece. */
  public static MessageDigest newSha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every JDK has SHA-256", e);
    }
  }
}
