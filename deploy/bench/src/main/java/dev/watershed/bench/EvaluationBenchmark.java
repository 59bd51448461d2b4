package dev.watershed.bench;

import dev.watershed.bench.EvaluationResult.Baseline;
import dev.watershed.bench.EvaluationResult.Pass;
import dev.watershed.bench.EvaluationResult.Profile;
import dev.watershed.bench.baseline.EagerClassifier;
import dev.watershed.classifier.RandomStream;
import dev.watershed.classifier.checkpoint.Architecture;
import dev.watershed.classifier.checkpoint.HuggingFaceCheckpoint;
import dev.watershed.classifier.checkpoint.ParameterVector;
import dev.watershed.classifier.model.ClassifierProgram;
import dev.watershed.classifier.model.ComputePrecision;
import dev.watershed.classifier.model.ForwardCost;
import dev.watershed.classifier.model.MatrixProductRate;
import dev.watershed.classifier.model.OperationProfile;
import dev.watershed.classifier.model.PreparedSample;
import dev.watershed.classifier.text.EncodedExample;
import dev.watershed.cli.terminal.Durations;
import dev.watershed.eval.v1.EvaluateInterpolationRequest;
import dev.watershed.eval.v1.EvaluateInterpolationResponse;
import dev.watershed.eval.v1.EvaluationServiceGrpc;
import dev.watershed.eval.v1.EvaluatorStatistics;
import dev.watershed.eval.v1.GetStatisticsRequest;
import dev.watershed.standalone.process.ProcessMemory;
import dev.watershed.type.v1.EvaluationSample;
import dev.watershed.type.v1.Precision;
import io.grpc.ManagedChannel;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Pairs of random models evaluated through the service, beside two baselines and the best rate of
 * matrix products, all on one machine within one run.
 */
public final class EvaluationBenchmark {
  /** Tokens of a batch of the service, and so rows of its matrix products. */
  private static final int BATCH_TOKENS = 2048;

  private static final int REFERENCE_TOKENS = ModelSize.POSITIONS;
  private static final int EAGER_TOKENS = RandomSentences.LONGEST;

  /** Of the baselines' batches; eager operations are the slower the larger their results are. */
  private static final int BASELINE_BATCH_TOKENS = 1024;

  /** Of the sample; at least so many examples, or the first would count for too much. */
  private static final int REFERENCE_PART = 64;

  private static final int REFERENCE_LEAST = 4;
  private static final int EAGER_PART = 16;
  private static final int EAGER_LEAST = 8;
  private static final int PRODUCT_REPETITIONS = 3;

  /** What the rates are taken to be where the time to come is estimated. */
  private static final double EXPECTED_FRACTION = .75;

  private static final double EXPECTED_EAGER_FRACTION = .35;

  private static final long PROGRESS_NANOS = 10_000_000_000L;

  /**
   * What to measure.
   *
   * @param examples of the sample
   * @param alphas equally spaced points of each pair
   * @param pairs of as few models as have so many
   * @param runs of each contestant
   * @param threads within an operation of libtorch
   * @param bf16 measure bf16 too
   * @param profile account for a forward pass by operations too
   */
  public record Settings(
      ModelSize size,
      int examples,
      int alphas,
      int pairs,
      int runs,
      int threads,
      boolean bf16,
      boolean profile,
      long seed) {}

  private static final Precision FP32 = Precision.PRECISION_FP32;
  private static final Precision BF16 = Precision.PRECISION_BF16;

  private record Pair(String a, String b) {}

  private final Settings settings;
  private final BenchServer server;
  private final Consumer<String> progress;
  private final Architecture architecture;
  private final List<EncodedExample> examples;
  private final List<Double> alphas;

  private EvaluationBenchmark(Settings settings, BenchServer server, Consumer<String> progress) {
    this.settings = settings;
    this.server = server;
    this.progress = progress;
    this.architecture = settings.size().architecture();
    this.examples =
        RandomSentences.ofMnliLengths(settings.size(), settings.examples(), settings.seed());
    this.alphas =
        IntStream.range(0, settings.alphas())
            .mapToObj(i -> i / (double) (settings.alphas() - 1))
            .toList();
  }

  /** Opens a server that may hold the models of a pair, and runs nothing yet. */
  public static BenchServer open(Settings settings, Function<String, ManagedChannel> channels)
      throws IOException {
    // Two models, their combination, one read ahead, and bf16 copies; by default 2 GB.
    long bytes = 5 * Float.BYTES * settings.size().parameterCount() + (256L << 20);
    Map<String, Object> configuration =
        bytes > 2_000_000_000L ? Map.of("watershed.eval.memory", bytes) : Map.of();
    return BenchServer.open(settings.threads(), configuration, channels);
  }

