package dev.watershed.cli;

import dev.watershed.type.v1.EvaluationSample;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Names for samples that were given none: what is read, {@code dev}, and where that is taken {@code
 * dev-2}. A name that was given stays, also where it is given twice, which is refused by who reads
 * it.
 */
final class SampleNames {
  /** What the contract takes. */
  private static final int MAX_LENGTH = 100;

  private final Set<String> taken = new HashSet<>();

  /** Those of one request, whose names must differ. */
  SampleNames(List<DataArgument> all) {
    all.stream()
        .filter(DataArgument::isNamed)
        .map(named -> named.diagnostic().getSample().getName())
        .forEach(taken::add);
  }

  EvaluationSample named(DataArgument data, EvaluationSample sample) {
    if (data.isNamed()) {
      return sample;
    }
    String name = sample.getName().isBlank() ? "sample" : sample.getName();
    String free = cut(name, MAX_LENGTH);
    for (int next = 2; !taken.add(free); next++) {
      String suffix = "-" + next;
      free = cut(name, MAX_LENGTH - suffix.length()) + suffix;
    }
    return sample.toBuilder().setName(free).build();
  }

  private static String cut(String name, int length) {
    return name.codePointCount(0, name.length()) <= length
        ? name
        : name.substring(0, name.offsetByCodePoints(0, length));
  }
}
