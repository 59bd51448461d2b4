package dev.watershed.eval.engine;

import dev.watershed.classifier.checkpoint.Architecture;
import dev.watershed.classifier.checkpoint.EncoderConfig;
import dev.watershed.classifier.checkpoint.ParameterLayout;
import dev.watershed.classifier.checkpoint.ParameterVector;
import dev.watershed.classifier.model.Bf16Vector;
import dev.watershed.classifier.model.ClassifierProgram;
import dev.watershed.classifier.model.ComputePrecision;
import dev.watershed.classifier.model.PreparedSample;
import dev.watershed.classifier.model.Torch;
import dev.watershed.eval.engine.LeaseCache.Key;
import dev.watershed.eval.engine.LeaseCache.Lease;
import dev.watershed.eval.plan.AffineCombination;
import dev.watershed.eval.plan.AffineCombination.Term;
import dev.watershed.server.RefusedException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What lies in the device's memory, and the passes over it. Several threads may compute at a time,
 * each with a scratch vector of its own.
 *
 * <p>Weights, scratch and samples share one limit. What a unit of work leases at the same time is
 * known before it begins: two models and their combination, then one vector, its rounded copy and a
 * sample.
 */
final class Device implements Prefetcher.Target, AutoCloseable {
  private static final int PROGRAMS = 16;

  private final Models models;
  private final EvaluationCounters counters;
  private final int paddedTokensPerBatch;
  private final LeaseCache memory;
  private final LeaseCache programs = new LeaseCache(PROGRAMS);

  private record ProgramKey(Architecture architecture, ComputePrecision precision)
      implements Key<ClassifierProgram> {}

  private record VectorKey(String model) implements Key<ParameterVector> {}

  private record SampleKey(String digest, EncoderConfig encoder) implements Key<PreparedSample> {}

  private record ScratchKey(Architecture architecture, long thread)
      implements Key<ParameterVector> {}

  private record RoundedKey(Architecture architecture, long thread) implements Key<Bf16Vector> {}

  Device(Models models, EvaluationCounters counters, long memoryBytes, int paddedTokensPerBatch) {
    this.models = models;
    this.counters = counters;
    this.paddedTokensPerBatch = paddedTokensPerBatch;
    memory = new LeaseCache(memoryBytes);
  }

  /** The weights, samples and scratch held. */
  LeaseCache memory() {
    return memory;
  }

  /** Returns the Euclidean distance of two models that fit each other. */
  double distance(Model a, Model b, WorkMeter meter) {
    try (Lease<ParameterVector> first = vector(a, meter);
        Lease<ParameterVector> second = vector(b, meter)) {
      return first.value().euclideanDistance(second.value());
    }
  }

  /**
   * Computes logits of one combination on several samples.
   *
   * @param evaluation whose models fit each other; every one {@code weights} names is among them
   * @param turn polled between batches; gives memory back once it is needed no longer
   * @param combined run once the models themselves are needed no longer
   * @return for each sample {@code (example, label)}, row-major
   * @throws java.util.concurrent.CancellationException when {@code turn} is unwanted
   */
  List<float[]> logits(
      Evaluation evaluation,
      AffineCombination weights,
      List<MeasuredSample> samples,
      Schedule.Turn turn,
      Runnable combined,
      WorkMeter meter) {
    Architecture architecture = evaluation.models().get(0).architecture();
    try (Lease<ClassifierProgram> program = program(architecture, evaluation.precision());
        Lease<ParameterVector> vector = combine(program.value(), evaluation, weights, meter)) {
      combined.run();
      turn.reduceTo(evaluation.footprint().passBytes());
      if (evaluation.precision() == ComputePrecision.FP32) {
        return pass(program.value(), vector.value(), null, samples, turn::isUnwanted, meter);
      }
      try (Lease<Bf16Vector> rounded = round(program.value(), vector.value(), meter)) {
        return pass(
            program.value(), vector.value(), rounded.value(), samples, turn::isUnwanted, meter);
      }
    }
  }

  /** A model's own vector, or a scratch vector with the combination. */
  private Lease<ParameterVector> combine(
      ClassifierProgram program,
      Evaluation evaluation,
      AffineCombination weights,
      WorkMeter meter) {
    List<Term> terms = weights.terms();
    if (weights.isOneModel()) {
      return vector(evaluation.model(terms.get(0).model()), meter);
    }
    Lease<ParameterVector> scratch = scratch(program.architecture(), meter);
    try {
      ParameterVector out = scratch.value();
      double coefficient = terms.get(0).coefficient();
      try (Lease<ParameterVector> first = vector(evaluation.model(terms.get(0).model()), meter)) {
        if (weights.isOnLine()) {
          try (Lease<ParameterVector> second =
              vector(evaluation.model(terms.get(1).model()), meter)) {
            timed(
                meter, () -> program.interpolate(first.value(), second.value(), coefficient, out));
          }
          return scratch;
        }
        timed(meter, () -> program.scale(first.value(), coefficient, out));
      }
      // One model after the other, so that a mean of many never needs them all in memory.
      for (Term term : terms.subList(1, terms.size())) {
        try (Lease<ParameterVector> next = vector(evaluation.model(term.model()), meter)) {
          timed(meter, () -> program.accumulate(next.value(), term.coefficient(), out));
        }
      }
      return scratch;
    } catch (Throwable e) {
      scratch.close();
      throw e;
    }
  }

