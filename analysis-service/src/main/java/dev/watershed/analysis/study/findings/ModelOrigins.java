package dev.watershed.analysis.study.findings;

import dev.watershed.input.Quoted;
import dev.watershed.type.v1.Origin;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What the training runs of a study's models say: once where all say it alike, of each model where
 * not.
 *
 * @param common what all say that say anything
 * @param models the rest, in the order of the spec; empty of a model of which nothing is known
 */
public record ModelOrigins(Origin common, List<Origin> models) {
  private static final int MOST_KEPT = 128;
  private static final int MOST_TOLD = 20;
  private static final int MOST_CHARACTERS = 80;

  /** What is kept of an origin: as much as a trainer writes, and nothing that cannot be shown. */
  public static Origin bounded(Origin origin) {
    var kept = Origin.newBuilder();
    new TreeMap<>(origin.getFactsMap())
        .entrySet().stream()
            .limit(MOST_KEPT)
            .forEach(fact -> kept.putFacts(Quoted.of(fact.getKey()), Quoted.of(fact.getValue())));
    return kept.build();
  }

  static ModelOrigins of(List<Origin> origins) {
    var known =
        origins.stream().map(Origin::getFactsMap).filter(facts -> !facts.isEmpty()).toList();
    var names = new TreeSet<String>();
    known.forEach(facts -> names.addAll(facts.keySet()));
    var common = new TreeMap<String, String>();
    names.removeIf(
        name -> {
          var value = known.get(0).get(name);
          boolean alike =
              value != null && known.stream().allMatch(facts -> value.equals(facts.get(name)));
          if (alike) {
            common.put(name, value);
          }
          return alike;
        });
    var told = names.stream().limit(MOST_TOLD).toList();
    return new ModelOrigins(
        Origin.newBuilder().putAllFacts(common).build(),
        origins.stream().map(origin -> only(told, origin.getFactsMap())).toList());
  }

  private static Origin only(List<String> names, Map<String, String> facts) {
    var origin = Origin.newBuilder();
    for (var name : names) {
      var value = facts.get(name);
      if (value != null) {
        origin.putFacts(name, cut(value));
      }
    }
    return origin.build();
  }

  private static String cut(String value) {
    return value.codePointCount(0, value.length()) <= MOST_CHARACTERS
        ? value
        : value.substring(0, value.offsetByCodePoints(0, MOST_CHARACTERS)) + "...";
  }
}
