package dev.watershed.classifier.model;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.jni.JniUtils;
import dev.watershed.classifier.InvalidInputException;
import dev.watershed.classifier.checkpoint.Architecture;
import dev.watershed.classifier.checkpoint.Head;
import dev.watershed.classifier.checkpoint.ParameterLayout;
import dev.watershed.classifier.checkpoint.ParameterVector;
import dev.watershed.classifier.text.EncodedExample;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * Forward, backward and AdamW over one flat vector. One live instance per process at a time: the
 * random generator of dropout is process-wide. Not for use by several threads at once.
 *
 * <p>A step is one call of one compiled method: loss, gradient with respect to the whole vector,
 * its norm, clipping, and a fused AdamW update in place. The same step gives the same bits.
 */
public final class TrainingProgram implements AutoCloseable {
  /** So many steps that {@code beta^steps} is 0 and bias correction divides by exactly 1. */
  private static final float NO_BIAS_CORRECTION = 1e30f;

  private static final AtomicBoolean LIVE = new AtomicBoolean();

  private final ParameterLayout layout;
  private final TorchScript script;
  private final boolean drops;
  private boolean closed;

  private TrainingProgram(ParameterLayout layout, TorchScript script, boolean drops) {
    this.layout = layout;
    this.script = script;
    this.drops = drops;
  }

  /**
   * Generates and compiles the program.
   *
   * @param architecture with a head to train
   * @throws IllegalStateException where another instance is live
   */
  public static TrainingProgram compile(
      Architecture architecture,
      double hiddenDropout,
      double attentionDropout,
      double classifierDropout) {
    if (architecture.head() == Head.NONE) {
      throw new IllegalArgumentException("a bare encoder has no loss to train on");
    }
    var dropout = new ProgramSource.Dropout(hiddenDropout, attentionDropout, classifierDropout);
    Torch.threads(); // starts libtorch where nobody has
    if (!LIVE.compareAndSet(false, true)) {
      throw new IllegalStateException("another training program is live in this process");
    }
    try {
      ParameterLayout layout = ParameterLayout.of(architecture);
      String source = ProgramSource.training(layout, dropout);
      return new TrainingProgram(
          layout, TorchScript.compile(ProgramSource.CLASS, source), !dropout.isNone());
    } catch (Throwable e) {
      LIVE.set(false);
      throw e;
    }
  }

  public Architecture architecture() {
    return layout.architecture();
  }

  /**
   * Takes one step. Where loss or gradient are not finite the state is left as it was.
   *
   * @param clipNorm largest global L2 norm of the gradient; 0 for none
   * @param dropoutSeed all randomness of the step
   */
  public StepResult step(
      TrainingState state,
      TrainingBatch batch,
      AdamWSettings adamw,
      double learningRate,
      double clipNorm,
      long dropoutSeed) {
    requireOurs(state.weights());
    try (NDManager scope = Engine.getEngine("PyTorch").newBaseManager()) {
      Inputs in = Inputs.of(scope, batch, layout.architecture());
      double[] settings = {
        learningRate,
        adamw.beta1(),
        adamw.beta2(),
        adamw.epsilon(),
        adamw.weightDecay(),
        clipNorm,
        adamw.decayAll() ? layout.trainedSize() : layout.decayedSize(),
        layout.trainedSize()
      };
      float count = adamw.biasCorrection() ? state.step() + 1 : NO_BIAS_CORRECTION;
      if (drops) {
        JniUtils.setSeed(dropoutSeed);
      }
      NDList results =
          script.runWithGradients(
              "step",
              in.ids,
              in.types,
              in.bias,
              in.targets,
              state.weights().array(),
              state.firstMoment(),
              state.secondMoment(),
              scope.create(settings),
              scope.create(count));
      double[] lossAndNorm = results.get(0).toDoubleArray();
      var measured = new StepResult(lossAndNorm[0], lossAndNorm[1]);
      if (measured.taken()) {
        state.stepTaken();
      }
      return measured;
    }
  }

