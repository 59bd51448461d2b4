package dev.watershed.analysis.report;

import dev.watershed.analysis.statistics.AdjustedRandIndex;
import dev.watershed.analysis.v1.BasinState;
import dev.watershed.analysis.v1.ModelReport;
import dev.watershed.analysis.v1.StudyReportOrBuilder;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * In what else than their seed the models of a report differ, as their training runs say.
 *
 * @param differences by name
 * @param known how many models anything is known of
 * @param count of the models
 */
public record OriginDifferences(List<Difference> differences, int known, int count) {
  /** Partitions that agree so far are taken for the same; those of resampled examples too. */
  private static final double SAME = .8;

  private static final int MOST_DIFFERENCES = 4;
  private static final int MOST_VALUES = 4;
  private static final Pattern SEED = Pattern.compile("seeds\\..*|random\\.seed");
  private static final Pattern PLACE =
      Pattern.compile("^(recipe|classification|masked_language_model)\\.");
  private static final Comparator<String> BY_SIZE =
      Comparator.comparingDouble(OriginDifferences::number).thenComparing(text -> text);

  /**
   * A fact of which there is more than one value.
   *
   * @param name of the fact
   * @param models indices by value, numbers by size; models that do not have it are left out
   */
  public record Difference(String name, Map<String, List<Integer>> models) {
    /** The name for people: "learning rate" for "recipe.learning_rate". */
    public String words() {
      return OriginDifferences.words(name);
    }

    /** Whether every value is a number. */
    public boolean isNumeric() {
      return models.keySet().stream().allMatch(value -> Double.isFinite(number(value)));
    }

    private String text(int count) {
      int more = models.size() - MOST_VALUES;
      int without = count - models.values().stream().mapToInt(List::size).sum();
      return words()
          + " ("
          + models.entrySet().stream()
              .limit(MOST_VALUES)
              .map(of -> of.getKey() + ": " + Shown.plural(of.getValue().size(), "model"))
              .collect(Collectors.joining(", "))
          + (more > 0 ? " and " + Shown.plural(more, "value") + " more" : "")
          + (without > 0 ? ", not said: " + Shown.plural(without, "model") : "")
          + ")";
    }
  }

  /** Looks at the origins that a report's models have beyond what they have in common. */
  public static OriginDifferences of(StudyReportOrBuilder report) {
    var models = report.getModelsList();
    var names = new TreeSet<String>();
    models.forEach(model -> names.addAll(model.getOrigin().getFactsMap().keySet()));
    names.removeIf(name -> SEED.matcher(name).matches());
    var differences = new ArrayList<Difference>();
    for (var name : names) {
      var values = new TreeMap<String, List<Integer>>(BY_SIZE);
      for (int i = 0; i < models.size(); i++) {
        var value = models.get(i).getOrigin().getFactsMap().get(name);
        if (value != null) {
          values.computeIfAbsent(value, unseen -> new ArrayList<>()).add(i);
        }
      }
      differences.add(new Difference(name, values));
    }
    return new OriginDifferences(
        List.copyOf(differences),
        (int) models.stream().filter(ModelReport::hasOrigin).count(),
        models.size());
  }

  /** In what they differ, for people. */
  String text() {
    int more = differences.size() - MOST_DIFFERENCES;
    return differences.stream()
            .limit(MOST_DIFFERENCES)
            .map(difference -> difference.text(known))
            .collect(Collectors.joining("; "))
        + (more > 0 ? "; and " + more + " more (models.csv)" : "");
  }

  /**
   * Says what the basins go with, where a split parts the models as a difference does: outliers and
   * models that do not say it left out.
   */
  public Optional<String> basins(StudyReportOrBuilder report) {
    if (report.getVerdict().getState() != BasinState.BASIN_STATE_SPLIT) {
      return Optional.empty();
    }
    var with =
        differences.stream()
            .filter(difference -> agreement(difference, report) >= SAME)
            .map(Difference::words)
            .toList();
    return with.isEmpty()
        ? Optional.empty()
        : Optional.of(
            "The basins go with the "
                + String.join(" and the ", with)
                + " of the training runs, so that they show what that does, not what a seed does.");
  }

  /** A fact's name for people. */
  static String words(String fact) {
    return PLACE.matcher(fact).replaceFirst("").replace('.', ' ').replace('_', ' ');
  }

  private static double agreement(Difference difference, StudyReportOrBuilder report) {
    var values = List.copyOf(difference.models().values());
    var clusters = new ArrayList<Integer>();
    var kinds = new ArrayList<Integer>();
    for (int value = 0; value < values.size(); value++) {
      for (int model : values.get(value)) {
        if (report.getModels(model).getCluster() >= 0) {
          clusters.add(report.getModels(model).getCluster());
          kinds.add(value);
        }
      }
    }
    boolean one = clusters.stream().distinct().count() < 2 || kinds.stream().distinct().count() < 2;
    return one ? 0 : AdjustedRandIndex.of(array(clusters), array(kinds));
  }

  private static int[] array(List<Integer> values) {
    return values.stream().flatMapToInt(IntStream::of).toArray();
  }

  private static double number(String value) {
    try {
      return Double.parseDouble(value);
    } catch (NumberFormatException e) {
      return Double.POSITIVE_INFINITY;
    }
  }
}
