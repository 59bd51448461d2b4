package dev.watershed.analysis.curve;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.NavigableMap;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.hipparchus.analysis.interpolation.SplineInterpolator;

/**
 * A curve of losses measured at some points of a grid, and how far its convexity gap (CG) can be
 * from the one measured. Immutable; the same points give the same answers, whatever the order in
 * which they came.
 *
 * <p>Between two neighbouring points a and b, h apart, a function with |f''| &le; C differs from
 * its chord by at most q(x) = C/2 (x-a)(b-x), and q &le; e = C h&sup2;/8: f minus the parabola
 * through a, b and any third x is zero three times, so its second derivative is zero somewhere. Let
 * P be the polygon through the points. Then
 *
 * <ul>
 *   <li>f &le; P + q, and
 *   <li>the lower convex envelope of f lies above the one of P - q, for a function above another
 *       has an envelope above the other's.
 * </ul>
 *
 * CG is the largest height of f above its envelope, so in each interval it is at most the largest
 * height of P + q above the envelope of P - q; and it is at least the CG measured, whose points lie
 * on f. Both curves are replaced by polygons at quarters of an interval, moved outwards by q's
 * largest distance from its own chord over a quarter, e/16, which keeps the bound a bound.
 *
 * <p>C is not known. The assumption is that it is at most {@code curvatureMargin} times the largest
 * of the second divided differences at the ends of the interval and at the points next to them. A
 * feature narrower than the grid begun with can break it.
 */
public final class AdaptiveCurve {
  /** Parts of an interval in which the parabola is replaced by chords. */
  private static final int PARTS = 4;

  /** What is halved for a small part of the excess is halved in vain. */
  private static final double WORTHWHILE = 1.0 / 8;

  private final AdaptiveRule rule;
  private final int[] places;
  private final double[] losses;

  /** (interval) e in nats. */
  private final double[] deviations;

  /** (corner) of the outer polygons: {@link #PARTS} an interval, and the last end. */
  private final double[] middles;

  private final double[] margins;

  /** (corner) how far the curve can rise above the lowest envelope there. */
  private final double[] heights;

  /** (corner) the corners that carry the lowest envelope there. */
  private final int[] leftCarriers;

  private final int[] rightCarriers;

  private final double measuredGap;

  private AdaptiveCurve(AdaptiveRule rule, SortedMap<Integer, Double> points) {
    this.rule = rule;
    places = points.keySet().stream().mapToInt(Integer::intValue).toArray();
    losses = points.values().stream().mapToDouble(Double::doubleValue).toArray();
    deviations = deviations();
    int corners = PARTS * deviations.length + 1;
    middles = new double[corners];
    margins = new double[corners];
    heights = new double[corners];
    leftCarriers = new int[corners];
    rightCarriers = new int[corners];
    layCorners();
    measureHeights();
    measuredGap = LossCurve.of(alphas(), losses).convexityGap().nats();
  }

  /**
   * @param lossesNats the mean loss at each point measured, by its index on the finest grid:
   *     finite, and at least at every point of the grid begun with
   */
  public static AdaptiveCurve of(AdaptiveRule rule, SortedMap<Integer, Double> lossesNats) {
    if (!lossesNats.keySet().containsAll(begin(rule))
        || lossesNats.firstKey() < 0
        || lossesNats.lastKey() > rule.finestIntervals()) {
      throw new IllegalArgumentException(
          "points " + lossesNats.keySet() + " do not hold the grid of " + rule);
    }
    return new AdaptiveCurve(rule, lossesNats);
  }

  /** Returns the indices of the grid begun with, the ends among them. */
  public static List<Integer> begin(AdaptiveRule rule) {
    return IntStream.rangeClosed(0, rule.initialIntervals())
        .map(i -> i * rule.initialStep())
        .boxed()
        .toList();
  }

  /** Returns how far above the measured convexity gap the true one can lie, in nats; 0 or more. */
  public double excessNats() {
    return Math.max(0, Arrays.stream(heights).max().getAsDouble() - measuredGap);
  }

  /**
   * Returns the indices to measure next, ascending; none where the gap is known to the tolerance or
   * the finest grid does not let it be known better. Each is the middle of an interval.
   *
   * <p>Of the intervals in which the gap may exceed the tolerance, the one with the highest bound
   * counts: halved are those intervals whose own deviation, or whose share in how low the envelope
   * can be there, makes most of the bound.
   */
  public List<Integer> next() {
    double enough = measuredGap + rule.toleranceNats();
    var corners =
        IntStream.range(0, heights.length)
            .filter(corner -> heights[corner] > enough)
            .boxed()
            .sorted(Comparator.comparingDouble((Integer corner) -> -heights[corner]))
            .toList();
    for (int corner : corners) {
      var halved = worthHalving(corner);
      if (!halved.isEmpty()) {
        return halved;
      }
    }
    return List.of();
  }

