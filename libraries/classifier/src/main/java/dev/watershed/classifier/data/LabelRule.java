package dev.watershed.classifier.data;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What somebody says data's labels mean to models, before either is known.
 *
 * @param entries model labels by data label
 * @param reduction how the logits of one data label become one
 */
public record LabelRule(Map<String, List<String>> entries, LabelMapping.Reduction reduction) {
  public LabelRule {
    var copy = new LinkedHashMap<String, List<String>>();
    entries.forEach((dataLabel, modelLabels) -> copy.put(dataLabel, List.copyOf(modelLabels)));
    entries = copy;
  }

  /** The length of all labels in it. */
  public int characters() {
    return entries.entrySet().stream()
        .mapToInt(
            entry ->
                entry.getKey().length() + entry.getValue().stream().mapToInt(String::length).sum())
        .sum();
  }
}
