package dev.watershed.eval.grpc;

import dev.watershed.classifier.model.Torch;
import dev.watershed.eval.v1.EvaluateCombinationsRequest;
import dev.watershed.eval.v1.EvaluateInterpolationRequest;
import dev.watershed.server.RefusedException;
import dev.watershed.type.v1.EvaluationSample;
import dev.watershed.type.v1.Precision;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BooleanSupplier;

/** What the rules of the contract cannot say of a request, but the request alone shows. */
final class RequestChecks {
  private static final double SUM_TOLERANCE = 1e-6;

  private RequestChecks() {}

  static void check(EvaluateInterpolationRequest request) {
    List<Double> alphas = request.getAlphasList();
    for (int i = 1; i < alphas.size(); i++) {
      if (!(alphas.get(i) > alphas.get(i - 1))) {
        throw RefusedException.invalidArgument(
            "ALPHAS_NOT_ASCENDING",
            "alphas[" + i + "]",
            "is %s after %s; sort the alphas and name each once"
                .formatted(alphas.get(i), alphas.get(i - 1)));
      }
    }
    checkSamples(request.getSamplesList());
    checkPrecision(request.getPrecision(), request.getAllowSlowPrecision(), Torch::hasFastBf16);
  }

  static void check(EvaluateCombinationsRequest request) {
    for (int c = 0; c < request.getCombinationsCount(); c++) {
      List<Double> coefficients = request.getCombinations(c).getCoefficientsList();
      String field = "combinations[" + c + "].coefficients";
      if (coefficients.size() != request.getModelsCount()) {
        throw RefusedException.invalidArgument(
            "COEFFICIENTS_DO_NOT_FIT_MODELS",
            field,
            String.format(
                Locale.ROOT,
                "%d coefficients for %d models; give each model one",
                coefficients.size(),
                request.getModelsCount()));
      }
      double sum = coefficients.stream().mapToDouble(Double::doubleValue).sum();
      if (!(Math.abs(sum - 1) <= SUM_TOLERANCE)) {
        throw RefusedException.invalidArgument(
            "COEFFICIENTS_DO_NOT_SUM_TO_ONE",
            field,
            "sum to %s; they must sum to 1 within %s, or the weights leave the models' plane"
                .formatted(sum, SUM_TOLERANCE));
      }
    }
    checkSamples(request.getSamplesList());
    checkPrecision(request.getPrecision(), request.getAllowSlowPrecision(), Torch::hasFastBf16);
  }

  private static void checkSamples(List<EvaluationSample> samples) {
    Map<String, Integer> names = new HashMap<>();
    for (int s = 0; s < samples.size(); s++) {
      Integer other = names.put(samples.get(s).getName(), s);
      if (other != null) {
        throw RefusedException.invalidArgument(
            "SAMPLE_NAME_TWICE",
            "samples[" + s + "].name",
            String.format(
                Locale.ROOT,
                "'%s' names samples[%d] already; results are told apart by the name",
                samples.get(s).getName(),
                other));
      }
    }
  }

  /**
   * @param hasFastBf16 whether this machine computes in bfloat16 faster than in fp32
   */
  static void checkPrecision(
      Precision precision, boolean allowSlowPrecision, BooleanSupplier hasFastBf16) {
    if (precision == Precision.PRECISION_BF16
        && !allowSlowPrecision
        && !hasFastBf16.getAsBoolean()) {
      throw RefusedException.failedPrecondition(
          "PRECISION_UNSUPPORTED",
          "precision",
          "this evaluator's %s has no fast path for PRECISION_BF16; say PRECISION_FP32 or leave it out, ask an evaluator that has one, or set allow_slow_precision to have it computed slowly"
              .formatted(Torch.settings().device()));
    }
  }
}
