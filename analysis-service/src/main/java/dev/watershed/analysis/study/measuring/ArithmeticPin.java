package dev.watershed.analysis.study.measuring;

import dev.watershed.analysis.fleet.UnsuitableEvaluatorException;
import dev.watershed.type.v1.Provenance;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The one arithmetic that a study's points are computed by: what is stored says it, else the
 * evaluator that speaks first. Losses of two kinds of machines differ by 1e-7 or so; in one matrix
 * that would pass for a difference of models. For use by many threads.
 */
final class ArithmeticPin {
  /** By identity; several where an earlier version let several in. */
  private final Map<String, Provenance> pinned = new LinkedHashMap<>();

  /**
   * @param stored what computed the points that are there
   */
  ArithmeticPin(Collection<Provenance> stored) {
    stored.forEach(each -> pinned.put(PointIdentity.ofArithmetic(each), each));
  }

  /**
   * Lets an evaluator's points in.
   *
   * @param place where it is, for people
   * @throws UnsuitableEvaluatorException where it computes otherwise
   */
  synchronized void require(Provenance provenance, String place) {
    var identity = PointIdentity.ofArithmetic(provenance);
    if (pinned.isEmpty()) {
      pinned.put(identity, provenance);
    } else if (!pinned.containsKey(identity)) {
      throw new UnsuitableEvaluatorException(
          ("The evaluator at %s computes otherwise than this study's points were computed (%s), and"
                  + " gets none of it: the last bits differ.")
              .formatted(
                  place, PointIdentity.differences(provenance, pinned.values().iterator().next())));
    }
  }
}
