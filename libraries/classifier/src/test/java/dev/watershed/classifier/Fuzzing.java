package dev.watershed.classifier;

/**
 * How much those tests do that read inputs changed at random. {@code -Dfuzz.seconds}, which {@code
 * -Pfuzz} raises, is what the fuzzing of a server takes; these do in proportion more.
 */
public final class Fuzzing {
  private static final int SECONDS_IN_THE_BUILD = 10;

  private Fuzzing() {}

  /**
   * Returns rounds to do.
   *
   * @param inTheBuild rounds in the ordinary build
   */
  public static int rounds(int inTheBuild) {
    return inTheBuild * factor();
  }

  /** How many times as much as in the ordinary build there is to do. */
  public static int factor() {
    int seconds = Integer.getInteger("fuzz.seconds", SECONDS_IN_THE_BUILD);
    return Math.max(1, seconds / SECONDS_IN_THE_BUILD);
  }

  /** The seed of all changes: {@code -Dfuzz.seed}, or 1. */
  public static long seed() {
    return Long.getLong("fuzz.seed", 1);
  }
}
