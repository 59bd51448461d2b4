package dev.watershed.analysis.curve;

import dev.watershed.analysis.UnusableNumbersException;
import java.util.Arrays;
import java.util.Optional;

/**
 * Mean losses in nats along the line between two models: alpha = 1 is model A, alpha = 0 is model
 * B. The grid need not be uniform. Immutable.
 */
public final class LossCurve {
  // A gap is the curve's height above its lower convex hull: for a fixed alpha, the lowest chord
  // over alpha between two points of the curve is the hull's edge there. Andrew's monotone chain
  // finds the hull in O(n), since the points come sorted.

  /** How far an alpha may lie from k/m^2 and still count as it: far above rounding. */
  private static final double GRID_TOLERANCE = 1e-9;

  private final double[] alphas;
  private final double[] losses;

  private LossCurve(double[] alphas, double[] losses) {
    this.alphas = alphas;
    this.losses = losses;
  }

  /**
   * @param alphas strictly ascending, the first 0 and the last 1, at least two
   * @param lossesNats the mean loss at each alpha, finite
   * @throws UnusableNumbersException naming the parameter {@code alphas} or {@code losses_nats}
   */
  public static LossCurve of(double[] alphas, double[] lossesNats) {
    checkAlphas(alphas);
    if (lossesNats.length != alphas.length) {
      throw new UnusableNumbersException(
          "COUNTS_UNEQUAL",
          "losses_nats",
          lossesNats.length
              + " losses for "
              + alphas.length
              + " alphas; give one loss for each alpha.");
    }
    for (int i = 0; i < lossesNats.length; i++) {
      if (!Double.isFinite(lossesNats[i])) {
        throw new UnusableNumbersException(
            "LOSS_NOT_FINITE",
            "losses_nats[" + i + "]",
            "The loss at alpha "
                + alphas[i]
                + " is "
                + lossesNats[i]
                + "; a curve with a diverged point has no gap. Give finite losses.");
      }
    }
    return new LossCurve(alphas.clone(), lossesNats.clone());
  }

  /**
   * Checks where a curve is to be measured.
   *
   * @throws UnusableNumbersException naming {@code alphas}, unless they are strictly ascending from
   *     0 to 1
   */
  public static void checkAlphas(double[] alphas) {
    if (alphas.length < 2) {
      throw new UnusableNumbersException(
          "TOO_FEW_POINTS", "alphas", alphas.length + " alphas; give at least the ends 0 and 1.");
    }
    for (int i = 1; i < alphas.length; i++) {
      // Written so that NaN is refused too.
      if (!(alphas[i - 1] < alphas[i])) {
        throw new UnusableNumbersException(
            "ALPHAS_NOT_ASCENDING",
            "alphas[" + i + "]",
            alphas[i] + " follows " + alphas[i - 1] + "; sort the alphas, each once.");
      }
    }
    checkEnd(alphas, 0, 0);
    checkEnd(alphas, alphas.length - 1, 1);
  }

  private static void checkEnd(double[] alphas, int index, double expected) {
    if (alphas[index] != expected) {
      throw new UnusableNumbersException(
          "ALPHAS_NOT_SPANNING",
          "alphas[" + index + "]",
          "The "
              + (index == 0 ? "first" : "last")
              + " alpha is "
              + alphas[index]
              + "; it must be "
              + expected
              + ": gaps are measured between the two models themselves.");
    }
  }

  /** Returns the number of points. */
  public int size() {
    return alphas.length;
  }

  /** Returns the barrier height. O(n). */
  public Barrier barrier() {
    var gap = largestGap(new int[] {0, alphas.length - 1}, 2);
    return new Barrier(gap.nats(), gap.alpha());
  }

  /** Returns the convexity gap at the resolution of the grid, with its certificate. O(n). */
  public ConvexityGap convexityGap() {
    var hull = new int[alphas.length];
    int size = lowerHull(hull);
    var gap = largestGap(hull, size);
    // In exact arithmetic no chord lies below the hull; keep the order in floating point as well.
    var barrier = barrier();
    return barrier.nats() > gap.nats()
        ? new ConvexityGap(barrier.nats(), 0, barrier.alpha(), 1)
        : gap;
  }

