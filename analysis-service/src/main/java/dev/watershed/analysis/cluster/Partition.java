package dev.watershed.analysis.cluster;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.hipparchus.clustering.CentroidCluster;
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
    return ordered(clusters, points.length);
  }

  private static Partition ordered(List<CentroidCluster<Point>> clusters, int n) {
    var largestFirst = new ArrayList<>(clusters);
    largestFirst.sort(
        Comparator.<CentroidCluster<Point>>comparingInt(cluster -> -cluster.getPoints().size())
            .thenComparingInt(Partition::lowest));
    var assignments = new int[n];
    var centroids = new double[clusters.size()][];
    for (int c = 0; c < centroids.length; c++) {
      centroids[c] = largestFirst.get(c).getCenter().getPoint();
      for (var point : largestFirst.get(c).getPoints()) {
        assignments[point.index()] = c;
      }
    }
    return new Partition(assignments, centroids);
  }

  private static int lowest(CentroidCluster<Point> cluster) {
    return cluster.getPoints().stream().mapToInt(Point::index).min().orElse(Integer.MAX_VALUE);
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
