package dev.watershed.classifier.data;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One split of a data set. The conditions apply in this order.
 *
 * @param onlyLabels keep only rows whose label has one of these names; empty keeps all. Where the
 *     file's labels are named ({@code labelNames}), rows with any other label, such as the {@code
 *     -} of SNLI, are left out then instead of refused
 * @param filters keep only rows that pass all of these; not for a built-in split
 * @param subset keep only a fixed random part of what is left; null keeps all
 */
public record Split(
    SplitSource source,
    List<String> onlyLabels,
    List<ColumnFilter> filters,
    @Nullable RandomSubset subset) {
  public Split {
    onlyLabels = List.copyOf(onlyLabels);
    filters = List.copyOf(filters);
  }

  /** A split without filters or subset. */
  public Split(SplitSource source, List<String> onlyLabels) {
    this(source, onlyLabels, List.of(), null);
  }

  /** Whether its rows come as tokens, so that no tokenizer has a part in them. */
  public boolean isPreTokenised() {
    return source instanceof FileSplit file && file.textColumn().isEmpty();
  }
}
