package dev.watershed.analysis.study.measuring;

import dev.watershed.analysis.store.Measurements.Pace;

/** How long an attempt has worked, and how long it still will at the pace of its recent points. */
final class PaceEstimate {
  /** A point counts half as much as the one this many points later. */
  private static final double HALF_LIFE_POINTS = 50;

  private static final double FADING = Math.pow(.5, 1 / HALF_LIFE_POINTS);

  private final double earlierSeconds;
  private final long start = System.nanoTime();

  private long remainingPoints;
  private long lastPoint = start;
  private double weight;
  private double weightedSeconds;

  PaceEstimate(double earlierSeconds) {
    this.earlierSeconds = earlierSeconds;
  }

  /** Begins a phase whose points may take another time than those before. */
  synchronized void begin(long remainingPoints) {
    this.remainingPoints = remainingPoints;
    lastPoint = System.nanoTime();
    weight = 0;
    weightedSeconds = 0;
  }

  /** Counts a point. */
  synchronized Pace advance() {
    long now = System.nanoTime();
    weight = FADING * weight + 1;
    weightedSeconds = FADING * weightedSeconds + (now - lastPoint) / 1e9;
    lastPoint = now;
    remainingPoints--;
    return current();
  }

  /** Counts points that are known already: they say nothing of how long others take. */
  synchronized Pace skip(int points) {
    remainingPoints -= points;
    return current();
  }

  /** Expects more points. */
  synchronized void expect(int points) {
    remainingPoints += points;
  }

  synchronized Pace current() {
    double secondsPerPoint = weight == 0 ? 0 : weightedSeconds / weight;
    return new Pace(elapsedSeconds(), Math.max(0, remainingPoints) * secondsPerPoint);
  }

  synchronized long remainingPoints() {
    return remainingPoints;
  }

  /** Seconds of computing, over all attempts. */
  double elapsedSeconds() {
    return earlierSeconds + (System.nanoTime() - start) / 1e9;
  }
}
