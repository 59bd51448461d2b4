package dev.watershed.classifier.data;

import static dev.watershed.classifier.InvalidInputException.invalid;

import dev.watershed.classifier.InvalidInputException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Reads splits. Built-in ones are made once; files are read anew each time. Thread-safe. */
public final class Datasets {
  private final DataRoots roots;
  private final DataLimits limits;
  private final Map<String, Dataset> builtins = new ConcurrentHashMap<>();

  public Datasets(DataRoots roots) {
    this(roots, DataLimits.DEFAULT);
  }

  Datasets(DataRoots roots, DataLimits limits) {
    this.roots = roots;
    this.limits = limits;
  }

  /**
   * Reads a split. Files are UTF-8, up to 2 GiB uncompressed, 10,000,000 rows and about a million
   * characters a row.
   *
   * @throws InvalidInputException naming line and column of what is wrong; SPLIT_EMPTY if there is
   *     no row
   */
  public Dataset load(Split split) {
    Dataset dataset =
        split.source() instanceof FileSplit file
            ? read(file, split.onlyLabels())
            : builtin((BuiltinSplit) split.source(), split.onlyLabels());
    if (dataset.rows().isEmpty()) {
      throw invalid(
          "SPLIT_EMPTY",
          "only_labels",
          "no row has a label among %s".formatted(split.onlyLabels()));
    }
    return dataset;
  }

  private Dataset builtin(BuiltinSplit split, List<String> onlyLabels) {
    Dataset whole = builtins.computeIfAbsent(split.name(), Miniature::split);
    for (String label : onlyLabels) {
      if (!whole.labels().contains(label)) {
        throw invalid(
            "LABEL_UNKNOWN",
            "only_labels",
            "there is no label '%s'; the labels are %s".formatted(label, whole.labels()));
      }
    }
    return onlyLabels.isEmpty() ? whole : whole.only(onlyLabels);
  }

  private Dataset read(FileSplit split, List<String> onlyLabels) {
    Path path = roots.resolve(split.uri());
    DatasetBuilder dataset = new DatasetBuilder(split, onlyLabels, limits.rows());
    try (TextFile file = TextFile.open(path, limits)) {
      if (split.format() == FileFormat.JSON_LINES) {
        new JsonLinesReader(split, dataset).read(file);
      } else {
        new DelimitedReader(split, dataset).read(file);
      }
    } catch (IOException e) {
      throw invalid(
          "FILE_UNREADABLE", "uri", "cannot read '%s': %s".formatted(split.uri(), e.getMessage()));
    }
    return dataset.build();
  }
}
