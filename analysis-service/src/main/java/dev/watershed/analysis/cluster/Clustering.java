package dev.watershed.analysis.cluster;

/**
 * Clusters of n models. The arrays are the receiver's.
 *
 * @param assignments (n) cluster of each model; clusters are numbered by size, the largest 0, equal
 *     ones by their lowest model
 * @param embedding (n, k) coordinates: the first k eigenvectors over the root of the degree
 * @param centroidDistances (n, k) Euclidean distance in the embedding to each cluster's centroid
 * @param eigenvalues (n) of the symmetric normalised Laplacian, ascending
 * @param eigengap eigenvalue k + 1 minus eigenvalue k; NaN where k = n
 * @param silhouette mean silhouette in the given distances, in [-1, 1]; NaN where k = 1
 * @param centroidDistanceDifferences (n) distance to the larger cluster's centroid minus distance
 *     to the smaller's (Juneja et al., 2023, section 4.1), so low means inside the larger; empty
 *     unless k = 2
 * @param connected whether every model can be reached from every other over affinities that double
 *     precision can tell from none
 * @param kernelWidth the width used, in the unit of the distances
 */
public record Clustering(
    int[] assignments,
    double[][] embedding,
    double[][] centroidDistances,
    double[] eigenvalues,
    double eigengap,
    double silhouette,
    double[] centroidDistanceDifferences,
    boolean connected,
    double kernelWidth) {}
