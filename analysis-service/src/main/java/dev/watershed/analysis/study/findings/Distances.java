package dev.watershed.analysis.study.findings;

import dev.watershed.analysis.cluster.BasinVerdict;
import dev.watershed.analysis.cluster.Clustering;
import dev.watershed.analysis.cluster.SpectralClustering;
import java.util.Arrays;

/**
 * Distances of n models, (n, n), of which some may be infinite or not numbers: such models are
 * unrelated to a clustering, and to a verdict farther apart than any others.
 */
record Distances(double[][] values, Runnable throwIfUnwanted) {
  /** A study's clusters depend on its points alone. */
  private static final long SEED = 0;

  /** At so many kernel widths the affinity exp(-d^2 / 2) is zero, as it is at infinity. */
  private static final double UNRELATED_WIDTHS = 40;

  /** For ranks any distance beyond the greatest will do. */
  private static final double UNRELATED = 10;

  double medianKernelWidth() {
    return SpectralClustering.medianKernelWidth(values);
  }

  /** The papers' clustering. */
  Clustering clustering(int clusterCount, double kernelWidth) {
    return SpectralClustering.cluster(
        finite(UNRELATED_WIDTHS * kernelWidth), clusterCount, kernelWidth, SEED, throwIfUnwanted);
  }

  BasinVerdict verdict() {
    return BasinVerdict.of(related(), throwIfUnwanted);
  }

  /** Returns distances that are all finite, in the same order. */
  double[][] related() {
    double greatest =
        Arrays.stream(values)
            .flatMapToDouble(Arrays::stream)
            .filter(Double::isFinite)
            .max()
            .orElse(0);
    return finite(greatest > 0 ? UNRELATED * greatest : 1);
  }

  private double[][] finite(double instead) {
    return Arrays.stream(values)
        .map(row -> Arrays.stream(row).map(d -> Double.isFinite(d) ? d : instead).toArray())
        .toArray(double[][]::new);
  }
}
