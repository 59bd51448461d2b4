package dev.watershed.trainer.engine;

import dev.watershed.classifier.checkpoint.FileWork;
import dev.watershed.classifier.data.BuiltinSplit;
import dev.watershed.classifier.data.DataRoots;
import dev.watershed.classifier.data.Dataset;
import dev.watershed.classifier.data.Datasets;
import dev.watershed.classifier.data.FileSplit;
import dev.watershed.classifier.data.Row;
import dev.watershed.classifier.data.Split;
import dev.watershed.classifier.data.TaskSplit;
import dev.watershed.server.dataset.ClassifierMessages;
import dev.watershed.server.dataset.Samples;
import dev.watershed.trainer.v1.DescribeSplitResponse;
import dev.watershed.trainer.v1.DescribedRow;
import dev.watershed.type.v1.DatasetSplit;
import dev.watershed.type.v1.FileFormat;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.CancellationException;

/** Reads a split for somebody who wants to see what it holds. Nothing of it is kept. */
public final class SplitPreview {
  private static final int TEXT_CHARACTERS = 2000;
  private static final int TOKENS = 512;

  private final Datasets datasets;
  private final DataRoots roots;

  public SplitPreview(Datasets datasets, DataRoots roots) {
    this.datasets = datasets;
    this.roots = roots;
  }

  /**
   * Describes a split whose contract rules hold.
   *
   * @param firstRows so many rows are shown
   * @param work asked between rows
   * @throws dev.watershed.input.InvalidInputException where it cannot be read as said
   * @throws CancellationException where it is not wanted any more
   */
  public DescribeSplitResponse of(DatasetSplit asked, int firstRows, FileWork work) {
    Split split = Samples.split(asked);
    var response = DescribeSplitResponse.newBuilder();
    layout(split).ifPresent(layout -> response.setLayout(message(layout)));
    try (var dataset = datasets.load(split, 0, null, () -> isUnwanted(work))) {
      response
          .getSplitBuilder()
          .mergeFrom(
              SplitSummary.of(dataset, dataset.labels(), row -> work.throwIfUnwanted()).build())
          .setDigest(ClassifierMessages.digest(dataset.digest(() -> isUnwanted(work))));
      datasets
          .file(split)
          .ifPresent(file -> response.getSplitBuilder().setFile(roots.relativize(file)));
      for (int i = 0; i < Math.min(firstRows, dataset.rows().size()); i++) {
        response.addFirstRows(message(dataset.rows().get(i), dataset));
      }
    }
    return response.build();
  }

  private static boolean isUnwanted(FileWork work) {
    try {
      work.throwIfUnwanted();
      return false;
    } catch (CancellationException e) {
      return true;
    }
  }

  private Optional<FileSplit> layout(Split split) {
    return switch (split.source()) {
      case FileSplit file -> Optional.of(file);
      case TaskSplit task -> Optional.of(datasets.layout(task));
      case BuiltinSplit builtin -> Optional.empty();
    };
  }

  private static dev.watershed.type.v1.FileSplit message(FileSplit layout) {
    return dev.watershed.type.v1.FileSplit.newBuilder()
        .setFormat(
            switch (layout.format()) {
              case TSV -> FileFormat.FILE_FORMAT_TSV;
              case CSV -> FileFormat.FILE_FORMAT_CSV;
              case JSON_LINES -> FileFormat.FILE_FORMAT_JSON_LINES;
              case PARQUET -> FileFormat.FILE_FORMAT_PARQUET;
            })
        .setTextColumn(layout.textColumn())
        .setTextPairColumn(layout.textPairColumn())
        .setLabelColumn(layout.labelColumn())
        .addAllLabelNames(layout.labelNames())
        .setHasHeader(layout.hasHeader())
        .build();
  }

  private static DescribedRow message(Row row, Dataset dataset) {
    var described = DescribedRow.newBuilder();
    if (row.label() >= 0) {
      described.setLabel(dataset.labels().get(row.label()));
    }
    switch (row) {
      case Row.TextRow text -> {
        add(text.text(), described);
        if (text.pair() != null) {
          add(text.pair(), described);
        }
      }
      case Row.TokenRow tokens -> {
        Arrays.stream(tokens.inputIds()).limit(TOKENS).forEach(described::addInputIds);
        described.setCut(tokens.inputIds().length > TOKENS);
      }
    }
    return described.build();
  }

  private static void add(String text, DescribedRow.Builder described) {
    if (text.length() <= TEXT_CHARACTERS) {
      described.addTexts(text);
      return;
    }
    boolean halved = Character.isHighSurrogate(text.charAt(TEXT_CHARACTERS - 1));
    described.addTexts(text.substring(0, TEXT_CHARACTERS - (halved ? 1 : 0))).setCut(true);
  }
}