  /**
   * Measures.
   *
   * @param server of {@link #open}
   * @param progress is told what is being done
   */
  public static EvaluationResult run(
      Settings settings, BenchServer server, Consumer<String> progress) throws IOException {
    return new EvaluationBenchmark(settings, server, progress).run();
  }

  private EvaluationResult run() throws IOException {
    ProductRate fp32Best = rate(ComputePrecision.FP32);
    @Nullable ProductRate bf16Best = settings.bf16() ? rate(ComputePrecision.BF16) : null;
    progress.accept("about " + Durations.text(estimate(fp32Best)) + ", on an idle machine");
    List<String> models = register();
    List<Pair> pairs = pairs(models);
    EvaluationSample sample = server.sample(examples);
    // What is only done the first time in a process is not what a pair takes.
    evaluate(pairs.subList(0, 1), sample.toBuilder().setSize(1).setFirstRows(true).build(), FP32);
    List<Run> fp32 = new ArrayList<>();
    List<Run> bf16 = new ArrayList<>();
    List<Baseline> reference = new ArrayList<>();
    List<Baseline> eager = new ArrayList<>();
    for (int run = 1; run <= settings.runs(); run++) {
      String of = " (run " + run + " of " + settings.runs() + ")";
      if (run > 1) {
        fp32Best = fp32Best.or(rate(ComputePrecision.FP32));
      }
      server.restart();
      progress.accept("fp32 through the service" + of);
      fp32.add(evaluate(pairs, sample, FP32));
      if (bf16Best != null) {
        bf16Best = bf16Best.or(rate(ComputePrecision.BF16));
        server.restart();
        progress.accept("bf16 through the service" + of);
        bf16.add(evaluate(pairs, sample, BF16));
      }
      progress.accept("eager operations, padded to " + EAGER_TOKENS + of);
      eager.add(baseline(pairs.get(0), EAGER_TOKENS, eagerPart(), false));
      progress.accept("reference protocol, padded to " + REFERENCE_TOKENS + of);
      reference.add(baseline(pairs.get(0), REFERENCE_TOKENS, referencePart(), true));
    }
    return result(models.size(), fp32Best, bf16Best, fp32, bf16, reference, eager);
  }

  private EvaluationResult result(
      int models,
      ProductRate fp32Best,
      @Nullable ProductRate bf16Best,
      List<Run> fp32,
      List<Run> bf16,
      List<Baseline> reference,
      List<Baseline> eager)
      throws IOException {
    Pass fp32Pass = pass(fp32, fp32Best);
    Ratio toReference = ratio(reference.stream().map(this::spent).toList(), fp32);
    Ratio toEager = ratio(eager.stream().map(this::spent).toList(), fp32);
    List<Goal> goals = new ArrayList<>();
    goals.add(Goal.atLeast("fraction of the best rate, fp32", fp32Pass.fractionOfBestRate(), .8));
    goals.add(
        Goal.atLeast("times faster than the reference protocol", toReference.byWallTime(), 12));
    goals.add(Goal.atLeast("times faster than eager operations", toEager.byWallTime(), 4));
    @Nullable Pass bf16Pass = null;
    @Nullable Ratio bf16Ratio = null;
    if (bf16Best != null) {
      bf16Pass = pass(bf16, bf16Best);
      bf16Ratio = ratio(fp32.stream().map(Run::spent).toList(), bf16);
      goals.add(Goal.atLeast("times faster in bf16 than in fp32", bf16Ratio.byWallTime(), 1.4));
    }
    return new EvaluationResult(
        settings.size().toString(),
        settings.size().parameterCount(),
        settings.examples(),
        settings.alphas(),
        settings.pairs(),
        models,
        settings.threads(),
        Runtime.getRuntime().availableProcessors(),
        settings.runs(),
        settings.seed(),
        fp32.get(0).after().getProvenance().getKernels(),
        fp32Best,
        bf16Best,
        fp32Pass,
        bf16Pass,
        Medians.by(reference, Baseline::secondsPerPair),
        Medians.by(eager, Baseline::secondsPerPair),
        toReference,
        toEager,
        bf16Ratio,
        goals,
        settings.profile() ? profile(fp32Pass) : null);
  }

  private static Pass pass(List<Run> runs, ProductRate best) {
    long least = runs.stream().mapToLong(Run::peakResidentBytes).min().orElse(0);
    return Medians.by(runs, Run::seconds).pass(best, least);
  }

