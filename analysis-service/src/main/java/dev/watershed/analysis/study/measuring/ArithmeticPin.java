package dev.watershed.analysis.study.measuring;

import dev.watershed.analysis.fleet.UnsuitableEvaluatorException;
import dev.watershed.type.v1.Provenance;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

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
              .formatted(place, differences(provenance, pinned.values().iterator().next())));
    }
  }

  private static String differences(Provenance other, Provenance pinned) {
    var differences = new ArrayList<String>();
    add(differences, "version", other, pinned, Provenance::getWatershedVersion);
    add(differences, "engine", other, pinned, Provenance::getEngine);
    add(differences, "device", other, pinned, Provenance::getDevice);
    add(differences, "precision", other, pinned, Provenance::getPrecision);
    add(differences, "kernels", other, pinned, Provenance::getKernelId);
    add(differences, "instruction set", other, pinned, Provenance::getInstructionSet);
    add(differences, "processor", other, pinned, Provenance::getProcessor);
    return String.join("; ", differences);
  }

  private static void add(
      List<String> differences,
      String name,
      Provenance other,
      Provenance pinned,
      Function<Provenance, Object> field) {
    var there = field.apply(other);
    var wanted = field.apply(pinned);
    if (!there.equals(wanted)) {
      differences.add("%s %s, not %s".formatted(name, there, wanted));
    }
  }
}
