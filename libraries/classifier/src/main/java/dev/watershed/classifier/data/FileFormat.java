package dev.watershed.classifier.data;

/** How the rows of a file are written. */
public enum FileFormat {
  /** Tab-separated values as GLUE ships them: a quotation mark is text. */
  TSV,
  /** Comma-separated values with RFC 4180 quoting. */
  CSV,
  /** One JSON object a line. */
  JSON_LINES,
  /**
   * Apache Parquet with flat columns, as Hugging Face ships data sets: uncompressed, gzip, snappy
   * or zstd.
   */
  PARQUET
}
