package dev.watershed.analysis.cluster;

import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;

/** How clusters are numbered everywhere: by size, the largest 0, equal ones by lowest model. */
public final class Assignments {
  /** A model that belongs to no cluster. */
  static final int OUTLIER = -1;

  private Assignments() {}

  /**
   * Returns the clusters by their size.
   *
   * @param assignments (n) any number for each cluster; below 0 for none
   */
  public static int[] bySize(int[] assignments) {
    var sizes = new LinkedHashMap<Integer, Integer>();
    for (int cluster : assignments) {
      if (cluster >= 0) {
        sizes.merge(cluster, 1, Integer::sum);
      }
    }
    var numbers = new HashMap<Integer, Integer>();
    sizes.entrySet().stream()
        // Stable: first seen is lowest model.
        .sorted(Comparator.comparingInt(entry -> -entry.getValue()))
        .forEach(entry -> numbers.put(entry.getKey(), numbers.size()));
    return Arrays.stream(assignments)
        .map(cluster -> cluster < 0 ? OUTLIER : numbers.get(cluster))
        .toArray();
  }

  /** Returns how many clusters there are. */
  public static int count(int[] assignments) {
    return Arrays.stream(assignments).max().orElse(OUTLIER) + 1;
  }

  static int[] sizes(int[] assignments) {
    var sizes = new int[count(assignments)];
    for (int cluster : assignments) {
      if (cluster >= 0) {
        sizes[cluster]++;
      }
    }
    return sizes;
  }
}
