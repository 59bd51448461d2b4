package dev.watershed.classifier.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
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
import org.jspecify.annotations.Nullable;

/**
 * The forward pass of one classifier architecture over a flat vector, in one precision; inference
 * only. Methods may be called from any thread; closing, here as for vectors and samples, waits for
 * nobody and must come after the last use.
 */
public final class ClassifierProgram implements AutoCloseable {
  private final ParameterLayout layout;
  private final ComputePrecision precision;
  private final TorchScript script;

  private ClassifierProgram(
      ParameterLayout layout, ComputePrecision precision, TorchScript script) {
    this.layout = layout;
    this.precision = precision;
    this.script = script;
  }

  /**
   * Generates and compiles the program.
   *
   * @param architecture with a classification head
   */
  public static ClassifierProgram compile(Architecture architecture, ComputePrecision precision) {
    return compile(architecture, Torch.inferenceKernels(architecture.encoder(), precision));
  }

  /** Generates and compiles the program in fp32. */
  public static ClassifierProgram compile(Architecture architecture) {
    return compile(architecture, ComputePrecision.FP32);
  }

  static ClassifierProgram compile(Architecture architecture, ProgramSource.Kernels kernels) {
    if (architecture.head() != Head.CLASSIFICATION) {
      throw new IllegalArgumentException("need a classification head, got " + architecture.head());
    }
    ParameterLayout layout = ParameterLayout.of(architecture);
    String source = ProgramSource.classifier(layout, kernels);
    return new ClassifierProgram(
        layout, kernels.precision(), TorchScript.compile(ProgramText.CLASS, source));
  }

  public Architecture architecture() {
    return layout.architecture();
  }

  /**
   * Sorts examples by length into batches of at most {@code paddedTokenBudget} tokens (at least one
   * example each) and copies them to native memory.
   *
   * @throws dev.watershed.input.InvalidInputException where there is no example, or one that the
   *     model cannot read
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
      return new PreparedSample(manager, layout.architecture(), batches, lengths);
    } catch (Throwable e) {
      manager.close();
      throw e;
    }
  }

  /**
   * Allocates room for {@link #round}, where libtorch computes.
   *
   * @throws IllegalStateException where this program computes in fp32
   */
  public Bf16Vector newBf16Vector() {
    requireBf16();
    NDManager manager = Torch.newManager();
    try (NDManager scope = Torch.newManager()) {
      // libtorch makes it: DJL's own operations on bfloat16 abort the process.
      NDArray like = scope.zeros(new Shape(1), DataType.FLOAT32);
      return new Bf16Vector(
          layout, manager, script.run(manager, "room_to_round", TorchScript.tensor(like)));
    } catch (Throwable e) {
      manager.close();
      throw e;
    }
  }

  /**
   * Rounds weights to bfloat16, once for all passes over them.
   *
   * @throws IllegalStateException where this program computes in fp32
   */
  public void round(ParameterVector weights, Bf16Vector out) {
    requireOurs(weights);
    requireOurs(out);
    run("round", TorchScript.tensor(weights.array()), TorchScript.tensor(out.array()));
  }

  /**
   * Logits {@code (example, label)}, row-major in the order the sample was given.
   *
   * @param rounded what {@link #round} made of {@code weights}; null where this program computes in
   *     fp32
   * @param cancelled polled between batches
   * @throws CancellationException when {@code cancelled} says so
   */
  public float[] logits(
      ParameterVector weights,
      @Nullable Bf16Vector rounded,
      PreparedSample sample,
      BooleanSupplier cancelled) {
    requireOurs(weights);
    if (rounded != null) {
      requireOurs(rounded);
    } else if (precision == ComputePrecision.BF16) {
      throw new IllegalArgumentException("a program in bfloat16 needs the rounded weights");
    }
    int labels = layout.architecture().labels().size();
    var logits = new float[Math.multiplyExact(sample.exampleCount(), labels)];
    for (PreparedSample.Batch batch : sample.batches()) {
      if (cancelled.getAsBoolean()) {
        throw new CancellationException("evaluation was cancelled");
      }
      float[] rows = logits(weights, rounded, batch);
      int[] indices = batch.indices();
      for (int i = 0; i < indices.length; i++) {
        System.arraycopy(rows, i * labels, logits, indices[i] * labels, labels);
      }
    }
    return logits;
  }

  /**
   * Logits in fp32; as {@link #logits(ParameterVector, Bf16Vector, PreparedSample,
   * BooleanSupplier)}.
   */
  public float[] logits(ParameterVector weights, PreparedSample sample, BooleanSupplier cancelled) {
    return logits(weights, null, sample, cancelled);
  }

  private float[] logits(
      ParameterVector weights, @Nullable Bf16Vector rounded, PreparedSample.Batch batch) {
    var inputs = new ArrayList<IValue>(5);
    inputs.add(TorchScript.tensor(weights.array()));
    if (rounded != null) {
      inputs.add(TorchScript.tensor(rounded.array()));
    }
    inputs.add(TorchScript.tensor(batch.ids()));
    inputs.add(TorchScript.tensor(batch.types()));
    inputs.add(TorchScript.tensor(batch.bias()));
    try (NDManager scope = Torch.newManager()) {
      return script.run(scope, "logits", inputs.toArray(IValue[]::new)).toFloatArray();
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

  /** {@code out = factor a}; {@code out} may not be a. */
  public void scale(ParameterVector a, double factor, ParameterVector out) {
    runInto("scale", a, factor, out);
  }

  /** {@code out += factor a}; {@code out} may not be a. */
  public void accumulate(ParameterVector a, double factor, ParameterVector out) {
    runInto("accumulate", a, factor, out);
  }

  private void runInto(String method, ParameterVector a, double factor, ParameterVector out) {
    requireOurs(a);
    requireOurs(out);
    if (out == a) {
      throw new IllegalArgumentException("the result needs a vector of its own");
    }
    run(
        method,
        TorchScript.tensor(a.array()),
        IValue.from(factor),
        TorchScript.tensor(out.array()));
  }

  private void run(String method, IValue... inputs) {
    try (NDManager scope = Torch.newManager()) {
      script.run(scope, method, inputs);
    }
  }

  private void requireOurs(ParameterVector weights) {
    requireOurs(weights.layout().architecture());
  }

  private void requireOurs(Bf16Vector rounded) {
    requireBf16();
    requireOurs(rounded.layout().architecture());
  }

  private void requireBf16() {
    if (precision != ComputePrecision.BF16) {
      throw new IllegalStateException("this program computes in " + precision);
    }
  }

  private void requireOurs(Architecture other) {
    if (!other.isInterchangeableWith(layout.architecture())) {
      throw new IllegalArgumentException(
          "the weights are of %s, the program of %s".formatted(other, layout.architecture()));
    }
  }

  @Override
  public void close() {
    script.close();
  }
}
