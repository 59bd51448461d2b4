package dev.watershed.classifier.data;

/** How the rows of a file are written. */
public enum FileFormat {
  /** Tab-separated values as GLUE ships them: a quotation mark is text. */
  TSV,
  /** Comma-separated values with RFC 4180 quoting. */
  CSV,
  /** One JSON object a line. */
  JSON_LINES
}
