package dev.watershed.eval.engine;

import dev.watershed.type.v1.Precision;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What one call evaluates: models that fit each other and the samples they are measured on.
 *
 * @param models in the order of the call; one may be named twice
 * @param samples in the order of the call
 * @param precision of the forward passes
 * @param exampleLosses whether each example's loss is wanted
 */
public record Evaluation(
    List<Model> models, List<MeasuredSample> samples, Precision precision, boolean exampleLosses) {
  public Evaluation {
    models = List.copyOf(models);
    samples = List.copyOf(samples);
  }

  /** Returns the models' keys in the order of the call. */
  public List<String> modelKeys() {
    return models.stream().map(Model::key).toList();
  }

  Map<String, Model> modelsByKey() {
    return models.stream().collect(Collectors.toMap(Model::key, model -> model, (a, b) -> a));
  }
}
