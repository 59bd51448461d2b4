package dev.watershed.bench;

import dev.watershed.bench.TrainingResult.Steps;
import dev.watershed.bench.baseline.EagerTraining;
import dev.watershed.classifier.checkpoint.Architecture;
import dev.watershed.classifier.checkpoint.ParameterVector;
import dev.watershed.classifier.model.AdamWSettings;
import dev.watershed.classifier.model.ComputePrecision;
import dev.watershed.classifier.model.ForwardCost;
import dev.watershed.classifier.model.MatrixProductRate;
import dev.watershed.classifier.model.OperationProfile;
import dev.watershed.classifier.model.StageSettings;
import dev.watershed.classifier.model.Torch;
import dev.watershed.classifier.model.TrainingBatch;
import dev.watershed.classifier.model.TrainingProgram;
import dev.watershed.classifier.model.TrainingState;
import dev.watershed.classifier.text.EncodedExample;
import dev.watershed.standalone.process.ProcessMemory;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Steps of the training program and of eager operations in turn, from the same weights on the same
 * batch. Drives the program itself: a run through the service also reads data and writes
 * checkpoints.
 */
public final class TrainingBenchmark {
  private static final AdamWSettings ADAMW = new AdamWSettings(.9, .999, 1e-8, .01, true, false);
  private static final StageSettings STAGE = StageSettings.ofWholeRun(ADAMW, 1);
  private static final double LEARNING_RATE = 2e-5;
  private static final int ROUNDS = 2;
  private static final int BATCH_TOKENS = 2048;
  private static final int PRODUCT_REPETITIONS = 3;

  /** A step is a forward pass, and two products backward for each one forward. */
  private static final double PASSES = 3;

  /**
   * What to measure.
   *
   * @param batch examples of a step
   * @param tokens of each example
   * @param steps timed of each contestant, besides one to warm up in each of two rounds
   * @param threads within an operation of libtorch
   * @param bf16 measure bf16 too
   * @param dropout of hidden states, attention and head
   */
  public record Settings(
      ModelSize size,
      int batch,
      int tokens,
      int steps,
      int threads,
      boolean bf16,
      double dropout,
      long seed) {}

  /** The times of one contestant. */
  private static final class Times {
    final List<Double> seconds = new ArrayList<>();
    Spent spent = Spent.NOTHING;
    double optimizerShare;
    List<OperationShare> operations = List.of();
    long peakResidentBytes;
  }

  private final Settings settings;
  private final Consumer<String> progress;
  private final Architecture architecture;
  private final List<EncodedExample> examples;

  private TrainingBenchmark(Settings settings, Consumer<String> progress) {
    this.settings = settings;
    this.progress = progress;
    this.architecture = settings.size().architecture();
    this.examples =
        RandomSentences.ofLength(
            settings.size(), settings.batch(), settings.tokens(), settings.seed());
  }

  /**
   * Measures.
   *
   * @param progress is told what is being done
   * @param runExamplesPerSecond of a run through the service, measured apart; null where it was not
   */
  public static TrainingResult run(
      Settings settings, Consumer<String> progress, @Nullable Double runExamplesPerSecond)
      throws IOException {
    Torch.initialize(settings.threads());
    return new TrainingBenchmark(settings, progress).run(runExamplesPerSecond);
  }

