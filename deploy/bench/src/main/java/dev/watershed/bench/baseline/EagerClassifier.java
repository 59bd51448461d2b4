package dev.watershed.bench.baseline;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import dev.watershed.classifier.checkpoint.EncoderConfig;
import dev.watershed.classifier.checkpoint.ParameterVector;
import dev.watershed.classifier.text.EncodedExample;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** A BERT classifier's inference by eager operations, and interpolation tensor by tensor. */
public final class EagerClassifier implements AutoCloseable {
  private final EncoderConfig config;
  private final NDManager manager;
  private final Map<String, NDArray> tensors;

  private EagerClassifier(EncoderConfig config, NDManager manager, Map<String, NDArray> tensors) {
    this.config = config;
    this.manager = manager;
    this.tensors = tensors;
  }

  /**
   * Copies a model's weights.
   *
   * @param weights of a BERT classifier with GELU, in the host's memory
   */
  public static EagerClassifier copyOf(ParameterVector weights) {
    NDManager manager = EagerEncoder.newManager();
    try {
      return new EagerClassifier(
          weights.layout().architecture().encoder(), manager, EagerEncoder.copy(weights, manager));
    } catch (Throwable e) {
      manager.close();
      throw e;
    }
  }

  /** {@code alpha a + (1 - alpha) b}, a new model of the same architecture. */
  public static EagerClassifier interpolate(EagerClassifier a, EagerClassifier b, double alpha) {
    NDManager manager = EagerEncoder.newManager();
    try {
      var tensors = new LinkedHashMap<String, NDArray>();
      for (Map.Entry<String, NDArray> entry : a.tensors.entrySet()) {
        NDArray other = b.tensors.get(entry.getKey());
        if (other == null) {
          throw new IllegalArgumentException("the second model has no " + entry.getKey());
        }
        NDArray mixed = entry.getValue().mul(alpha);
        mixed.attach(manager);
        try (NDArray rest = other.mul(1 - alpha)) {
          mixed.addi(rest);
        }
        tensors.put(entry.getKey(), mixed);
      }
      return new EagerClassifier(a.config, manager, tensors);
    } catch (Throwable e) {
      manager.close();
      throw e;
    }
  }

  /**
   * Logits {@code (example, label)}, row-major in the order given.
   *
   * @param paddedTokens every example is padded to so many; at least the longest has
   * @param batchSize examples at a time
   */
  public float[] logits(List<EncodedExample> examples, int paddedTokens, int batchSize) {
    for (EncodedExample example : examples) {
      if (example.length() > paddedTokens || paddedTokens > config.maxTokens()) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "%d tokens are padded to %d, of at most %d",
                example.length(),
                paddedTokens,
                config.maxTokens()));
      }
    }
    var encoder = new EagerEncoder(config, tensors, 0);
    float[] logits = {};
    for (int from = 0; from < examples.size(); from += batchSize) {
      List<EncodedExample> batch =
          examples.subList(from, Math.min(examples.size(), from + batchSize));
      try (NDManager scope = manager.newSubManager()) {
        float[] rows = encoder.logits(scope, batch, paddedTokens).toFloatArray();
        if (from == 0) {
          logits = new float[rows.length / batch.size() * examples.size()];
        }
        System.arraycopy(rows, 0, logits, from * (rows.length / batch.size()), rows.length);
      }
    }
    return logits;
  }

  @Override
  public void close() {
    manager.close();
  }
}
