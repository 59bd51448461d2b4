package dev.watershed.classifier.data;

/**
 * What a file of data may hold, so that none can exhaust memory.
 *
 * @param fileBytes length of the file, uncompressed
 * @param rowCharacters length of one row, give or take the reader's buffer
 * @param rows number of rows
 */
record DataLimits(long fileBytes, int rowCharacters, int rows) {
  static final DataLimits DEFAULT = new DataLimits(2L << 30, 1 << 20, 10_000_000);
}
