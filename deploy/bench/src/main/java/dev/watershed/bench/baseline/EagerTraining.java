package dev.watershed.bench.baseline;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.training.GradientCollector;
import dev.watershed.classifier.checkpoint.EncoderConfig;
import dev.watershed.classifier.checkpoint.ParameterVector;
import dev.watershed.classifier.checkpoint.TorchEngine;
import dev.watershed.classifier.model.AdamWSettings;
import dev.watershed.classifier.text.EncodedExample;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Fine-tuning of a BERT classifier by eager operations: DJL's gradient collector, then an AdamW
 * update for each tensor. No clipping: DJL has it only for each element by itself.
 */
public final class EagerTraining implements AutoCloseable {
  private static final float NO_CLIPPING = -1;

  private record Moments(NDArray first, NDArray second) {}

  private final NDManager manager;
  private final Map<String, NDArray> tensors;
  private final Map<String, Moments> moments = new LinkedHashMap<>();
  private final EagerEncoder encoder;
  private int steps;

  /**
   * Copies a model's weights.
   *
   * @param weights of a BERT classifier with GELU, in the host's memory
   * @param dropout probability, of hidden states, attention and before the head
   */
  public EagerTraining(ParameterVector weights, double dropout) {
    EncoderConfig config = weights.layout().architecture().encoder();
    manager = EagerEncoder.newManager();
    try {
      tensors = EagerEncoder.copy(weights, manager);
      for (Map.Entry<String, NDArray> entry : tensors.entrySet()) {
        NDArray tensor = entry.getValue();
        tensor.setRequiresGradient(true);
        moments.put(
            entry.getKey(),
            new Moments(EagerEncoder.zerosLike(tensor), EagerEncoder.zerosLike(tensor)));
      }
      encoder = new EagerEncoder(config, tensors, dropout);
    } catch (Throwable e) {
      manager.close();
      throw e;
    }
  }

  /**
   * Takes one step; every tensor decays but biases and LayerNorms.
   *
   * @param paddedTokens every example is padded to so many
   * @return mean loss in nats before the step
   */
  public double step(
      List<EncodedExample> examples, int paddedTokens, AdamWSettings adamw, double learningRate) {
    double mean;
    try (NDManager scope = manager.newSubManager()) {
      try (GradientCollector collector = TorchEngine.get().newGradientCollector()) {
        long[] labels = examples.stream().mapToLong(EncodedExample::label).toArray();
        NDArray right = scope.create(labels).expandDims(1);
        NDArray loss =
            encoder
                .logits(scope, examples, paddedTokens)
                .logSoftmax(-1)
                .get(new NDIndex().addAllDim().addPickDim(right))
                .mean()
                .neg();
        collector.backward(loss);
        mean = loss.getFloat();
      }
      steps++;
      for (Map.Entry<String, NDArray> entry : tensors.entrySet()) {
        update(entry.getKey(), entry.getValue(), adamw, learningRate);
      }
    }
    return mean;
  }

  /** DJL leaves the correction of the moments' bias to the caller: in the rate and in epsilon. */
  private void update(String name, NDArray tensor, AdamWSettings adamw, double learningRate) {
    Moments moment = moments.get(name);
    if (moment == null) {
      throw new IllegalStateException("no moments of " + name);
    }
    double secondBias = Math.sqrt(1 - Math.pow(adamw.beta2(), steps));
    double corrected = learningRate * secondBias / (1 - Math.pow(adamw.beta1(), steps));
    try (NDArray gradient = tensor.getGradient()) {
      tensor
          .getNDArrayInternal()
          .adamUpdate(
              new NDList(tensor, gradient, moment.first, moment.second),
              new NDList(tensor),
              (float) learningRate,
              (float) corrected,
              tensor.getShape().dimension() > 1 ? (float) adamw.weightDecay() : 0,
              1,
              NO_CLIPPING,
              (float) adamw.beta1(),
              (float) adamw.beta2(),
              (float) (adamw.epsilon() * secondBias),
              false,
              true);
    }
  }

  /** A copy of one parameter, row-major. */
  public float[] copyOf(String parameter) {
    NDArray tensor = tensors.get(parameter);
    if (tensor == null) {
      throw new IllegalArgumentException("no parameter " + parameter);
    }
    return tensor.toFloatArray();
  }

  @Override
  public void close() {
    manager.close();
  }
}
