package dev.watershed.classifier.data;

import java.util.List;

/**
 * One split of a data set.
 *
 * @param onlyLabels keep only rows whose label has one of these names; empty keeps all. Where the
 *     file's labels are named ({@code labelNames}), rows with any other label, such as the {@code
 *     -} of SNLI, are left out then instead of refused
 */
public record Split(SplitSource source, List<String> onlyLabels) {
  public Split {
    onlyLabels = List.copyOf(onlyLabels);
  }
}
