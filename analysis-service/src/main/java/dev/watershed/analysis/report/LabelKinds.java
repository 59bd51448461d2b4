package dev.watershed.analysis.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Whether models differ in more than their seed, as far as labels say: what is left of a label
 * without its seed is its kind.
 */
record LabelKinds(Map<String, List<Integer>> models) {
  private static final Pattern SEED =
      Pattern.compile("(?i)(?<![a-z])(seed|run)[-_ =:#.]*\\d+(?![.\\d])");
  private static final Pattern NUMBER_AT_END = Pattern.compile("(?<![.\\d]|\\de-?)\\d+$");
  private static final Pattern LOOSE_ENDS = Pattern.compile("^[-_ ,;/:.]+|[-_ ,;/:.]+$");

  static LabelKinds of(List<String> labels) {
    var seeds =
        labels.stream().allMatch(label -> SEED.matcher(label).find()) ? SEED : NUMBER_AT_END;
    var kinds = new LinkedHashMap<String, List<Integer>>();
    for (int i = 0; i < labels.size(); i++) {
      var kind = LOOSE_ENDS.matcher(seeds.matcher(labels.get(i)).replaceFirst("")).replaceAll("");
      kinds.computeIfAbsent(kind, name -> new ArrayList<>()).add(i);
    }
    return new LabelKinds(kinds);
  }

  /** Every label is of a kind of its own, so that labels say nothing. */
  boolean sayNothing() {
    return models.size() > 1 && models.values().stream().allMatch(of -> of.size() == 1);
  }

  /** Whether models are of one cluster just where they are of one kind. */
  boolean areTheClusters(List<Integer> clusters) {
    var pairs = new LinkedHashSet<List<Object>>();
    models.forEach((kind, of) -> of.forEach(i -> pairs.add(List.of(kind, clusters.get(i)))));
    return models.size() > 1
        && pairs.size() == models.size()
        && pairs.size() == clusters.stream().distinct().count();
  }
}