  private TrainingResult run(@Nullable Double runExamplesPerSecond) throws IOException {
    ProductRate fp32Best = rate(ComputePrecision.FP32);
    @Nullable ProductRate bf16Best = settings.bf16() ? rate(ComputePrecision.BF16) : null;
    progress.accept("random weights");
    Times fp32 = new Times();
    Times bf16 = new Times();
    Times eager = new Times();
    try (ParameterVector weights = settings.size().weights(settings.seed())) {
      for (int round = 0; round < ROUNDS; round++) {
        int steps = settings.steps() * (round + 1) / ROUNDS - settings.steps() * round / ROUNDS;
        String of = " (round " + (round + 1) + " of " + ROUNDS + ")";
        progress.accept("training program, fp32" + of);
        train(weights, ComputePrecision.FP32, steps, fp32, round == ROUNDS - 1);
        progress.accept("eager operations" + of);
        trainEagerly(weights, steps, eager);
        if (settings.bf16()) {
          progress.accept("training program, bf16" + of);
          train(weights, ComputePrecision.BF16, steps, bf16, round == ROUNDS - 1);
        }
      }
    }
    fp32Best = fp32Best.or(rate(ComputePrecision.FP32));
    bf16Best = bf16Best == null ? null : bf16Best.or(rate(ComputePrecision.BF16));
    Ratio ratio = ratio(eager, fp32);
    @Nullable Ratio bf16Ratio = bf16Best == null ? null : ratio(eager, bf16);
    Steps fp32Steps = steps(fp32, fp32Best);
    List<Goal> goals = new ArrayList<>();
    goals.add(Goal.atLeast("times faster than eager operations, fp32", ratio.byWallTime(), 1.35));
    if (bf16Ratio != null) {
      goals.add(
          Goal.atLeast("times faster than eager operations, bf16", bf16Ratio.byWallTime(), 2.3));
    }
    goals.add(Goal.atMost("optimiser's share of a step, fp32", fp32Steps.optimizerShare(), .03));
    return new TrainingResult(
        settings.size().toString(),
        settings.size().parameterCount(),
        settings.batch(),
        settings.tokens(),
        settings.steps(),
        settings.threads(),
        Runtime.getRuntime().availableProcessors(),
        settings.dropout(),
        settings.seed(),
        fp32Best,
        bf16Best,
        fp32Steps,
        bf16Best == null ? null : steps(bf16, bf16Best),
        steps(eager, null),
        ratio,
        bf16Ratio,
        runExamplesPerSecond,
        goals);
  }

  /** Of medians by the clock, and of sums of processor time. */
  private static Ratio ratio(Times theirs, Times ours) {
    return new Ratio(
        Medians.of(theirs.seconds) / Medians.of(ours.seconds),
        theirs.spent.processorRatio(ours.spent));
  }

  private ProductRate rate(ComputePrecision precision) {
    progress.accept("best rate of matrix products, " + precision);
    return ProductRate.of(
        MatrixProductRate.best(
            architecture.encoder(), BATCH_TOKENS, precision, PRODUCT_REPETITIONS));
  }

  private void train(
      ParameterVector weights,
      ComputePrecision precision,
      int steps,
      Times times,
      boolean profiling)
      throws IOException {
    TrainingBatch batch = new TrainingBatch(examples, null);
    double dropout = settings.dropout();
    try (TrainingState state = TrainingState.start(weights.hostCopy());
        TrainingProgram program =
            TrainingProgram.compile(architecture, dropout, dropout, dropout, precision)) {
      IntConsumer step = i -> program.step(state, batch, STAGE, LEARNING_RATE, i);
      measure(steps, step, times);
      if (profiling) {
        progress.accept("profile of a step");
        // The profiler's notes come to lie between a step's buffers; the second time there is room.
        OperationProfile.record(() -> step.accept(steps + 1));
        OperationProfile profile = OperationProfile.record(() -> step.accept(steps + 2));
        times.optimizerShare = profile.seconds("update") / profile.wallSeconds();
        times.operations = OperationShare.of(profile);
      }
    }
  }

  private void trainEagerly(ParameterVector weights, int steps, Times times) {
    try (EagerTraining training = new EagerTraining(weights, settings.dropout())) {
      measure(steps, i -> training.step(examples, settings.tokens(), ADAMW, LEARNING_RATE), times);
    }
  }

  private static void measure(int steps, IntConsumer step, Times times) {
    ProcessMemory.resetPeak();
    step.accept(0); // What is only done the first time is not what a step takes.
    Stopwatch watch = new Stopwatch();
    for (int i = 1; i <= steps; i++) {
      step.accept(i);
      Spent spent = watch.lap();
      times.seconds.add(spent.seconds());
      times.spent = times.spent.plus(spent);
    }
    times.peakResidentBytes = Math.max(times.peakResidentBytes, ProcessMemory.peakResidentBytes());
  }

  /**
   * @param best null for eager operations
   */
  private Steps steps(Times times, @Nullable ProductRate best) {
    double seconds = Medians.of(times.seconds);
    double operations =
        PASSES
            * ForwardCost.floatingPointOperations(
                architecture, settings.batch(), settings.tokens());
    double rate = best == null ? 0 : operations / seconds / 1e9;
    return new Steps(
        seconds,
        settings.batch() / seconds,
        times.spent.processorShare(settings.threads()),
        rate,
        best == null ? 0 : rate / best.gigaflops(),
        times.optimizerShare,
        times.peakResidentBytes,
        times.operations);
  }
}