  private Lease<ParameterVector> scratch(Architecture architecture, WorkMeter meter) {
    long start = System.nanoTime();
    ParameterLayout layout = ParameterLayout.of(architecture);
    Lease<ParameterVector> scratch =
        memory.lease(
            new ScratchKey(architecture, Thread.currentThread().threadId()),
            vectorBytes(layout),
            () -> Torch.newVector(layout));
    meter.interpolatedSince(start);
    return scratch;
  }

  private Lease<Bf16Vector> round(
      ClassifierProgram program, ParameterVector weights, WorkMeter meter) {
    long start = System.nanoTime();
    ParameterLayout layout = weights.layout();
    Lease<Bf16Vector> rounded =
        memory.lease(
            new RoundedKey(program.architecture(), Thread.currentThread().threadId()),
            Bf16Vector.nativeBytes(layout),
            program::newBf16Vector);
    try {
      program.round(weights, rounded.value());
    } catch (Throwable e) {
      rounded.close();
      throw e;
    }
    meter.interpolatedSince(start);
    return rounded;
  }

  private static void timed(WorkMeter meter, Runnable arithmetic) {
    long start = System.nanoTime();
    arithmetic.run();
    meter.interpolatedSince(start);
  }

  private List<float[]> pass(
      ClassifierProgram program,
      ParameterVector weights,
      @Nullable Bf16Vector rounded,
      List<MeasuredSample> samples,
      BooleanSupplier cancelled,
      WorkMeter meter) {
    List<float[]> logits = new ArrayList<>();
    for (MeasuredSample sample : samples) {
      try (Lease<PreparedSample> prepared = prepare(program, sample)) {
        long start = System.nanoTime();
        try {
          logits.add(program.logits(weights, rounded, prepared.value(), cancelled));
        } finally {
          meter.passedSince(start);
        }
        meter.passed(prepared.value());
      }
    }
    return logits;
  }

  private Lease<ClassifierProgram> program(Architecture architecture, ComputePrecision precision) {
    return programs.lease(
        new ProgramKey(architecture, precision),
        1,
        () -> ClassifierProgram.compile(architecture, precision));
  }

  private Lease<PreparedSample> prepare(ClassifierProgram program, MeasuredSample sample) {
    return memory.lease(
        new SampleKey(sample.encoded().digest().sha256(), program.architecture().encoder()),
        sample.preparedBytes(),
        () -> program.prepare(sample.encoded().examples(), paddedTokensPerBatch));
  }

  private Lease<ParameterVector> vector(Model model, WorkMeter meter) {
    long start = System.nanoTime();
    Key<ParameterVector> key = key(model);
    boolean ready = memory.isReady(key);
    AtomicBoolean wasRead = new AtomicBoolean();
    Lease<ParameterVector> vector =
        memory.lease(
            key,
            vectorBytes(model),
            () -> {
              wasRead.set(true);
              return read(model);
            });
    if (!ready || wasRead.get()) {
      meter.loadedSince(start);
    }
    if (wasRead.get()) {
      counters.countVectorRead();
    }
    return vector;
  }

  private ParameterVector read(Model model) {
    return Torch.place(models.read(model));
  }

  @Override
  public Key<ParameterVector> key(Model model) {
    return new VectorKey(model.key());
  }

  /** {@inheritDoc} Frees weights alone: samples and scratch are in use with every point. */
  @Override
  public boolean prefetch(Model model, Predicate<Key<?>> mayGo) {
    long start = System.nanoTime();
    boolean read =
        memory.prefetch(
            key(model),
            vectorBytes(model),
            () -> read(model),
            key -> key instanceof VectorKey && mayGo.test(key));
    if (read) {
      counters.addPrefetching(System.nanoTime() - start);
      counters.countVectorRead();
    }
    return read;
  }

  /**
   * What points of these models on these samples take.
   *
   * @throws RefusedException FAILED_PRECONDITION where that is more than may be held
   */
  Evaluation.Footprint requireRoom(
      List<Model> models, List<MeasuredSample> samples, ComputePrecision precision) {
    long vector = vectorBytes(models.get(0));
    long distinct = models.stream().map(Model::key).distinct().count();
    long rounded =
        precision == ComputePrecision.BF16
            ? Bf16Vector.nativeBytes(ParameterLayout.of(models.get(0).architecture()))
            : 0;
    long sample = samples.stream().mapToLong(MeasuredSample::preparedBytes).max().orElse(0);
    var footprint =
        new Evaluation.Footprint(vector * (distinct > 1 ? 3 : 2), vector + rounded + sample);
    long needed = footprint.bytes();
    if (needed > memory.maximumBytes()) {
      throw RefusedException.failedPrecondition(
          "MEMORY_LIMIT_TOO_LOW",
          "watershed.eval.memory",
          String.format(
              Locale.ROOT,
              "this needs %d bytes at once (a model takes %d, the largest sample %d), watershed.eval.memory allows %d; raise it, or ask another evaluator",
              needed,
              vector,
              sample,
              memory.maximumBytes()));
    }
    return footprint;
  }

  /** What the distance of two models takes. */
  static long distanceBytes(Model model) {
    return 2 * vectorBytes(model);
  }

  private static long vectorBytes(Model model) {
    return vectorBytes(ParameterLayout.of(model.architecture()));
  }

  private static long vectorBytes(ParameterLayout layout) {
    return layout.size() * Float.BYTES;
  }

  /** Frees everything. */
  @Override
  public void close() {
    memory.close();
    programs.close();
  }
}
