package dev.watershed.analysis.fleet;

/** Two models of a study, by index, {@code a < b}; or one alone, {@code a == b}. */
public record ModelPair(int a, int b) {
  public ModelPair {
    if (a < 0 || a > b) {
      throw new IllegalArgumentException(a + ", " + b);
    }
  }
}
