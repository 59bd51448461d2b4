package dev.watershed.server.dataset;

import dev.watershed.classifier.data.BuiltinSplit;
import dev.watershed.classifier.data.ColumnFilter;
import dev.watershed.classifier.data.FileFormat;
import dev.watershed.classifier.data.FileSplit;
import dev.watershed.classifier.data.LabelMapping;
import dev.watershed.classifier.data.LabelRule;
import dev.watershed.classifier.data.RandomSubset;
import dev.watershed.classifier.data.SampleSpec;
import dev.watershed.classifier.data.Split;
import dev.watershed.classifier.data.SplitSource;
import dev.watershed.classifier.data.TaskSplit;
import dev.watershed.input.InvalidInputException;
import dev.watershed.server.RefusedException;
import dev.watershed.type.v1.DatasetSplit;
import dev.watershed.type.v1.EvaluationSample;
import dev.watershed.type.v1.LogitReduction;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Splits, samples and label mappings as requests describe them. */
public final class Samples {
  private Samples() {}

  /**
   * Returns the classifier's view of a split whose contract rules hold.
   *
   * @throws InvalidInputException where the subset is none
   */
  public static Split split(DatasetSplit split) {
    return new Split(
        source(split),
        split.getOnlyLabelsList(),
        split.getFiltersList().stream()
            .map(filter -> new ColumnFilter(filter.getColumn(), filter.getValuesList()))
            .toList(),
        subset(split));
  }

  private static @Nullable RandomSubset subset(DatasetSplit split) {
    var subset = split.getSubset();
    return split.hasSubset()
        ? new RandomSubset(subset.getSeed(), subset.getFromFraction(), subset.getToFraction())
        : null;
  }

  private static SplitSource source(DatasetSplit split) {
    if (split.hasTask()) {
      return new TaskSplit(split.getTask().getName(), split.getTask().getUri());
    }
    if (!split.hasFile()) {
      return new BuiltinSplit(split.getBuiltin());
    }
    var file = split.getFile();
    var format =
        switch (file.getFormat()) {
          case FILE_FORMAT_TSV -> FileFormat.TSV;
          case FILE_FORMAT_CSV -> FileFormat.CSV;
          case FILE_FORMAT_JSON_LINES -> FileFormat.JSON_LINES;
          case FILE_FORMAT_PARQUET -> FileFormat.PARQUET;
          default ->
              throw RefusedException.invalidArgument(
                  "FORMAT_UNKNOWN",
                  "file.format",
                  "is " + file.getFormatValue() + "; say TSV, CSV, JSON_LINES or PARQUET");
        };
    return new FileSplit(
        file.getUri(),
        format,
        file.getTextColumn(),
        file.getTextPairColumn(),
        file.getLabelColumn(),
        file.getLabelNamesList(),
        file.getHasHeader());
  }

  /**
   * Returns the classifier's view of a sample.
   *
   * @throws RefusedException where a size is given but not which rows, or rows are passed over but
   *     how many are taken is not said
   */
  public static SampleSpec sample(EvaluationSample sample) {
    if (sample.hasSize()
        && sample.getSelectionCase() == EvaluationSample.SelectionCase.SELECTION_NOT_SET) {
      throw RefusedException.invalidArgument(
          "SELECTION_MISSING",
          "selection",
          "size is "
              + sample.getSize()
              + ", but which rows is not said; give a seed, or first_rows = true");
    }
    if (sample.getSkip() > 0 && !sample.hasSize()) {
      throw RefusedException.invalidArgument(
          "SAMPLE_SIZE_INVALID",
          "size",
          "skip passes over "
              + sample.getSkip()
              + " rows, but how many to take then is not said; give a size");
    }
    return new SampleSpec(
        sample.getName(),
        within("split", () -> split(sample.getSplit())),
        sample.getSkip(),
        sample.getSize(),
        sample.hasSeed() ? sample.getSeed() : null,
        sample.getMaxTokens());
  }

  /**
   * Returns what a sample says of its labels, empty where models and data have the same names.
   *
   * @throws RefusedException where it contradicts itself or leaves something open
   */
  public static Optional<LabelRule> labels(EvaluationSample sample) {
    if (!sample.hasLabelMapping()) {
      return Optional.empty();
    }
    var entries = new LinkedHashMap<String, List<String>>();
    boolean several = false;
    for (var entry : sample.getLabelMapping().getEntriesList()) {
      if (entries.put(entry.getDataLabel(), entry.getModelLabelsList()) != null) {
        throw RefusedException.invalidArgument(
            "LABEL_MAPPED_TWICE",
            "label_mapping.entries",
            "'" + entry.getDataLabel() + "' is mapped twice; give each data label one entry");
      }
      several |= entry.getModelLabelsCount() > 1;
    }
    var reduction = sample.getLabelMapping().getReduction();
    if (several && reduction == LogitReduction.LOGIT_REDUCTION_UNSPECIFIED) {
      throw RefusedException.invalidArgument(
          "REDUCTION_MISSING",
          "label_mapping.reduction",
          "an entry names several model labels; say MAX, SUM or SUM_LOGITS, which give different losses");
    }
    return Optional.of(
        new LabelRule(
            entries,
            switch (reduction) {
              case LOGIT_REDUCTION_SUM -> LabelMapping.Reduction.SUM;
              case LOGIT_REDUCTION_SUM_LOGITS -> LabelMapping.Reduction.SUM_LOGITS;
              default -> LabelMapping.Reduction.MAX;
            }));
  }

  /**
   * Runs {@code work} on a part of a request; what it finds wrong is told as of {@code field}, for
   * example {@code samples[2]}.
   */
  public static <T> T within(String field, Supplier<T> work) {
    try {
      return work.get();
    } catch (InvalidInputException e) {
      throw e.within(field);
    } catch (RefusedException e) {
      throw e.within(field);
    }
  }
}