  /** What a baseline would have spent on all pairs. */
  private Spent spent(Baseline baseline) {
    double seconds = baseline.secondsPerPair() * settings.pairs();
    return new Spent(seconds, seconds * baseline.processorShare() * settings.threads());
  }

  /** Theirs over ours, run by run. */
  private static Ratio ratio(List<Spent> theirs, List<Run> ours) {
    List<Double> wall = new ArrayList<>();
    List<Double> processor = new ArrayList<>();
    for (int run = 0; run < ours.size(); run++) {
      Spent our = ours.get(run).spent();
      wall.add(theirs.get(run).seconds() / our.seconds());
      Double ratio = theirs.get(run).processorRatio(our);
      if (ratio != null) {
        processor.add(ratio);
      }
    }
    return new Ratio(
        Medians.of(wall), processor.size() < ours.size() ? null : Medians.of(processor));
  }

  private ProductRate rate(ComputePrecision precision) {
    progress.accept("best rate of matrix products, " + precision);
    return ProductRate.of(
        MatrixProductRate.best(
            architecture.encoder(), BATCH_TOKENS, precision, PRODUCT_REPETITIONS));
  }

  /** Seconds that all runs take together, roughly. */
  private double estimate(ProductRate best) {
    double rate = best.gigaflops() * 1e9;
    double point =
        examples.stream()
            .mapToDouble(e -> ForwardCost.floatingPointOperations(architecture, 1, e.length()))
            .sum();
    double ours = point * settings.alphas() * settings.pairs() / (EXPECTED_FRACTION * rate);
    double baselines =
        (referencePart() * ForwardCost.floatingPointOperations(architecture, 1, REFERENCE_TOKENS)
                + eagerPart() * ForwardCost.floatingPointOperations(architecture, 1, EAGER_TOKENS))
            / (EXPECTED_EAGER_FRACTION * rate);
    double start = 5 + 4e-8 * settings.size().parameterCount();
    double run = ours * (settings.bf16() ? 1.7 : 1) + baselines + start * (settings.bf16() ? 2 : 1);
    double profiled = settings.profile() ? 5 * ours / settings.alphas() / settings.pairs() : 0;
    return settings.runs() * run + profiled + 1e-7 * settings.size().parameterCount();
  }