  /**
   * Returns the improved convexity gap for the largest m such that every k/m^2 is an alpha, or
   * nothing where there is no such m of 2 or more. O(m^3), which is O(n^1.5).
   */
  public Optional<ImprovedConvexityGap> improvedConvexityGap() {
    for (int m = (int) Math.sqrt(alphas.length - 1.0); m >= 2; m--) {
      var grid = lossesAtMultiplesOf(m * m);
      if (grid.isPresent()) {
        return Optional.of(new ImprovedConvexityGap(nestedGap(grid.get(), m), m));
      }
    }
    return Optional.empty();
  }

  /**
   * Returns the area between the curve and its own minimum, by trapezoids over alpha: nats times
   * the length of the line, which counts as 1. Juneja et al. multiply it by the Euclidean distance
   * of the models.
   */
  public double areaNats() {
    double minimum = Arrays.stream(losses).min().getAsDouble();
    double area = 0;
    for (int i = 1; i < alphas.length; i++) {
      double height = (losses[i - 1] - minimum) / 2 + (losses[i] - minimum) / 2;
      area += height * (alphas[i] - alphas[i - 1]);
    }
    return area;
  }

  /** Returns the lower convex hull at each alpha, in nats: the nearest convex curve below. O(n). */
  public double[] lowerHullNats() {
    var vertices = new int[alphas.length];
    int size = lowerHull(vertices);
    var hull = losses.clone();
    for (int edge = 1; edge < size; edge++) {
      for (int i = vertices[edge - 1] + 1; i < vertices[edge]; i++) {
        hull[i] = chord(vertices[edge - 1], vertices[edge], alphas[i]);
      }
    }
    return hull;
  }

  /**
   * Fills {@code hull} with the indices of the lower convex hull and returns how many there are.
   */
  private int lowerHull(int[] hull) {
    int size = 0;
    for (int i = 0; i < alphas.length; i++) {
      while (size >= 2 && turnsDownOrNot(hull[size - 2], hull[size - 1], i)) {
        size--;
      }
      hull[size++] = i;
    }
    return size;
  }

  /** Whether b lies on or above the chord from a to c, so that a lower hull does not need it. */
  private boolean turnsDownOrNot(int a, int b, int c) {
    return (alphas[b] - alphas[a]) * (losses[c] - losses[a])
        <= (alphas[c] - alphas[a]) * (losses[b] - losses[a]);
  }

  /** The largest height above the polygon through the first {@code size} of {@code vertices}. */
  private ConvexityGap largestGap(int[] vertices, int size) {
    double gap = 0;
    int gamma = 0;
    int at = 0;
    int beta = alphas.length - 1;
    for (int edge = 1; edge < size; edge++) {
      int from = vertices[edge - 1];
      int to = vertices[edge];
      for (int i = from + 1; i < to; i++) {
        double height = losses[i] - chord(from, to, alphas[i]);
        if (height > gap) {
          gap = height;
          gamma = from;
          at = i;
          beta = to;
        }
      }
    }
    return new ConvexityGap(gap, alphas[gamma], alphas[at], alphas[beta]);
  }

  private double chord(int from, int to, double alpha) {
    double t = (alpha - alphas[from]) / (alphas[to] - alphas[from]);
    return (1 - t) * losses[from] + t * losses[to];
  }

  private Optional<double[]> lossesAtMultiplesOf(int intervals) {
    var found = new double[intervals + 1];
    int i = 0;
    for (int k = 0; k <= intervals; k++) {
      double wanted = (double) k / intervals;
      while (i < alphas.length && alphas[i] < wanted - GRID_TOLERANCE) {
        i++;
      }
      if (i == alphas.length || alphas[i] > wanted + GRID_TOLERANCE) {
        return Optional.empty();
      }
      found[k] = losses[i];
    }
    return Optional.of(found);
  }

  /** The largest gap of every sub-segment [i/m, j/m], sampled at m intervals of (j-i)/m^2. */
  private static double nestedGap(double[] grid, int m) {
    var unit = new double[m + 1];
    for (int k = 0; k <= m; k++) {
      unit[k] = (double) k / m;
    }
    double largest = 0;
    for (int i = 0; i < m; i++) {
      for (int j = i + 1; j <= m; j++) {
        var sampled = new double[m + 1];
        for (int k = 0; k <= m; k++) {
          sampled[k] = grid[i * m + k * (j - i)];
        }
        largest = Math.max(largest, new LossCurve(unit, sampled).convexityGap().nats());
      }
    }
    return largest;
  }
}