  /**
   * Returns the fewest intervals of an equal grid, doubled from the one begun with, on which the
   * same rule knows the gap to the tolerance; those of the finest grid where none does. Losses
   * between the points measured are taken from their cubic spline, so this is an estimate: where a
   * grid meets the tolerance narrowly, half or twice as many may be right.
   */
  public int equalIntervals() {
    var spline =
        new SplineInterpolator()
            .interpolate(Arrays.stream(places).mapToDouble(place -> place).toArray(), losses);
    var measured = points();
    for (int intervals = rule.initialIntervals();
        intervals < rule.finestIntervals();
        intervals *= 2) {
      int step = rule.finestIntervals() / intervals;
      var equal = new TreeMap<Integer, Double>();
      for (int place = 0; place <= rule.finestIntervals(); place += step) {
        Double loss = measured.get(place);
        equal.put(place, loss == null ? (Double) spline.value(place) : loss);
      }
      if (new AdaptiveCurve(rule, equal).excessNats() <= rule.toleranceNats()) {
        return intervals;
      }
    }
    return rule.finestIntervals();
  }

  private NavigableMap<Integer, Double> points() {
    var points = new TreeMap<Integer, Double>();
    for (int i = 0; i < places.length; i++) {
      points.put(places[i], losses[i]);
    }
    return points;
  }

  private double[] alphas() {
    return Arrays.stream(places)
        .mapToDouble(place -> (double) place / rule.finestIntervals())
        .toArray();
  }

  private double width(int interval) {
    return (double) (places[interval + 1] - places[interval]) / rule.finestIntervals();
  }

  private double[] deviations() {
    int intervals = places.length - 1;
    var bends = new double[places.length];
    for (int i = 1; i < intervals; i++) {
      double before = (losses[i] - losses[i - 1]) / width(i - 1);
      double after = (losses[i + 1] - losses[i]) / width(i);
      bends[i] = Math.abs(after - before) * 2 / (width(i - 1) + width(i));
    }
    var deviations = new double[intervals];
    for (int j = 0; j < intervals; j++) {
      double bend = 0;
      for (int i = Math.max(0, j - 1); i <= Math.min(intervals, j + 2); i++) {
        bend = Math.max(bend, bends[i]);
      }
      deviations[j] = rule.curvatureMargin() * bend * width(j) * width(j) / 8;
    }
    return deviations;
  }

  /** Fills the polygon P and, by how much the outer polygons lie above and below it. */
  private void layCorners() {
    for (int j = 0; j < deviations.length; j++) {
      for (int part = 0; part <= PARTS; part++) {
        double t = (double) part / PARTS;
        int corner = PARTS * j + part;
        double margin = deviations[j] * (4 * t * (1 - t) + 1.0 / (PARTS * PARTS));
        middles[corner] = (1 - t) * losses[j] + t * losses[j + 1];
        // Where two intervals meet, the larger margin serves both.
        margins[corner] = Math.max(margins[corner], margin);
      }
    }
  }

  private void measureHeights() {
    var hull = new int[middles.length];
    int size = 0;
    for (int corner = 0; corner < middles.length; corner++) {
      while (size >= 2 && low(hull[size - 1]) >= chord(hull[size - 2], corner, hull[size - 1])) {
        size--;
      }
      hull[size++] = corner;
    }
    for (int edge = 1; edge < size; edge++) {
      for (int corner = hull[edge - 1]; corner <= hull[edge]; corner++) {
        leftCarriers[corner] = hull[edge - 1];
        rightCarriers[corner] = hull[edge];
        heights[corner] =
            middles[corner] + margins[corner] - chord(hull[edge - 1], hull[edge], corner);
      }
    }
  }

  private double low(int corner) {
    return middles[corner] - margins[corner];
  }

  /** The lower polygon's chord between two corners, at a third. */
  private double chord(int from, int to, int at) {
    double t = share(from, to, at);
    return (1 - t) * low(from) + t * low(to);
  }

  /** How far a corner is on the way from one corner to another, from 0 to 1. */
  private double share(int from, int to, int at) {
    return (place(at) - place(from)) / (place(to) - place(from));
  }

  private double place(int corner) {
    int interval = Math.min(corner / PARTS, deviations.length - 1);
    double t = (double) (corner - PARTS * interval) / PARTS;
    return (1 - t) * places[interval] + t * places[interval + 1];
  }

  /** The middles of the intervals that make most of the height at a corner, if they have one. */
  private List<Integer> worthHalving(int corner) {
    var parts = new TreeMap<Integer, Double>();
    int left = leftCarriers[corner];
    int right = rightCarriers[corner];
    double t = share(left, right, corner);
    parts.merge(interval(corner), margins[corner], Double::sum);
    parts.merge(interval(left), (1 - t) * margins[left], Double::sum);
    parts.merge(interval(right), t * margins[right], Double::sum);
    parts.keySet().removeIf(interval -> places[interval + 1] - places[interval] == 1);
    double largest = parts.values().stream().mapToDouble(Double::doubleValue).max().orElse(0);
    double least = Math.max(largest / 2, WORTHWHILE * rule.toleranceNats());
    var middle = new TreeSet<Integer>();
    parts.forEach(
        (interval, part) -> {
          if (part >= least) {
            middle.add((places[interval] + places[interval + 1]) / 2);
          }
        });
    return List.copyOf(middle);
  }

  /** The interval whose deviation is a corner's margin. */
  private int interval(int corner) {
    int interval = Math.min(corner / PARTS, deviations.length - 1);
    boolean shared = corner % PARTS == 0 && interval > 0 && corner < middles.length - 1;
    return shared && deviations[interval - 1] > deviations[interval] ? interval - 1 : interval;
  }
}
