package dev.watershed.classifier.data;

import java.util.Locale;

/**
 * What files of data may hold, so that none can exhaust memory.
 *
 * @param fileBytes length of a file, uncompressed
 * @param rowCharacters length of one row, give or take the reader's buffer
 * @param rows number of rows
 * @param datasetBytes what the rows kept of one data set may take
 * @param totalBytes what all data sets may take at a time, as rows and as tokens
 */
public record DataLimits(
    long fileBytes, int rowCharacters, int rows, long datasetBytes, long totalBytes) {
  public static final DataLimits DEFAULT =
      new DataLimits(2L << 30, 1 << 20, 10_000_000, 1L << 30, 2L << 30);

  /**
   * @throws IllegalArgumentException unless all are positive
   */
  public DataLimits {
    if (fileBytes < 1 || rowCharacters < 1 || rows < 1 || datasetBytes < 1 || totalBytes < 1) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "limits must be positive, got %d, %d, %d, %d, %d",
              fileBytes,
              rowCharacters,
              rows,
              datasetBytes,
              totalBytes));
    }
  }
}
