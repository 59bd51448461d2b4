package dev.watershed.bench;

import java.util.Random;

/**
 * Distances of models that lie in a space of few dimensions: a power of their Euclidean distance
 * with noise of each pair and a floor, as convexity gaps look. The power and the noise are those of
 * measured gaps of the miniature.
 */
enum SimulatedDistances {
  TIGHT("one tight basin", 0),
  CLOUD_6D("broad cloud, 6 dimensions", 0),
  CLOUD_2D("broad cloud, 2 dimensions", 0),
  ELONGATED("elongated cloud", 0),
  HEAVY_TAILED("heavy-tailed cloud (t4)", 0),
  UNEQUAL("two, 88:12", 2),
  EQUAL("two, 50:50", 2),
  THREE("three", 3);

  private static final double POWER = 1.5;
  private static final double NOISE = .15;
  private static final double FLOOR = .02;

  /** Between centres, in standard deviations of a cluster. */
  private static final double APART = 6;

  private final String title;

  /** Clusters, 0 for none. */
  private final int clusters;

  SimulatedDistances(String title, int clusters) {
    this.title = title;
    this.clusters = clusters;
  }

  String title() {
    return title;
  }

  int clusters() {
    return clusters;
  }

  /** Which cluster each of n models is of; all 0 where there are none. */
  int[] truth(int n) {
    var truth = new int[n];
    for (int i = 0; i < n; i++) {
      truth[i] =
          switch (this) {
            case UNEQUAL -> i < Math.max(1, Math.round(.12 * n)) ? 1 : 0;
            case EQUAL -> i % 2;
            case THREE -> i % 3;
            default -> 0;
          };
    }
    return truth;
  }

  /** Returns distances of n models, (n, n). */
  double[][] draw(int n, Random random) {
    var truth = truth(n);
    var places = new double[n][];
    for (int i = 0; i < n; i++) {
      places[i] = place(truth[i], random);
    }
    var distances = new double[n][n];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < i; j++) {
        double squared = 0;
        for (int d = 0; d < places[i].length; d++) {
          squared += Math.pow(places[i][d] - places[j][d], 2);
        }
        double apart = this == TIGHT ? 0 : Math.pow(Math.sqrt(squared), POWER);
        distances[i][j] = (apart + FLOOR) * Math.exp(NOISE * random.nextGaussian());
        distances[j][i] = distances[i][j];
      }
    }
    return distances;
  }

  private double[] place(int cluster, Random random) {
    int dimensions = this == CLOUD_6D ? 6 : 2;
    var place = new double[dimensions];
    double scale = this == HEAVY_TAILED ? Math.sqrt(4 / chiSquared(4, random)) : 1;
    for (int d = 0; d < dimensions; d++) {
      place[d] = scale * random.nextGaussian();
    }
    if (this == ELONGATED) {
      place[0] *= 5;
    }
    if (cluster > 0) {
      double angle = (cluster - 1) * Math.PI / 3;
      place[0] += APART * Math.cos(angle);
      place[1] += APART * Math.sin(angle);
    }
    return place;
  }

  private static double chiSquared(int degrees, Random random) {
    double sum = 0;
    for (int i = 0; i < degrees; i++) {
      sum += Math.pow(random.nextGaussian(), 2);
    }
    return sum;
  }
}
