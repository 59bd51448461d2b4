package dev.watershed.bench;

/**
 * What a measured value should reach.
 *
 * @param name what was measured
 * @param value what came out
 * @param goal where the value should lie
 * @param atLeast whether the goal is the least that is wanted, or the most
 * @param reached whether it does
 */
public record Goal(String name, double value, double goal, boolean atLeast, boolean reached) {
  static Goal atLeast(String name, double value, double goal) {
    return new Goal(name, value, goal, true, value >= goal);
  }

  static Goal atMost(String name, double value, double goal) {
    return new Goal(name, value, goal, false, value <= goal);
  }
}
