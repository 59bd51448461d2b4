package dev.watershed.analysis.cluster;

import dev.watershed.analysis.UnusableNumbersException;
import dev.watershed.analysis.statistics.Summary;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.hipparchus.util.MathArrays;

/**
 * Spectral clustering of models by their pairwise distances (Juneja et al., 2023, section 4.1): the
 * affinity {@code exp(-d^2 / (2 delta^2))}, the first k eigenvectors of its symmetric normalised
 * Laplacian over the root of the degree, k-means there. Degrees leave the diagonal out and the
 * first, constant, eigenvector is kept, as scikit-learn does.
 */
public final class SpectralClustering {
  /** The papers' delta, for distances in nats. */
  public static final double DEFAULT_KERNEL_WIDTH = 1;

  private SpectralClustering() {}

  /**
   * Returns a kernel width for distances of any unit: the median of those below the diagonal that
   * are finite and above zero, or 1 where there is none. Models of the same weights do not lower
   * it.
   */
  public static double medianKernelWidth(double[][] distances) {
    var apart =
        IntStream.range(0, distances.length)
            .boxed()
            .flatMapToDouble(i -> Arrays.stream(distances[i], 0, Math.min(i, distances[i].length)))
            .filter(distance -> distance > 0 && Double.isFinite(distance))
            .toArray();
    return apart.length == 0 ? DEFAULT_KERNEL_WIDTH : Summary.median(apart);
  }

  /**
   * Clusters models. Deterministic: the same arguments give the same clusters in the same order.
   * O(n^3).
   *
   * @param distances (n, n) symmetric, finite, not negative, zero on the diagonal; n of 2 or more
   * @param k clusters, 1 to n
   * @param kernelWidth delta, in the unit of the distances, above zero
   * @param seed of k-means
   * @throws UnusableNumbersException naming {@code distances}, {@code cluster_count} or {@code
   *     kernel_width}
   */
  public static Clustering cluster(double[][] distances, int k, double kernelWidth, long seed) {
    return cluster(distances, k, kernelWidth, seed, () -> {});
  }

  /**
   * As {@link #cluster(double[][], int, double, long)}, for work that may be given up.
   *
   * @param throwIfUnwanted run now and then; what it throws ends the work
   */
  public static Clustering cluster(
      double[][] distances, int k, double kernelWidth, long seed, Runnable throwIfUnwanted) {
    var matrix = DistanceMatrix.of(distances);
    int n = matrix.size();
    if (k < 1 || k > n) {
      throw new UnusableNumbersException(
          "CLUSTER_COUNT_OUT_OF_RANGE",
          "cluster_count",
          k + " clusters of " + n + " models; ask for 1 to " + n + ".");
    }
    if (!(kernelWidth > 0 && Double.isFinite(kernelWidth))) {
      throw new UnusableNumbersException(
          "KERNEL_WIDTH_OUT_OF_RANGE",
          "kernel_width",
          "The kernel width is " + kernelWidth + "; it must be finite and above 0.");
    }
    var affinity = new Affinity(matrix, kernelWidth);
    throwIfUnwanted.run();
    var eigen = affinity.decompose(throwIfUnwanted);
    var eigenvalues = eigen.values();
    double eigengap = k == n ? Double.NaN : eigenvalues[k] - eigenvalues[k - 1];
    var embedding = affinity.embed(eigen, k);
    boolean connected = affinity.connected();
    // Of a connected graph the first coordinate is the same for all.
    var partition =
        k == 2 && connected
            ? Partition.twoMeans(embedding)
            : Partition.kMeans(embedding, k, seed, throwIfUnwanted);
    var centroidDistances = centroidDistances(embedding, partition.centroids());
    double silhouette = Silhouette.mean(matrix, partition.assignments(), k);
    return new Clustering(
        partition.assignments(),
        embedding,
        centroidDistances,
        eigenvalues,
        eigengap,
        silhouette,
        k == 2 ? differences(centroidDistances, partition.centroids()) : new double[0],
        connected,
        kernelWidth);
  }

  private static double[][] centroidDistances(double[][] embedding, double[][] centroids) {
    var distances = new double[embedding.length][centroids.length];
    for (int i = 0; i < embedding.length; i++) {
      for (int c = 0; c < centroids.length; c++) {
        distances[i][c] = MathArrays.distance(embedding[i], centroids[c]);
      }
    }
    return distances;
  }

  private static double[] differences(double[][] centroidDistances, double[][] centroids) {
    // A model beyond a centroid, seen from the other, has plus or minus the distance of the two:
    // many models tie there, and rounding must not rank them.
    double apart = MathArrays.distance(centroids[0], centroids[1]);
    var differences = new double[centroidDistances.length];
    for (int i = 0; i < differences.length; i++) {
      double difference = centroidDistances[i][0] - centroidDistances[i][1];
      boolean beyond = Math.abs(difference) >= apart * (1 - 1e-9);
      differences[i] = beyond ? Math.copySign(apart, difference) : difference;
    }
    return differences;
  }
}
