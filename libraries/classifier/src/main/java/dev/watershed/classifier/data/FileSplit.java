package dev.watershed.classifier.data;

import java.util.List;

/**
 * Rows of a file in UTF-8, compressed if its name ends in {@code .gz}.
 *
 * @param uri a {@code file:} URI or a path below a data root
 * @param textColumn the first text: a column's name, or its number from 0; empty for pre-tokenised
 *     JSON Lines ({@code input_ids}, {@code token_type_ids})
 * @param textPairColumn the second text; empty for single sentences
 * @param labelColumn the label; empty for unlabelled rows
 * @param labelNames names of the labels by their value in the file; empty where the file holds
 *     names, or says in its metadata what integers mean (Parquet)
 * @param hasHeader whether the first line names the columns; not looked at for JSON Lines and
 *     Parquet
 */
public record FileSplit(
    String uri,
    FileFormat format,
    String textColumn,
    String textPairColumn,
    String labelColumn,
    List<String> labelNames,
    boolean hasHeader)
    implements SplitSource {
  public FileSplit {
    labelNames = List.copyOf(labelNames);
  }

  /** Whether the first line is the first row. */
  boolean isHeaderless() {
    return !hasHeader && (format == FileFormat.TSV || format == FileFormat.CSV);
  }

  /** The same with other names of labels. */
  FileSplit withLabelNames(List<String> names) {
    return new FileSplit(uri, format, textColumn, textPairColumn, labelColumn, names, hasHeader);
  }
}