  private List<String> register() throws IOException {
    int count = 2;
    while (count * (count - 1) / 2 < settings.pairs()) {
      count++;
    }
    List<String> names = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      progress.accept("random model " + (i + 1) + " of " + count);
      try (ParameterVector weights = settings.size().weights(settings.seed() + i)) {
        names.add(server.register("model-" + i, weights));
      }
    }
    return names;
  }

  private List<Pair> pairs(List<String> models) {
    List<Pair> pairs = new ArrayList<>();
    for (int b = 1; b < models.size(); b++) {
      for (int a = 0; a < b && pairs.size() < settings.pairs(); a++) {
        pairs.add(new Pair(models.get(a), models.get(b)));
      }
    }
    return pairs;
  }

  /** What was seen around the evaluation of all pairs. */
  private record Run(
      Spent spent,
      EvaluatorStatistics before,
      EvaluatorStatistics after,
      long peakResidentBytes,
      Settings settings) {
    double seconds() {
      return spent.seconds();
    }

    double processorShare() {
      return spent.processorShare(settings.threads());
    }

    Pass pass(ProductRate best, long leastResidentBytes) {
      double seconds = seconds();
      long points = after.getComputedPointCount() - before.getComputedPointCount();
      double operations = after.getFloatingPointOperations() - before.getFloatingPointOperations();
      double loading = after.getLoadingSeconds() - before.getLoadingSeconds();
      double interpolating = after.getInterpolatingSeconds() - before.getInterpolatingSeconds();
      double forward = after.getForwardSeconds() - before.getForwardSeconds();
      double rate = operations / seconds / 1e9;
      return new Pass(
          seconds / settings.pairs(),
          seconds,
          processorShare(),
          (after.getUsefulTokenCount() - before.getUsefulTokenCount()) / points,
          (after.getPaddedTokenCount() - before.getPaddedTokenCount()) / points,
          rate,
          rate / best.gigaflops(),
          operations / forward / 1e9 / best.gigaflops(),
          loading / seconds,
          interpolating / seconds,
          forward / seconds,
          (seconds - loading - interpolating - forward) / seconds,
          leastResidentBytes,
          after.getPeakHeldBytes(),
          after.getMemoryLimitBytes());
    }
  }

  private Run evaluate(List<Pair> pairs, EvaluationSample sample, Precision precision) {
    var evaluator = EvaluationServiceGrpc.newBlockingStub(server.channel());
    EvaluatorStatistics before = statistics(evaluator);
    ProcessMemory.resetPeak();
    Stopwatch watch = new Stopwatch();
    long said = System.nanoTime();
    for (Pair pair : pairs) {
      Iterator<EvaluateInterpolationResponse> responses =
          evaluator.evaluateInterpolation(
              EvaluateInterpolationRequest.newBuilder()
                  .setModelA(pair.a())
                  .setModelB(pair.b())
                  .addAllAlphas(alphas)
                  .addSamples(sample)
                  .setPrecision(precision)
                  .setAllowSlowPrecision(true)
                  .build());
      while (responses.hasNext()) {
        var response = responses.next();
        if (response.hasPoint() && System.nanoTime() - said > PROGRESS_NANOS) {
          said = System.nanoTime();
          progress.accept(
              String.format(Locale.ROOT, "  alpha %.2f", response.getPoint().getAlpha()));
        }
      }
    }
    return new Run(
        watch.lap(), before, statistics(evaluator), ProcessMemory.peakResidentBytes(), settings);
  }

  private static EvaluatorStatistics statistics(
      EvaluationServiceGrpc.EvaluationServiceBlockingStub evaluator) {
    return evaluator.getStatistics(GetStatisticsRequest.getDefaultInstance()).getStatistics();
  }

  private int referencePart() {
    return Math.min(
        settings.examples(), Math.max(REFERENCE_LEAST, settings.examples() / REFERENCE_PART));
  }

  private int eagerPart() {
    return Math.min(settings.examples(), Math.max(EAGER_LEAST, settings.examples() / EAGER_PART));
  }

  /**
   * Measures one point between two models by eager operations, on a part of the sample.
   *
   * @param reloading whether each pair reads its models again
   */
  private Baseline baseline(Pair pair, int tokens, int count, boolean reloading)
      throws IOException {
    int batch = Math.max(1, BASELINE_BATCH_TOKENS / tokens);
    Stopwatch watch = new Stopwatch();
    try (EagerClassifier a = read(pair.a());
        EagerClassifier b = read(pair.b())) {
      Spent loading = reloading ? watch.lap() : Spent.NOTHING;
      // What is only done the first time is not what a pair takes.
      a.logits(examples.subList(0, 1), tokens, batch);
      watch.lap();
      try (EagerClassifier mixed = EagerClassifier.interpolate(a, b, .5)) {
        Spent interpolating = watch.lap();
        mixed.logits(examples.subList(0, count), tokens, batch);
        Spent forward = watch.lap();
        Spent pointOfAll = forward.times((double) settings.examples() / count);
        Spent whole = interpolating.plus(pointOfAll).times(settings.alphas()).plus(loading);
        return new Baseline(
            whole.seconds(),
            whole.processorShare(settings.threads()),
            tokens,
            count,
            loading.seconds(),
            interpolating.seconds(),
            forward.seconds());
      }
    }
  }

  private EagerClassifier read(String model) throws IOException {
    String id = model.substring(model.indexOf('/') + 1);
    try (ParameterVector weights = HuggingFaceCheckpoint.open(server.checkpointFiles(id)).read()) {
      return EagerClassifier.copyOf(weights);
    }
  }

  private Profile profile(Pass fp32) throws IOException {
    progress.accept("profile of a forward pass");
    try (ParameterVector weights =
            settings.size().weights(RandomStream.of(settings.seed(), 1).nextLong());
        ClassifierProgram program = ClassifierProgram.compile(architecture);
        PreparedSample sample = program.prepare(examples, BATCH_TOKENS)) {
      Runnable pass = () -> program.logits(weights, sample, () -> false);
      pass.run();
      // The first time, the profiler's notes come to lie between the buffers of a pass, and each
      // large one needs fresh memory; a fifth of the pass was page faults.
      OperationProfile.record(pass);
      Stopwatch watch = new Stopwatch();
      pass.run();
      Spent before = watch.lap();
      OperationProfile profile = OperationProfile.record(pass);
      Spent profiled = watch.lap();
      pass.run();
      Spent plain = before.plus(watch.lap()).times(.5);
      Double overhead = profiled.processorRatio(plain);
      double accounted = profile.accountedSeconds();
      double share = accounted / profile.wallSeconds();
      return new Profile(
          profile.wallSeconds(),
          accounted,
          share,
          overhead == null ? null : overhead - 1,
          fp32.loadingShare() + fp32.interpolatingShare() + share * fp32.forwardShare(),
          OperationShare.of(profile));
    }
  }
}
