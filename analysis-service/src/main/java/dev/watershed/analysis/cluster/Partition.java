package dev.watershed.analysis.cluster;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.hipparchus.clustering.Clusterable;
import org.hipparchus.clustering.KMeansPlusPlusClusterer;
import org.hipparchus.clustering.MultiKMeansPlusPlusClusterer;
import org.hipparchus.clustering.distance.EuclideanDistance;
import org.hipparchus.clustering.evaluation.ClusterEvaluator;
import org.hipparchus.random.Well19937c;

/**
 * Points in k groups around their centroids, the largest first, equal ones by their lowest point.
 */
record Partition(int[] assignments, double[][] centroids) {
  private static final int TRIALS = 10;
  private static final int MAXIMAL_ITERATIONS = 300;

  private record Point(int index, double[] coordinates) implements Clusterable {
    @Override
    public double[] getPoint() {
      return coordinates;
    }
  }

  /**
   * Lets {@code look} run once in some thousand distances.
   *
   * @param look what it throws ends the clustering
   */
  private static final class WatchedDistance extends EuclideanDistance {
    private static final long serialVersionUID = 1L;
    private static final int DISTANCES_BETWEEN_LOOKS = 4096;

    private final transient Runnable look;
    private transient int computed;

    WatchedDistance(Runnable look) {
      this.look = look;
    }

    @Override
    public double compute(double[] a, double[] b) {
      if (++computed % DISTANCES_BETWEEN_LOOKS == 0) {
        look.run();
      }
      return super.compute(a, b);
    }
  }

  /** The best of several runs of k-means++ by the sum of squared distances to the centroids. */
  static Partition kMeans(double[][] points, int k, long seed, Runnable throwIfUnwanted) {
    var clusterable = new ArrayList<Point>();
    for (int i = 0; i < points.length; i++) {
      clusterable.add(new Point(i, points[i]));
    }
    var once =
        new KMeansPlusPlusClusterer<Point>(
            k, MAXIMAL_ITERATIONS, new WatchedDistance(throwIfUnwanted), new Well19937c(seed));
    var clusters =
        new MultiKMeansPlusPlusClusterer<>(once, TRIALS, new Inertia()).cluster(clusterable);
    var groups = new int[points.length];
    for (int c = 0; c < clusters.size(); c++) {
      for (var point : clusters.get(c).getPoints()) {
        groups[point.index()] = c;
      }
    }
    return of(points, groups);
  }

  /**
   * Two groups of points that differ in their second coordinate alone, where the sum of squared
   * distances to the two means is least: exact, by the best cut of the sorted values. O(n log n).
   */
  static Partition twoMeans(double[][] points) {
    int n = points.length;
    var order =
        IntStream.range(0, n)
            .boxed()
            .sorted(Comparator.comparingDouble(i -> points[i][1]))
            .mapToInt(Integer::intValue)
            .toArray();
    double middle = Arrays.stream(points).mapToDouble(point -> point[1]).average().orElse(0);
    double all = 0;
    for (var point : points) {
      all += point[1] - middle;
    }
    // The sum of squares within is the whole one less this of the means.
    double best = -1;
    int cut = 1;
    double left = 0;
    for (int size = 1; size < n; size++) {
      left += points[order[size - 1]][1] - middle;
      double right = all - left;
      double between = left * left / size + right * right / (n - size);
      if (between > best) {
        best = between;
        cut = size;
      }
    }
    var groups = new int[n];
    for (int i = 0; i < n; i++) {
      groups[order[i]] = i < cut ? 0 : 1;
    }
    return of(points, groups);
  }

  private static Partition of(double[][] points, int[] groups) {
    var assignments = Assignments.bySize(groups);
    var sizes = Assignments.sizes(assignments);
    var centroids = new double[sizes.length][points[0].length];
    for (int i = 0; i < points.length; i++) {
      var centroid = centroids[assignments[i]];
      for (int c = 0; c < centroid.length; c++) {
        centroid[c] += points[i][c] / sizes[assignments[i]];
      }
    }
    return new Partition(assignments, centroids);
  }

  /**
   * Sum of squared distances to the centroids; Hipparchus's own evaluator scores their variance.
   */
  private static final class Inertia extends ClusterEvaluator<Point> {
    @Override
    public double score(List<? extends org.hipparchus.clustering.Cluster<Point>> clusters) {
      double inertia = 0;
      for (var cluster : clusters) {
        var centroid = centroidOf(cluster);
        for (var point : cluster.getPoints()) {
          double distance = distance(point, centroid);
          inertia += distance * distance;
        }
      }
      return inertia;
    }
  }
}
