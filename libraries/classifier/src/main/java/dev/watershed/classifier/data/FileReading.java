package dev.watershed.classifier.data;

import java.nio.file.Path;
import java.util.List;

/**
 * How one file is read.
 *
 * @param path the file, as it really lies
 * @param columns its format and columns
 * @param onlyLabels labels of the rows wanted; empty for all
 * @param filters other conditions on the rows wanted
 * @param labels the order of labels in the result; empty for that of the file
 * @param notices what was taken for granted so far
 * @param lenient whether rows of a wrong width and without a gold label, which published files
 *     have, are left out and told instead of refused
 */
record FileReading(
    Path path,
    FileSplit columns,
    List<String> onlyLabels,
    List<ColumnFilter> filters,
    List<String> labels,
    List<String> notices,
    boolean lenient) {
  FileReading {
    onlyLabels = List.copyOf(onlyLabels);
    filters = List.copyOf(filters);
    labels = List.copyOf(labels);
    notices = List.copyOf(notices);
  }

  /** A file read strictly as a caller says. */
  static FileReading strict(
      Path path, FileSplit columns, List<String> onlyLabels, List<ColumnFilter> filters) {
    return new FileReading(path, columns, onlyLabels, filters, List.of(), List.of(), false);
  }

  /** The columns of the filters, one for each. */
  List<String> filterColumns() {
    return filters.stream().map(ColumnFilter::column).toList();
  }

  /** What a number in a row counts, for messages. */
  String unit() {
    return columns.format() == FileFormat.PARQUET ? "row" : "line";
  }
}
