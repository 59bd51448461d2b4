package dev.watershed.bench;

import dev.watershed.classifier.RandomStream;
import dev.watershed.classifier.checkpoint.ParameterVector;
import dev.watershed.classifier.model.NativeArrays;
import dev.watershed.cli.terminal.Durations;
import dev.watershed.eval.v1.EvaluateInterpolationRequest;
import dev.watershed.eval.v1.EvaluateInterpolationResponse;
import dev.watershed.eval.v1.EvaluationServiceGrpc;
import dev.watershed.eval.v1.GetStatisticsRequest;
import dev.watershed.standalone.process.ProcessMemory;
import dev.watershed.standalone.quickstart.MiniatureExperiment;
import dev.watershed.type.v1.EvaluationSample;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Evaluations that were never asked for before and short training runs, in turn, through the
 * service on the miniature; between them, how much memory is held.
 */
public final class Soak {
  private static final int MODELS = 4;
  private static final int EXAMPLES = 64;
  private static final int ALPHAS_PER_CALL = 10;
  private static final int CYCLES = 24;
  private static final int TIMED_EVALUATIONS = 100;
  private static final int TIMED_STEPS = 25;

  /**
   * How much.
   *
   * @param evaluations points, in 24 cycles
   * @param steps optimiser steps, likewise
   * @param time instead of both: cycles of 100 points and 25 steps until it is over; null for none
   * @param threads within an operation of libtorch
   */
  public record Settings(
      int evaluations, int steps, @Nullable Duration time, int threads, long seed) {}

  private final Settings settings;
  private final BenchServer server;
  private final Consumer<String> progress;
  private final List<String> models = new ArrayList<>();
  private final MemorySeries series = new MemorySeries();
  private long evaluations;
  private long steps;

  private Soak(Settings settings, BenchServer server, Consumer<String> progress) {
    this.settings = settings;
    this.server = server;
    this.progress = progress;
  }

  /**
   * Runs to its end.
   *
   * @param progress is told how far it is
   */
  public static SoakResult run(Settings settings, BenchServer server, Consumer<String> progress)
      throws IOException {
    return new Soak(settings, server, progress).run();
  }

  private SoakResult run() throws IOException {
    long start = System.nanoTime();
    for (int i = 0; i < MODELS; i++) {
      try (ParameterVector weights = ModelSize.MINI.weights(settings.seed() + i)) {
        models.add(server.register("model-" + i, weights));
      }
    }
    EvaluationSample sample =
        server.sample(RandomSentences.ofMnliLengths(ModelSize.MINI, EXAMPLES, settings.seed()));
    for (int cycle = 0; goesOn(cycle, start); cycle++) {
      evaluate(sample, share(cycle, settings.evaluations(), TIMED_EVALUATIONS));
      train(cycle, share(cycle, settings.steps(), TIMED_STEPS));
      MemoryPoint now = measure();
      series.add(now);
      progress.accept(
          String.format(
              Locale.ROOT,
              "%d evaluations, %d steps: %d MiB resident, %d KiB heap, %d arrays",
              now.evaluations(),
              now.steps(),
              now.residentBytes() >> 20,
              now.heapBytes() >> 10,
              now.nativeArrays()));
    }
    List<MemoryGrowth> growth = series.growth();
    return new SoakResult(
        evaluations,
        steps,
        (System.nanoTime() - start) / 1e9,
        settings.threads(),
        settings.seed(),
        growth.stream().allMatch(MemoryGrowth::flat),
        growth,
        series.points());
  }

  private boolean goesOn(int cycle, long start) {
    Duration time = settings.time();
    return time == null
        ? cycle < CYCLES
        : cycle < CYCLES || System.nanoTime() - start < time.toNanos();
  }

  private int share(int cycle, int total, int timed) {
    return settings.time() != null
        ? timed
        : (int) ((long) total * (cycle + 1) / CYCLES - (long) total * cycle / CYCLES);
  }

  /** Asks for random alphas of one pair after the other. */
  private void evaluate(EvaluationSample sample, int count) {
    var evaluator = EvaluationServiceGrpc.newBlockingStub(server.channel());
    for (int done = 0; done < count; ) {
      RandomGenerator random = RandomStream.of(settings.seed(), evaluations);
      int a = random.nextInt(models.size());
      int b = (a + 1 + random.nextInt(models.size() - 1)) % models.size();
      List<Double> alphas =
          random
              .doubles(Math.min(ALPHAS_PER_CALL, count - done))
              .sorted()
              .distinct()
              .boxed()
              .toList();
      Iterator<EvaluateInterpolationResponse> responses =
          evaluator.evaluateInterpolation(
              EvaluateInterpolationRequest.newBuilder()
                  .setModelA(models.get(a))
                  .setModelB(models.get(b))
                  .addAllAlphas(alphas)
                  .addSamples(sample)
                  .build());
      int points = 0;
      while (responses.hasNext()) {
        points += responses.next().hasPoint() ? 1 : 0;
      }
      done += points;
      evaluations += points;
    }
  }

  private void train(int cycle, int count) {
    if (count > 0) {
      ServedRun.succeeded(
          server.channel(),
          MiniatureExperiment.training(1, count).getSpec(),
          settings.seed() + cycle);
      steps += count;
    }
  }

  private MemoryPoint measure() {
    var memory = ManagementFactory.getMemoryMXBean();
    memory.gc();
    return new MemoryPoint(
        evaluations,
        steps,
        ProcessMemory.residentBytes(),
        memory.getHeapMemoryUsage().getUsed(),
        NativeArrays.count(),
        EvaluationServiceGrpc.newBlockingStub(server.channel())
            .getStatistics(GetStatisticsRequest.getDefaultInstance())
            .getStatistics()
            .getHeldBytes());
  }

  /** "2,000 evaluations and 500 steps", or the time. */
  public static String describe(Settings settings) {
    Duration time = settings.time();
    return time == null
        ? String.format(
            Locale.ROOT, "%,d evaluations and %,d steps", settings.evaluations(), settings.steps())
        : Durations.text(time.toSeconds());
  }
}