  /** Mean loss in nats without dropout and without gradient. */
  public double loss(ParameterVector weights, TrainingBatch batch) {
    requireOurs(weights);
    try (NDManager scope = Engine.getEngine("PyTorch").newBaseManager()) {
      Inputs in = Inputs.of(scope, batch, layout.architecture());
      NDArray loss =
          script.run(
              scope,
              "loss",
              TorchScript.tensor(in.ids),
              TorchScript.tensor(in.types),
              TorchScript.tensor(in.bias),
              TorchScript.tensor(in.targets),
              TorchScript.tensor(weights.array()));
      return loss.toDoubleArray()[0];
    }
  }

  /** Gradient of {@link #loss} in the layout of the weights. */
  public float[] gradient(ParameterVector weights, TrainingBatch batch) {
    requireOurs(weights);
    try (NDManager scope = Engine.getEngine("PyTorch").newBaseManager()) {
      Inputs in = Inputs.of(scope, batch, layout.architecture());
      return script
          .runWithGradients("gradient", in.ids, in.types, in.bias, in.targets, weights.array())
          .singletonOrThrow()
          .toFloatArray();
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
    if (!closed) {
      closed = true;
      script.close();
      LIVE.set(false);
    }
  }

  /**
   * A batch in native memory.
   *
   * @param targets int64 {@code (2, n)}: place of each prediction in the batch, what is right there
   */
  private record Inputs(NDArray ids, NDArray types, NDArray bias, NDArray targets) {
    static Inputs of(NDManager scope, TrainingBatch batch, Architecture architecture) {
      List<EncodedExample> examples = batch.examples();
      Examples.requireFit(examples, architecture.encoder());
      int[] all = IntStream.range(0, examples.size()).toArray();
      PreparedSample.Batch padded =
          PreparedSample.Batch.of(scope, examples, all, architecture.encoder().padTokenId());
      long[] targets =
          architecture.head() == Head.CLASSIFICATION
              ? labels(examples, architecture.labels().size())
              : maskedTokens(
                  batch,
                  Math.toIntExact(padded.ids().getShape().get(1)),
                  architecture.encoder().vocabularySize());
      return new Inputs(
          padded.ids(),
          padded.types(),
          padded.bias(),
          scope.create(targets, new Shape(2, targets.length / 2)));
    }

    private static long[] labels(List<EncodedExample> examples, int labelCount) {
      int n = examples.size();
      var targets = new long[2 * n];
      for (int i = 0; i < n; i++) {
        int label = examples.get(i).label();
        if (label < 0 || label >= labelCount) {
          throw InvalidInputException.invalid(
              "LABEL_OUT_OF_RANGE",
              "examples",
              "example %d has label %d, the model knows 0 to %d"
                  .formatted(i, label, labelCount - 1));
        }
        targets[i] = i;
        targets[n + i] = label;
      }
      return targets;
    }

    private static long[] maskedTokens(TrainingBatch batch, int tokens, int vocabularySize) {
      int[][] labels = batch.maskedLabels();
      if (labels == null || labels.length != batch.examples().size()) {
        throw new IllegalArgumentException("masked language modelling needs labels per token");
      }
      var places = LongStream.builder();
      var originals = LongStream.builder();
      for (int row = 0; row < labels.length; row++) {
        if (labels[row].length != batch.examples().get(row).length()) {
          throw new IllegalArgumentException("example %d needs a label per token".formatted(row));
        }
        for (int column = 0; column < labels[row].length; column++) {
          int original = labels[row][column];
          if (original != TrainingBatch.IGNORED) {
            if (original < 0 || original >= vocabularySize) {
              throw new IllegalArgumentException(
                  "masked label %d is no token id".formatted(original));
            }
            places.add((long) row * tokens + column);
            originals.add(original);
          }
        }
      }
      long[] targets = LongStream.concat(places.build(), originals.build()).toArray();
      if (targets.length == 0) {
        throw new IllegalArgumentException("the batch predicts no token; mask at least one");
      }
      return targets;
    }
  }
}
