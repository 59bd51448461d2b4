package dev.watershed.s3;

import java.util.regex.Pattern;

/**
 * A place in a bucket.
 *
 * @param prefix what all names below it begin with, without slashes at its ends; empty for the
 *     whole bucket
 */
public record S3Location(String bucket, String prefix) {
  private static final String SCHEME = "s3://";
  private static final Pattern BUCKET = Pattern.compile("[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]");
  private static final Pattern PREFIX =
      Pattern.compile("(?!\\.\\.?(/|$))[\\w.-]+(/(?!\\.\\.?(/|$))[\\w.-]+)*");
  private static final int MAX_PREFIX = 512;

  /** Whether a text is meant to be one. */
  public static boolean isMeant(String text) {
    return text.startsWith("s3:");
  }

  /**
   * Reads {@code s3://bucket/prefix}.
   *
   * @throws IllegalArgumentException where it is none; the message says what is one
   */
  public static S3Location parse(String text) {
    String rest = text.startsWith(SCHEME) ? text.substring(SCHEME.length()) : "";
    int slash = rest.indexOf('/');
    String bucket = slash < 0 ? rest : rest.substring(0, slash);
    String prefix = slash < 0 ? "" : rest.substring(slash + 1).replaceFirst("/$", "");
    if (!BUCKET.matcher(bucket).matches()
        || prefix.length() > MAX_PREFIX
        || (!prefix.isEmpty() && !PREFIX.matcher(prefix).matches())) {
      throw new IllegalArgumentException(
          "'"
              + text
              + "' is no place in S3: s3://BUCKET/PREFIX, a bucket of 3 to 63 of a-z 0-9 . -, and a"
              + " prefix of names of A-Z a-z 0-9 . _ - with single slashes between");
    }
    return new S3Location(bucket, prefix);
  }

  /** The whole name of an object below it. */
  String key(String name) {
    return prefix.isEmpty() ? name : prefix + "/" + name;
  }

  /** The name below it of an object. */
  String name(String key) {
    return prefix.isEmpty() ? key : key.substring(prefix.length() + 1);
  }

  @Override
  public String toString() {
    return SCHEME + bucket + (prefix.isEmpty() ? "" : "/" + prefix);
  }
}
