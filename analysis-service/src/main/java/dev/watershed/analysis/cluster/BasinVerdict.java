package dev.watershed.analysis.cluster;

import static dev.watershed.analysis.cluster.Assignments.OUTLIER;

import dev.watershed.analysis.UnusableNumbersException;
import dev.watershed.analysis.statistics.Summary;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Whether models fall into basins: a rule without random numbers, calibrated by simulation, that
 * says "split" of a structureless cloud in few per cent of cases where a silhouette of .25 alone
 * says it in most. Its price is power: near basins and few models come out undecided. No split is
 * no proof of one basin.
 *
 * @param state what the rule says
 * @param clusterCount clusters, 1 unless there is a split
 * @param assignments (n) cluster of each model, 0 the largest; -1 for an outlier
 * @param remoteness (n) how much farther from the others a model typically is than models are, in
 *     robust standard deviations of the log median distance
 * @param best the partition that the rule looked at; null where every one was mostly stragglers
 * @param candidates all partitions, in the order tried
 * @param separationNeeded what separation a split needs with so many models
 * @param leastClusterSize members below which a cluster is of stragglers
 * @param medianDistance of distances above zero, the kernel's width
 * @param linkage average linkage of all models
 */
public record BasinVerdict(
    State state,
    int clusterCount,
    int[] assignments,
    double[] remoteness,
    @Nullable Candidate best,
    List<Candidate> candidates,
    double separationNeeded,
    int leastClusterSize,
    double medianDistance,
    AverageLinkage linkage) {
  /** What a split needs besides separation. */
  public static final double LEAST_SILHOUETTE = .40;

  public static final double LEAST_MODEL_SEPARATION = .70;

  /** Less separation is no split with any number of models. */
  public static final double LEAST_SEPARATION = .90;

  private static final double MOST_SEPARATION_NEEDED = .985;
  private static final double MOST_STRAGGLERS = .15;
  private static final double OUTLYING = 3;
  private static final double OUTLIERS_SEPARATION = .95;

  /** As a share of the largest distance: less is none. */
  private static final double ROUNDING = 1e-9;

  /** What the rule says. */
  public enum State {
    /** Clusters, and more than a broad cloud shows by chance. */
    SPLIT,
    /** Enough separation for many models, not for so few. */
    UNDECIDED,
    /** No clusters, which is no proof of one basin. */
    NO_SPLIT
  }

  /**
   * A partition looked at.
   *
   * @param method how it came about
   * @param cut clusters asked for
   * @param assignments (n) with stragglers in clusters of their own
   * @param kept (n) the same, and -1 for stragglers
   * @param clusterCount clusters that are not of stragglers
   * @param silhouette mean over models that are no stragglers; NaN unless usable
   * @param separation P(distance across > within); NaN unless usable
   * @param modelSeparation its 10 % quantile over models; NaN unless usable
   */
  public record Candidate(
      Method method,
      int cut,
      int[] assignments,
      int[] kept,
      int clusterCount,
      double silhouette,
      double separation,
      double modelSeparation) {
    /** How a partition came about. */
    public enum Method {
      AVERAGE_LINKAGE,
      SPECTRAL
    }

    boolean usable() {
      return !Double.isNaN(silhouette);
    }
  }

  /**
   * Judges distances. O(n^3) by the eigenvectors.
   *
   * @param distances (n, n) symmetric, finite, not negative, zero on the diagonal; n of 2 or more
   * @param throwIfUnwanted run now and then; what it throws ends the work
   * @throws UnusableNumbersException naming {@code distances}
   */
  public static BasinVerdict of(double[][] distances, Runnable throwIfUnwanted) {
    var matrix = DistanceMatrix.of(distances);
    int n = matrix.size();
    double median = SpectralClustering.medianKernelWidth(distances);
    int least = n < 30 ? 2 : (n + 19) / 20;
    var linkage = AverageLinkage.of(matrix);
    var candidates = new ArrayList<Candidate>();
    int mostCuts = Math.max(2, Math.min(6, n / 5));
    for (int k = 2; k <= mostCuts; k++) {
      throwIfUnwanted.run();
      candidates.add(candidate(matrix, Candidate.Method.AVERAGE_LINKAGE, k, linkage.cut(k), least));
      if (k == 2) {
        var spectral = SpectralClustering.cluster(distances, 2, median, 0, throwIfUnwanted);
        candidates.add(
            candidate(matrix, Candidate.Method.SPECTRAL, 2, spectral.assignments(), least));
      }
    }
    Candidate best = null;
    for (var one : candidates) {
      if (one.usable() && (best == null || one.silhouette() > best.silhouette())) {
        best = one;
      }
    }
    double needed = separationNeeded(n);
    var state = state(best, needed);
    var remoteness = remoteness(matrix);
    var assignments =
        state == State.SPLIT && best != null
            ? withStragglers(matrix, best.kept(), remoteness)
            : withOutliers(matrix, linkage.cut(2), remoteness, least);
    return new BasinVerdict(
        state,
        state == State.SPLIT && best != null ? best.clusterCount() : 1,
        assignments,
        remoteness,
        best,
        List.copyOf(candidates),
        needed,
        least,
        median,
        linkage);
  }

  /** Returns what separation a split needs with so many models. */
  public static double separationNeeded(int models) {
    return Math.min(MOST_SEPARATION_NEEDED, LEAST_SEPARATION + .9 / models);
  }

  private static Candidate candidate(
      DistanceMatrix distances, Candidate.Method method, int cut, int[] assignments, int least) {
    var sizes = Assignments.sizes(assignments);
    var kept = Arrays.stream(assignments).map(c -> sizes[c] < least ? OUTLIER : c).toArray();
    int clusters = (int) Arrays.stream(sizes).filter(size -> size >= least).count();
    long stragglers = Arrays.stream(kept).filter(c -> c == OUTLIER).count();
    if (clusters < 2 || stragglers > MOST_STRAGGLERS * kept.length) {
      double nan = Double.NaN;
      return new Candidate(method, cut, assignments, kept, clusters, nan, nan, nan);
    }
    var separation = Separation.of(distances, kept);
    return new Candidate(
        method,
        cut,
        assignments,
        kept,
        clusters,
        // Clusters are numbered by size, so that those kept come first.
        Silhouette.mean(distances, kept, clusters),
        separation.ofPairs(),
        separation.ofModels());
  }

  private static State state(@Nullable Candidate best, double needed) {
    if (best == null
        || best.silhouette() < LEAST_SILHOUETTE
        || best.modelSeparation() < LEAST_MODEL_SEPARATION
        || !(best.separation() >= LEAST_SEPARATION)) {
      return State.NO_SPLIT;
    }
    return best.separation() >= needed ? State.SPLIT : State.UNDECIDED;
  }

  private static double[] remoteness(DistanceMatrix distances) {
    int n = distances.size();
    double least = ROUNDING * distances.largest();
    if (least == 0) {
      return new double[n];
    }
    var logs = new double[n];
    for (int i = 0; i < n; i++) {
      var row = distances.values()[i];
      int self = i;
      double typical =
          Summary.median(
              IntStream.range(0, n).filter(j -> j != self).mapToDouble(j -> row[j]).toArray());
      // Models of the same weights lie at distance 0 from each other.
      logs[i] = Math.log(Math.max(typical, least));
    }
    double middle = Summary.median(logs);
    double spread =
        Summary.median(Arrays.stream(logs).map(log -> Math.abs(log - middle)).toArray());
    double scale = Math.max(1.4826 * spread, .05);
    return Arrays.stream(logs).map(log -> (log - middle) / scale).toArray();
  }

  /** Stragglers that are not remote join the nearest cluster. */
  private static int[] withStragglers(DistanceMatrix distances, int[] kept, double[] remoteness) {
    var assignments = kept.clone();
    var sizes = Assignments.sizes(kept);
    for (int i = 0; i < kept.length; i++) {
      if (kept[i] == OUTLIER && remoteness[i] <= OUTLYING) {
        var sums = new double[sizes.length];
        for (int j = 0; j < kept.length; j++) {
          if (kept[j] >= 0) {
            sums[kept[j]] += distances.values()[i][j];
          }
        }
        int nearest = 0;
        for (int c = 1; c < sums.length; c++) {
          if (sums[c] / sizes[c] < sums[nearest] / sizes[nearest]) {
            nearest = c;
          }
        }
        assignments[i] = nearest;
      }
    }
    return Assignments.bySize(assignments);
  }

  /** One cluster, but for few models that lie apart from all others. */
  private static int[] withOutliers(
      DistanceMatrix distances, int[] cut, double[] remoteness, int least) {
    int n = cut.length;
    var smaller = IntStream.range(0, n).filter(i -> cut[i] == 1).toArray();
    boolean apart =
        smaller.length < least
            && Arrays.stream(smaller).allMatch(i -> remoteness[i] > OUTLYING)
            && Separation.of(distances, cut).ofPairs() >= OUTLIERS_SEPARATION;
    return Arrays.stream(cut).map(c -> apart && c == 1 ? OUTLIER : 0).toArray();
  }

  /** Returns the models that belong to no cluster. */
  public int[] outliers() {
    return IntStream.range(0, assignments.length).filter(i -> assignments[i] < 0).toArray();
  }

  /** Says what was found, with the numbers that it rests on. */
  public String sentence() {
    var facts =
        best == null
            ? "no partition has two clusters of " + leastClusterSize + " models or more"
            : String.format(
                Locale.ROOT,
                "separation %.3g, of %.3g needed with %d models; mean silhouette %.2g",
                best.separation(),
                separationNeeded,
                assignments.length,
                best.silhouette());
    var found =
        switch (state) {
          case SPLIT -> "A split into " + clusterCount + " clusters: ";
          case UNDECIDED -> "Undecided between one basin and " + lookedAtCount() + ": ";
          case NO_SPLIT -> "No split is seen, which is no proof of one basin: ";
        };
    int outliers = outliers().length;
    return found
        + facts
        + (outliers == 0
            ? ""
            : outliers == 1 ? "; 1 model lies apart" : "; " + outliers + " models lie apart")
        + ".";
  }

  private int lookedAtCount() {
    return best == null ? 1 : best.clusterCount();
  }
}
