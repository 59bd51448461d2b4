package dev.watershed.eval.engine;

import dev.watershed.classifier.model.ComputePrecision;
import java.util.List;

/**
 * What one call evaluates: models that fit each other and the samples they are measured on.
 *
 * @param models in the order of the call; one may be named twice
 * @param samples in the order of the call
 * @param precision of the forward passes
 * @param details what is wanted of every example
 * @param footprint native memory that computing one point takes
 */
public record Evaluation(
    List<Model> models,
    List<MeasuredSample> samples,
    ComputePrecision precision,
    ExampleDetails details,
    Footprint footprint) {

  /**
   * Native memory that computing one point takes.
   *
   * @param combiningBytes while models are combined
   * @param passBytes while a sample is passed through the result
   */
  record Footprint(long combiningBytes, long passBytes) {
    /** The larger of the two: they follow each other. */
    long bytes() {
      return Math.max(combiningBytes, passBytes);
    }
  }

  public Evaluation {
    models = List.copyOf(models);
    samples = List.copyOf(samples);
  }

  /** Returns the models' keys in the order of the call. */
  public List<String> modelKeys() {
    return models.stream().map(Model::key).toList();
  }

  /** Returns the model of this content. */
  Model model(String key) {
    for (Model model : models) {
      if (model.key().equals(key)) {
        return model;
      }
    }
    throw new IllegalArgumentException("no model with the content " + key);
  }
}
