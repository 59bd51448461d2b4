package dev.watershed.classifier.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.jni.IValue;
import dev.watershed.classifier.checkpoint.Architecture;
import dev.watershed.classifier.checkpoint.Head;
import dev.watershed.classifier.checkpoint.ParameterLayout;
import dev.watershed.classifier.checkpoint.ParameterVector;
import dev.watershed.classifier.text.EncodedExample;
import dev.watershed.classifier.text.LengthBuckets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;

/**
 * The forward pass of one classifier architecture over a flat vector; inference only. Methods may
 * be called from any thread; closing, here as for vectors and samples, waits for nobody and must
 * come after the last use.
 */
public final class ClassifierProgram implements AutoCloseable {
  private final ParameterLayout layout;
  private final TorchScript script;

  private ClassifierProgram(ParameterLayout layout, TorchScript script) {
    this.layout = layout;
    this.script = script;
  }

  /**
   * Generates and compiles the program.
   *
   * @param architecture with a classification head
   */
  public static ClassifierProgram compile(Architecture architecture) {
    return compile(architecture, Torch.inferenceKernels(architecture.encoder()));
  }

  static ClassifierProgram compile(Architecture architecture, ProgramSource.Kernels kernels) {
    if (architecture.head() != Head.CLASSIFICATION) {
      throw new IllegalArgumentException("need a classification head, got " + architecture.head());
    }
    ParameterLayout layout = ParameterLayout.of(architecture);
    String source = ProgramSource.classifier(layout, kernels);
    return new ClassifierProgram(layout, TorchScript.compile(ProgramSource.CLASS, source));
  }

  public Architecture architecture() {
    return layout.architecture();
  }

  /**
   * Sorts examples by length into batches of at most {@code paddedTokenBudget} tokens (at least one
   * example each) and copies them to native memory.
   *
   * @throws dev.watershed.classifier.InvalidInputException where there is no example, or one that
   *     the model cannot read
   */
  public PreparedSample prepare(List<EncodedExample> examples, int paddedTokenBudget) {
    Examples.requireFit(examples, layout.architecture().encoder());
    int[] lengths = examples.stream().mapToInt(EncodedExample::length).toArray();
    int padTokenId = layout.architecture().encoder().padTokenId();
    NDManager manager = Torch.newManager();
    try {
      var batches = new ArrayList<PreparedSample.Batch>();
      for (int[] indices : LengthBuckets.of(lengths, paddedTokenBudget)) {
        batches.add(PreparedSample.Batch.of(manager, examples, indices, padTokenId));
      }
      return new PreparedSample(manager, batches, examples.size());
    } catch (Throwable e) {
      manager.close();
      throw e;
    }
  }

  /**
   * Logits {@code (example, label)}, row-major in the order the sample was given.
   *
   * @param cancelled polled between batches
   * @throws CancellationException when {@code cancelled} says so
   */
  public float[] logits(ParameterVector weights, PreparedSample sample, BooleanSupplier cancelled) {
    requireOurs(weights);
    int labels = layout.architecture().labels().size();
    var logits = new float[Math.multiplyExact(sample.exampleCount(), labels)];
    for (PreparedSample.Batch batch : sample.batches()) {
      if (cancelled.getAsBoolean()) {
        throw new CancellationException("evaluation was cancelled");
      }
      float[] rows = logits(weights, batch);
      int[] indices = batch.indices();
      for (int i = 0; i < indices.length; i++) {
        System.arraycopy(rows, i * labels, logits, indices[i] * labels, labels);
      }
    }
    return logits;
  }

  private float[] logits(ParameterVector weights, PreparedSample.Batch batch) {
    try (NDManager scope = Torch.newManager()) {
      NDArray result =
          script.run(
              scope,
              "logits",
              TorchScript.tensor(weights.array()),
              TorchScript.tensor(batch.ids()),
              TorchScript.tensor(batch.types()),
              TorchScript.tensor(batch.bias()));
      return result.toFloatArray();
    }
  }

  /**
   * {@code out = alpha a + (1 - alpha) b}; alpha 1 gives exactly a, alpha 0 exactly b. {@code out}
   * may not be a or b.
   */
  public void interpolate(ParameterVector a, ParameterVector b, double alpha, ParameterVector out) {
    requireOurs(a);
    requireOurs(b);
    requireOurs(out);
    if (out == a || out == b) {
      throw new IllegalArgumentException("the result needs a vector of its own");
    }
    run(
        "interpolate",
        TorchScript.tensor(a.array()),
        TorchScript.tensor(b.array()),
        IValue.from(alpha),
        TorchScript.tensor(out.array()));
  }

  /**
   * {@code out = sum of coefficients[i] vectors[i]}, in the order given; a coefficient of 0 leaves
   * its vector out, so that a single 1 gives exactly that vector. {@code out} may not be among the
   * vectors.
   */
  public void combine(List<ParameterVector> vectors, double[] coefficients, ParameterVector out) {
    if (vectors.size() != coefficients.length || vectors.isEmpty()) {
      throw new IllegalArgumentException(
          "need one coefficient for each of at least one vector, got %d for %d"
              .formatted(coefficients.length, vectors.size()));
    }
    requireOurs(out);
    boolean first = true;
    for (int i = 0; i < coefficients.length; i++) {
      ParameterVector vector = vectors.get(i);
      requireOurs(vector);
      if (vector == out) {
        throw new IllegalArgumentException("the result needs a vector of its own");
      }
      boolean last = i == coefficients.length - 1;
      if (coefficients[i] != 0 || (first && last)) {
        run(
            first ? "scale" : "accumulate",
            TorchScript.tensor(vector.array()),
            IValue.from(coefficients[i]),
            TorchScript.tensor(out.array()));
        first = false;
      }
    }
  }

  private void run(String method, IValue... inputs) {
    try (NDManager scope = Torch.newManager()) {
      script.run(scope, method, inputs);
    }
  }

  private void requireOurs(ParameterVector weights) {
    if (!weights.layout().architecture().isInterchangeableWith(layout.architecture())) {
      throw new IllegalArgumentException(
          "the weights are of %s, the program of %s"
              .formatted(weights.layout().architecture(), layout.architecture()));
    }
  }

  @Override
  public void close() {
    script.close();
  }
}
