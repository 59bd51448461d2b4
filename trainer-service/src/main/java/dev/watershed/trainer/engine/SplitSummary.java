package dev.watershed.trainer.engine;

import dev.watershed.classifier.data.Dataset;
import dev.watershed.classifier.data.Row;
import dev.watershed.type.v1.LabelCount;
import dev.watershed.type.v1.SplitDescription;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.function.Consumer;

/** What the rows of a split are, as a message. */
final class SplitSummary {
  private SplitSummary() {}

  /**
   * Counts rows and labels; digest, name and file are for the caller to add.
   *
   * @param labels in the order to be told in; empty for the data's own
   * @param look is shown every row
   */
  static SplitDescription.Builder of(Dataset dataset, List<String> labels, Consumer<Row> look) {
    var counts = new LinkedHashMap<String, Long>();
    (labels.isEmpty() ? dataset.labels() : labels).forEach(label -> counts.put(label, 0L));
    for (var row : dataset.rows()) {
      look.accept(row);
      if (row.label() >= 0) {
        counts.merge(dataset.labels().get(row.label()), 1L, Long::sum);
      }
    }
    var description =
        SplitDescription.newBuilder()
            .setRowCount(dataset.rows().size())
            .addAllNotices(dataset.notices());
    counts.forEach(
        (label, count) ->
            description.addLabels(LabelCount.newBuilder().setLabel(label).setRowCount(count)));
    return description;
  }
}
