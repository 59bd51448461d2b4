package dev.watershed.analysis.report;

import dev.watershed.analysis.v1.StudySpec;
import dev.watershed.type.v1.ColumnFilter;
import dev.watershed.type.v1.DatasetSplit;
import dev.watershed.type.v1.EvaluationSample;
import dev.watershed.type.v1.FileSplit;
import dev.watershed.type.v1.LabelMapping;
import dev.watershed.type.v1.LabelMappingEntry;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * Says in words which data a sample is: everything that decides which rows are read, how, and what
 * their labels mean. The one place that does, for the report, the command line and warnings.
 */
public final class SampleText {
  private SampleText() {}

  /** The in-domain sample, then those of the diagnostics in their order. */
  public static List<String> ofAll(StudySpec spec) {
    var texts = new ArrayList<String>();
    texts.add(of(spec.getInDomain()));
    spec.getDiagnosticsList().forEach(diagnostic -> texts.add(of(diagnostic.getSample())));
    return texts;
  }

  /**
   * Returns one line, for example {@code dev: task:mnli/validation-matched, filter genre = fiction,
   * 512 rows drawn by seed 1}. What was left to a default is left out.
   */
  public static String of(EvaluationSample sample) {
    var parts = new ArrayList<String>();
    addSplit(sample.getSplit(), parts);
    parts.add(rows(sample));
    if (sample.hasLabelMapping()) {
      parts.add(mapping(sample.getLabelMapping()));
    }
    if (!sample.getPositiveLabel().isEmpty()) {
      parts.add("F1 of " + sample.getPositiveLabel());
    }
    if (sample.hasMaxTokens()) {
      parts.add("at most " + sample.getMaxTokens() + " tokens");
    }
    return plain(sample.getName() + ": " + String.join(", ", parts));
  }

  private static void addSplit(DatasetSplit split, List<String> parts) {
    switch (split.getSourceCase()) {
      case BUILTIN -> parts.add("builtin:" + split.getBuiltin());
      case FILE -> addFile(split.getFile(), parts);
      case TASK -> {
        var task = split.getTask();
        parts.add(
            "task:" + task.getName() + (task.getUri().isEmpty() ? "" : " in " + task.getUri()));
      }
      case SOURCE_NOT_SET -> parts.add("no data");
    }
    if (split.getOnlyLabelsCount() > 0) {
      parts.add("only the labels " + alternatives(split.getOnlyLabelsList()));
    }
    for (ColumnFilter filter : split.getFiltersList()) {
      parts.add("filter " + filter.getColumn() + " = " + alternatives(filter.getValuesList()));
    }
    if (split.hasSubset()) {
      var subset = split.getSubset();
      parts.add(
          String.format(
              Locale.ROOT,
              "subset %s to %s of the order drawn by seed %d",
              subset.getFromFraction(),
              subset.getToFraction(),
              subset.getSeed()));
    }
  }

  private static void addFile(FileSplit file, List<String> parts) {
    String format = file.getFormat().name().replace("FILE_FORMAT_", "").replace('_', ' ');
    parts.add("file " + file.getUri() + " (" + format + (file.getHasHeader() ? ", header)" : ")"));
    addColumn("text", file.getTextColumn(), parts);
    addColumn("pair", file.getTextPairColumn(), parts);
    addColumn("label", file.getLabelColumn(), parts);
    if (file.getLabelNamesCount() > 0) {
      var named = new ArrayList<String>();
      for (int i = 0; i < file.getLabelNamesCount(); i++) {
        named.add(i + " = " + file.getLabelNames(i));
      }
      parts.add("labels " + String.join(" | ", named));
    }
  }

  private static void addColumn(String what, String column, List<String> parts) {
    if (!column.isEmpty()) {
      parts.add(what + " column " + column);
    }
  }

  private static String rows(EvaluationSample sample) {
    String count = sample.hasSize() ? sample.getSize() + " rows" : "all rows";
    String skipped = sample.getSkip() > 0 ? " after " + sample.getSkip() : "";
    return switch (sample.getSelectionCase()) {
      case SEED -> count + " drawn by seed " + sample.getSeed() + skipped;
      case FIRST_ROWS -> count + ", the first" + skipped;
      case SELECTION_NOT_SET -> count;
    };
  }

  private static String mapping(LabelMapping mapping) {
    String entries =
        mapping.getEntriesList().stream()
            .map(SampleText::entry)
            .collect(Collectors.joining(" | ", "label mapping ", ""));
    return switch (mapping.getReduction()) {
      case LOGIT_REDUCTION_UNSPECIFIED -> entries;
      case LOGIT_REDUCTION_MAX -> entries + " by the largest logit";
      case LOGIT_REDUCTION_SUM -> entries + " by the sum of probabilities";
      case LOGIT_REDUCTION_SUM_LOGITS -> entries + " by the sum of logits";
      default ->
          entries
              + " by "
              + String.valueOf(mapping.getReduction())
                  .replace("LOGIT_REDUCTION_", "")
                  .toLowerCase(Locale.ROOT);
    };
  }

  private static String entry(LabelMappingEntry entry) {
    return entry.getDataLabel() + " = " + String.join(" + ", entry.getModelLabelsList());
  }

  private static String alternatives(List<String> values) {
    return String.join(" | ", values);
  }

  /** One line, and nothing that a terminal obeys. */
  private static String plain(String text) {
    return text.replaceAll("[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]", "\uFFFD");
  }
}
