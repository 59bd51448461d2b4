package dev.watershed.cli;

import dev.watershed.trainer.v1.NamedLabelMapping;
import dev.watershed.type.v1.LabelMapping;
import dev.watershed.type.v1.LabelMappingEntry;
import dev.watershed.type.v1.LogitReduction;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How a model's labels answer those of the data: {@code map=}, {@code reduction=} and {@code
 * mapping=}.
 */
final class MappingArgument {
  private final DataText text;
  private final SplitArgument data;
  private final TaskCatalogue tasks;

  /**
   * @param tasks asked for the published mappings of a task
   */
  MappingArgument(DataText text, SplitArgument data, TaskCatalogue tasks) {
    this.text = text;
    this.data = data;
    this.tasks = tasks;
  }

  /** The mapping, or null where labels are the same. */
  @Nullable LabelMapping mapping() {
    if (text.has("mapping")) {
      return mappingOfTask();
    }
    if (!text.has("map")) {
      if (text.has("reduction")) {
        throw text.bad("reduction= belongs to map=");
      }
      return null;
    }
    LabelMapping.Builder mapping = LabelMapping.newBuilder();
    for (String entry : DataText.split(text.escaped("map"), '|')) {
      List<String> sides = DataText.split(entry, ':');
      if (sides.size() != 2) {
        throw text.bad("map= wants data:model+model entries separated by |, not '" + entry + "'");
      }
      LabelMappingEntry.Builder labels =
          LabelMappingEntry.newBuilder().setDataLabel(DataText.unescape(sides.getFirst()));
      DataText.split(sides.getLast(), '+')
          .forEach(label -> labels.addModelLabels(DataText.unescape(label)));
      mapping.addEntries(labels);
    }
    if (text.has("reduction")) {
      mapping.setReduction(reduction("reduction"));
    }
    return mapping.build();
  }

  /** The published mapping of a task whose models have other labels. */
  private LabelMapping mappingOfTask() {
    if (text.has("map") || text.has("reduction")) {
      throw text.bad("mapping= is short for map= with reduction=; give either");
    }
    LogitReduction wanted = reduction("mapping");
    List<NamedLabelMapping> published =
        data.isTask() ? tasks.mappingsOf(data.task(tasks)) : List.of();
    if (published.isEmpty()) {
      throw text.bad(
          "mapping= is for tasks with labels other than the model's, such as hans; use map=");
    }
    return published.stream()
        .map(NamedLabelMapping::getMapping)
        .filter(mapping -> mapping.getReduction() == wanted)
        .findFirst()
        .orElseThrow(
            () -> text.bad("the server has no mapping of this task with this reduction; use map="));
  }

  private LogitReduction reduction(String key) {
    String reduction = text.plain(key, "");
    return switch (reduction) {
      case "max" -> LogitReduction.LOGIT_REDUCTION_MAX;
      case "sum" -> LogitReduction.LOGIT_REDUCTION_SUM;
      case "sum-logits" -> LogitReduction.LOGIT_REDUCTION_SUM_LOGITS;
      default ->
          throw text.bad(
              key
                  + " '"
                  + reduction
                  + "' is not max, sum (of probabilities) or sum-logits (as the papers' code)");
    };
  }
}
