package dev.watershed.classifier.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.jni.JniUtils;
import dev.watershed.classifier.RandomStream;
import dev.watershed.classifier.checkpoint.Architecture;
import dev.watershed.classifier.checkpoint.Head;
import dev.watershed.classifier.checkpoint.ParameterLayout;
import dev.watershed.classifier.checkpoint.ParameterVector;
import dev.watershed.classifier.text.EncodedExample;
import dev.watershed.input.InvalidInputException;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * Forward, backward and AdamW over one flat vector. One live instance per process at a time: the
 * random generator of dropout is process-wide. Not for use by several threads at once.
 *
 * <p>A step is one call of one compiled method: loss, gradient with respect to the whole vector,
 * its norm, clipping, and a fused AdamW update in place. A step in several parts is a call for the
 * gradient of each, and one for the rest. The same step gives the same bits.
 */
public final class TrainingProgram implements AutoCloseable {
  /** So many steps that {@code beta^steps} is 0 and bias correction divides by exactly 1. */
  private static final float NO_BIAS_CORRECTION = 1e30f;

  private static final AtomicBoolean LIVE = new AtomicBoolean();

  private final ParameterLayout layout;
  private final TorchScript script;

  /** The same in fp32; {@link #script} itself where that is. */
  private final TorchScript exact;

  private final boolean drops;
  private boolean closed;

  private TrainingProgram(
      ParameterLayout layout, TorchScript script, TorchScript exact, boolean drops) {
    this.layout = layout;
    this.script = script;
    this.exact = exact;
    this.drops = drops;
  }

  /** Generates and compiles the program, in fp32. */
  public static TrainingProgram compile(
      Architecture architecture,
      double hiddenDropout,
      double attentionDropout,
      double classifierDropout) {
    return compile(
        architecture, hiddenDropout, attentionDropout, classifierDropout, ComputePrecision.FP32);
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
      double classifierDropout,
      ComputePrecision precision) {
    return compile(
        architecture,
        new ProgramSource.Dropout(hiddenDropout, attentionDropout, classifierDropout),
        Torch.trainingKernels(architecture.encoder(), precision));
  }

  static TrainingProgram compile(
      Architecture architecture, ProgramSource.Dropout dropout, ProgramSource.Kernels kernels) {
    if (architecture.head() == Head.NONE) {
      throw new IllegalArgumentException("a bare encoder has no loss to train on");
    }
    if (!LIVE.compareAndSet(false, true)) {
      throw new IllegalStateException("another training program is live in this process");
    }
    try {
      ParameterLayout layout = ParameterLayout.of(architecture);
      TorchScript script = script(layout, dropout, kernels);
      try {
        TorchScript exact =
            kernels.precision() == ComputePrecision.FP32
                ? script
                : script(layout, dropout, kernels.in(ComputePrecision.FP32));
        return new TrainingProgram(layout, script, exact, !dropout.isNone());
      } catch (Throwable e) {
        script.close();
        throw e;
      }
    } catch (Throwable e) {
      LIVE.set(false);
      throw e;
    }
  }

  private static TorchScript script(
      ParameterLayout layout, ProgramSource.Dropout dropout, ProgramSource.Kernels kernels) {
    return TorchScript.compile(ProgramText.CLASS, ProgramSource.training(layout, kernels, dropout));
  }

  public Architecture architecture() {
    return layout.architecture();
  }

