package dev.watershed.analysis.cluster;

import java.util.Arrays;
import java.util.Comparator;

/**
 * Hierarchical clustering by the mean distance of clusters' members (UPGMA). Clusters are numbered
 * as SciPy does: models first, then each merge's.
 *
 * @param merges (n - 1) in ascending height; of equal ones, that found first
 */
public record AverageLinkage(Merge[] merges) {
  /**
   * Two clusters become one.
   *
   * @param first the lower number of the two
   * @param second the higher
   * @param height their mean distance
   * @param size members of both
   */
  public record Merge(int first, int second, double height, int size) {}

  /** By chains of nearest neighbours (Murtagh, 1983). O(n^2). */
  static AverageLinkage of(DistanceMatrix distances) {
    int n = distances.size();
    var apart = Arrays.stream(distances.values()).map(double[]::clone).toArray(double[][]::new);
    var sizes = new int[n];
    Arrays.fill(sizes, 1);
    // A cluster stands in the row of one of its members until merges are numbered.
    var merges = new Merge[n - 1];
    var chain = new int[n];
    int length = 0;
    for (int merge = 0; merge < n - 1; merge++) {
      if (length == 0) {
        chain[length++] = firstOf(sizes);
      }
      while (true) {
        int end = chain[length - 1];
        int before = length > 1 ? chain[length - 2] : -1;
        int nearest = nearest(apart[end], sizes, end, before);
        if (nearest == before) {
          break;
        }
        chain[length++] = nearest;
      }
      int a = chain[length - 1];
      int b = chain[length - 2];
      length -= 2;
      merges[merge] = new Merge(Math.min(a, b), Math.max(a, b), apart[a][b], sizes[a] + sizes[b]);
      int gone = Math.min(a, b);
      int stays = Math.max(a, b);
      for (int i = 0; i < n; i++) {
        if (sizes[i] > 0 && i != a && i != b) {
          apart[stays][i] =
              (sizes[a] * apart[a][i] + sizes[b] * apart[b][i]) / (sizes[a] + sizes[b]);
          apart[i][stays] = apart[stays][i];
        }
      }
      sizes[stays] += sizes[gone];
      sizes[gone] = 0;
    }
    return numbered(merges);
  }

  private static int firstOf(int[] sizes) {
    int first = 0;
    while (sizes[first] == 0) {
      first++;
    }
    return first;
  }

  /** The one before wins ties, so that chains end. */
  private static int nearest(double[] row, int[] sizes, int of, int before) {
    int nearest = before;
    for (int i = 0; i < row.length; i++) {
      if (sizes[i] > 0 && i != of && (nearest < 0 || row[i] < row[nearest])) {
        nearest = i;
      }
    }
    return nearest;
  }

  /** Sorts merges by height and gives clusters their numbers instead of members. */
  private static AverageLinkage numbered(Merge[] byMembers) {
    var sorted = byMembers.clone();
    Arrays.sort(sorted, Comparator.comparingDouble(Merge::height));
    int n = sorted.length + 1;
    var roots = new int[n];
    var numbers = new int[n];
    Arrays.setAll(roots, i -> i);
    Arrays.setAll(numbers, i -> i);
    for (int merge = 0; merge < sorted.length; merge++) {
      int a = root(roots, sorted[merge].first());
      int b = root(roots, sorted[merge].second());
      int first = Math.min(numbers[a], numbers[b]);
      int second = Math.max(numbers[a], numbers[b]);
      sorted[merge] = new Merge(first, second, sorted[merge].height(), sorted[merge].size());
      roots[a] = b;
      numbers[b] = n + merge;
    }
    return new AverageLinkage(sorted);
  }

  private static int root(int[] roots, int of) {
    int root = of;
    while (roots[root] != root) {
      root = roots[root];
    }
    return root;
  }

  /**
   * Returns the clusters of the first merges until k are left: 0 the largest, equal ones by their
   * lowest model.
   */
  int[] cut(int k) {
    int n = merges.length + 1;
    var parents = new int[2 * n - 1];
    Arrays.setAll(parents, i -> i);
    for (int merge = 0; merge < n - k; merge++) {
      parents[merges[merge].first()] = n + merge;
      parents[merges[merge].second()] = n + merge;
    }
    var assignments = new int[n];
    for (int i = 0; i < n; i++) {
      assignments[i] = root(parents, i);
    }
    return Assignments.bySize(assignments);
  }

  /** Returns the models from left to right in a dendrogram whose branches do not cross. */
  public int[] leaves() {
    int n = merges.length + 1;
    var leaves = new int[n];
    var open = new int[2 * n];
    int size = 0;
    int found = 0;
    open[size++] = 2 * n - 2;
    while (size > 0) {
      int cluster = open[--size];
      if (cluster < n) {
        leaves[found++] = cluster;
      } else {
        open[size++] = merges[cluster - n].second();
        open[size++] = merges[cluster - n].first();
      }
    }
    return leaves;
  }
}
