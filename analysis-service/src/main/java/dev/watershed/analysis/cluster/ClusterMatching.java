package dev.watershed.analysis.cluster;

import dev.watershed.analysis.UnusableNumbersException;
import java.util.Arrays;

/**
 * Numbers the clusters of one partition after those of another, so that as many things as possible
 * have the same number in both. The best matching is found by the Hungarian method (Kuhn, 1955) in
 * time cubic in the number of clusters.
 */
public final class ClusterMatching {
  private ClusterMatching() {}

  /**
   * Returns {@code clusters} under other numbers: each keeps its members and takes the number of
   * the reference's cluster that it is matched with; those left over take the numbers after the
   * reference's.
   *
   * @param clusters (n) cluster of each thing, numbered from 0; below 0 for none, which stays
   * @param reference (n) cluster of each thing, numbered from 0; below 0 for none
   * @throws UnusableNumbersException naming {@code reference} where the lengths differ
   */
  public static int[] renumbered(int[] clusters, int[] reference) {
    if (clusters.length != reference.length) {
      throw new UnusableNumbersException(
          "COUNTS_UNEQUAL",
          "reference",
          clusters.length + " things and " + reference.length + " in the reference; pair them.");
    }
    int size = Math.max(count(clusters), count(reference));
    var shared = new int[size][size];
    for (int i = 0; i < clusters.length; i++) {
      if (clusters[i] >= 0 && reference[i] >= 0) {
        shared[clusters[i]][reference[i]]++;
      }
    }
    var numbers = greatestAssignment(shared);
    return Arrays.stream(clusters)
        .map(cluster -> cluster < 0 ? cluster : numbers[cluster])
        .toArray();
  }

  private static int count(int[] clusters) {
    return Arrays.stream(clusters).max().orElse(-1) + 1;
  }

  /**
   * Returns the column of each row of a square matrix such that no column is taken twice and the
   * sum of the entries is the greatest.
   *
   * <p>Rows are added one by one. A shortest augmenting path over reduced costs, kept non-negative
   * by the potentials, frees a column for each. Column {@code size} is the path's start.
   */
  private static int[] greatestAssignment(int[][] gains) {
    int size = gains.length;
    var rowPotential = new int[size];
    var columnPotential = new int[size + 1];
    var rowOf = new int[size + 1];
    Arrays.fill(rowOf, -1);
    for (int added = 0; added < size; added++) {
      rowOf[size] = added;
      var slack = new int[size];
      var before = new int[size];
      var visited = new boolean[size + 1];
      Arrays.fill(slack, Integer.MAX_VALUE);
      int column = size;
      while (rowOf[column] >= 0) {
        visited[column] = true;
        int row = rowOf[column];
        int next = -1;
        for (int j = 0; j < size; j++) {
          if (visited[j]) {
            continue;
          }
          int reduced = -gains[row][j] - rowPotential[row] - columnPotential[j];
          if (reduced < slack[j]) {
            slack[j] = reduced;
            before[j] = column;
          }
          if (next < 0 || slack[j] < slack[next]) {
            next = j;
          }
        }
        int least = slack[next];
        for (int j = 0; j <= size; j++) {
          if (visited[j]) {
            rowPotential[rowOf[j]] += least;
            columnPotential[j] -= least;
          } else {
            slack[j] -= least;
          }
        }
        column = next;
      }
      while (column != size) {
        rowOf[column] = rowOf[before[column]];
        column = before[column];
      }
    }
    var columnOf = new int[size];
    for (int j = 0; j < size; j++) {
      columnOf[rowOf[j]] = j;
    }
    return columnOf;
  }
}