  /**
   * Takes one step. Where loss or gradient are not finite the state is left as it was. The first
   * step of a stage begins with moments of zero.
   *
   * @param dropoutSeed all randomness of the step
   */
  public StepResult step(
      TrainingState state,
      TrainingBatch batch,
      StageSettings stage,
      double learningRate,
      long dropoutSeed) {
    requireOurs(state.weights());
    if (state.step() < stage.begin()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "the stage begins at step %d, the state is at %d",
              stage.begin(),
              state.step()));
    }
    if (state.step() == stage.begin()) {
      state.clearMoments();
    }
    // The settings are read one by one, which from a GPU would be a wait each.
    try (NDManager scope = Torch.newManager();
        NDManager host = Torch.newHostManager()) {
      boolean corrects = stage.adamw().biasCorrection();
      long update = state.step() - stage.begin() + 1;
      NDArray settings = host.create(settings(stage, learningRate));
      NDArray count = scope.create(corrects ? update : NO_BIAS_CORRECTION);
      List<TrainingBatch> parts = batch.parts(stage.parts());
      NDArray measured =
          parts.size() == 1
              ? wholeStep(
                  scope, state, parts.getFirst(), stage.trained(), settings, count, dropoutSeed)
              : stepInParts(scope, state, parts, stage.trained(), settings, count, dropoutSeed);
      double[] numbers = measured.toDoubleArray();
      boolean overflowed = numbers.length == 3 && !Double.isFinite(numbers[2]);
      var result = new StepResult(numbers[0], numbers[1], overflowed);
      if (result.taken()) {
        state.stepTaken();
      }
      return result;
    }
  }

  private NDArray wholeStep(
      NDManager scope,
      TrainingState state,
      TrainingBatch batch,
      TrainedPart trained,
      NDArray settings,
      NDArray count,
      long dropoutSeed) {
    Inputs in = Inputs.of(scope, batch, layout.architecture());
    seed(dropoutSeed);
    return script
        .runWithGradients(
            ProgramSource.stepMethod(trained),
            in.ids,
            in.types,
            in.bias,
            in.targets,
            state.weights().array(),
            state.firstMoment(),
            state.secondMoment(),
            settings,
            count)
        .singletonOrThrow();
  }

  /** The gradient of a mean is the mean of the parts' gradients, weighted by their targets. */
  private NDArray stepInParts(
      NDManager scope,
      TrainingState state,
      List<TrainingBatch> parts,
      TrainedPart trained,
      NDArray settings,
      NDArray count,
      long dropoutSeed) {
    double targets = parts.stream().mapToInt(TrainingBatch::targetCount).sum();
    NDArray total = state.weights().array().zerosLike();
    total.attach(scope);
    double loss = 0;
    for (int i = 0; i < parts.size(); i++) {
      TrainingBatch part = parts.get(i);
      try (NDManager partScope = scope.newSubManager()) {
        Inputs in = Inputs.of(partScope, part, layout.architecture());
        seed(RandomStream.of(dropoutSeed, i).nextLong());
        loss +=
            script
                .runWithGradients(
                    ProgramSource.accumulateMethod(trained),
                    in.ids,
                    in.types,
                    in.bias,
                    in.targets,
                    state.weights().array(),
                    partScope.create(part.targetCount() / targets),
                    total)
                .singletonOrThrow()
                .toDoubleArray()[0];
      }
    }
    return script
        .runWithGradients(
            ProgramSource.updateMethod(trained),
            total,
            scope.create(loss),
            state.weights().array(),
            state.firstMoment(),
            state.secondMoment(),
            settings,
            count)
        .singletonOrThrow();
  }

  private void seed(long dropoutSeed) {
    if (drops) {
      JniUtils.setSeed(dropoutSeed);
    }
  }

  /** As {@code update} of {@code program/optimiser.py} reads them. */
  private double[] settings(StageSettings stage, double learningRate) {
    if (stage.trained() == TrainedPart.HEAD && layout.classifier().isEmpty()) {
      throw new IllegalArgumentException("only a classification head is trained alone");
    }
    AdamWSettings adamw = stage.adamw();
    return new double[] {
      learningRate,
      adamw.beta1(),
      adamw.beta2(),
      adamw.epsilon(),
      stage.clipNorm(),
      adamw.weightDecay(),
      adamw.decayAll() ? adamw.weightDecay() : 0
    };
  }

  /** Mean loss in nats without dropout and without gradient, in fp32. */
  public double loss(ParameterVector weights, TrainingBatch batch) {
    requireOurs(weights);
    try (NDManager scope = Torch.newManager()) {
      Inputs in = Inputs.of(scope, batch, layout.architecture());
      NDArray loss =
          exact.run(
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

  /** Gradient of the mean loss, without dropout, in the layout of the weights. */
  public float[] gradient(ParameterVector weights, TrainingBatch batch) {
    requireOurs(weights);
    try (NDManager scope = Torch.newManager()) {
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
      if (exact != script) {
        exact.close();
      }
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
              String.format(
                  Locale.ROOT,
                  "example %d has label %d, the model knows 0 to %d",
                  i,
                  label,
                  labelCount - 1));
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
          throw new IllegalArgumentException(
              String.format(Locale.ROOT, "example %d needs a label per token", row));
        }
        for (int column = 0; column < labels[row].length; column++) {
          int original = labels[row][column];
          if (original != TrainingBatch.IGNORED) {
            if (original < 0 || original >= vocabularySize) {
              throw new IllegalArgumentException(
                  String.format(Locale.ROOT, "masked label %d is no token id", original));
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
