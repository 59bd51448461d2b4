package dev.watershed.eval.plan;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Weights {@code sum_k c_k * theta_k} in canonical form: models named by content, in the order of
 * their digests, each once, none with coefficient 0. Two requests for the same weights are equal
 * here, whichever model they call A, and are computed by the same operations in the same order.
 */
public record AffineCombination(List<Term> terms) {
  // Coefficients are whole multiples of 2^-40 (about 1e-12, far below fp32's 2^-24), so that
  // alpha and 1 - alpha are exact and the point 0.1 from A is the point 0.9 from B.
  private static final double TICKS_IN_ONE = 0x1p40;

  /**
   * One model's part.
   *
   * @param model the SHA-256 of the model's content digest
   * @param coefficient its share, never 0
   */
  public record Term(String model, double coefficient) {}

  public AffineCombination {
    terms = List.copyOf(terms);
  }

  /** Returns {@code alpha * modelA + (1 - alpha) * modelB}; {@code alpha} in [0, 1]. */
  public static AffineCombination line(String modelA, String modelB, double alpha) {
    double share = Math.rint(alpha * TICKS_IN_ONE) / TICKS_IN_ONE;
    return of(List.of(modelA, modelB), List.of(share, 1 - share));
  }

  /**
   * Returns {@code sum_k coefficients[k] * models[k]}. A model named twice counts once, with the
   * sum of its coefficients.
   *
   * @throws IllegalArgumentException unless there is one finite coefficient for each model
   */
  public static AffineCombination of(List<String> models, List<Double> coefficients) {
    if (models.size() != coefficients.size()) {
      throw new IllegalArgumentException(
          models.size() + " models but " + coefficients.size() + " coefficients");
    }
    Map<String, Double> ticks = new TreeMap<>();
    for (int k = 0; k < models.size(); k++) {
      double scaled = Math.rint(coefficients.get(k) * TICKS_IN_ONE);
      if (!(Math.abs(scaled) < 0x1p52)) {
        throw new IllegalArgumentException("coefficient " + coefficients.get(k));
      }
      ticks.merge(models.get(k), scaled, Double::sum);
    }
    ticks.values().removeIf(t -> t == 0);
    List<Term> terms = new ArrayList<>(ticks.size());
    for (Map.Entry<String, Double> entry : ticks.entrySet()) {
      terms.add(new Term(entry.getKey(), entry.getValue() / TICKS_IN_ONE));
    }
    if (terms.size() == 1
        && Math.abs(terms.get(0).coefficient() - 1) * TICKS_IN_ONE <= models.size()) {
      // Thirds of one model add up to the model: what is missing is the rounding of each.
      terms.set(0, new Term(terms.get(0).model(), 1));
    }
    return new AffineCombination(terms);
  }

  /** Whether this is one model as it is, so that nothing has to be computed to get its weights. */
  public boolean isOneModel() {
    return terms.size() == 1 && terms.get(0).coefficient() == 1;
  }

  /** Whether this is a point of the line through two models: two coefficients, their sum 1. */
  public boolean isOnLine() {
    return terms.size() == 2 && terms.get(0).coefficient() + terms.get(1).coefficient() == 1;
  }
}
