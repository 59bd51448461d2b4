package dev.watershed.eval.engine;

import dev.watershed.classifier.checkpoint.Architecture;
import dev.watershed.classifier.checkpoint.EncoderConfig;
import dev.watershed.classifier.checkpoint.ParameterVector;
import dev.watershed.classifier.model.ClassifierProgram;
import dev.watershed.classifier.model.PreparedSample;
import dev.watershed.classifier.model.Torch;
import dev.watershed.eval.engine.LeaseCache.Lease;
import dev.watershed.eval.plan.AffineCombination;
import dev.watershed.eval.plan.AffineCombination.Term;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;

/**
 * What lies in the device's memory, and the passes over it. For one thread at a time: the one of
 * the device's {@link WorkQueue}.
 */
final class Device implements AutoCloseable {
  private static final long PROGRAM_BYTES = 1 << 20;
  private static final int PROGRAMS = 16;

  private final Models models;
  private final EvaluationCounters counters;
  private final int paddedTokensPerBatch;
  private final LeaseCache<Architecture, ClassifierProgram> programs;
  private final LeaseCache<String, ParameterVector> vectors;
  private final LeaseCache<SampleKey, PreparedSample> samples;
  private final Scratch scratch = new Scratch();

  private record SampleKey(String digest, EncoderConfig encoder) {}

  Device(
      Models models,
      EvaluationCounters counters,
      long vectorBytes,
      long sampleBytes,
      int paddedTokensPerBatch) {
    this.models = models;
    this.counters = counters;
    this.paddedTokensPerBatch = paddedTokensPerBatch;
    programs = new LeaseCache<>(PROGRAMS * (PROGRAM_BYTES + 1024), program -> PROGRAM_BYTES);
    vectors = new LeaseCache<>(vectorBytes, ParameterVector::nativeBytes);
    samples = new LeaseCache<>(sampleBytes, PreparedSample::nativeBytes);
  }

  /** Returns the Euclidean distance of two models that fit each other. */
  double distance(Model a, Model b) {
    try (Lease<ParameterVector> first = vector(a);
        Lease<ParameterVector> second = vector(b)) {
      return first.value().euclideanDistance(second.value());
    }
  }

  /**
   * Computes logits of one combination on several samples.
   *
   * @param models by {@link Model#key()}, fitting each other; every one {@code weights} names
   * @param cancelled polled between batches
   * @return for each sample {@code (example, label)}, row-major
   * @throws java.util.concurrent.CancellationException when {@code cancelled} says so
   */
  List<float[]> logits(
      AffineCombination weights,
      Map<String, Model> models,
      List<MeasuredSample> samples,
      BooleanSupplier cancelled) {
    Model one = models.values().iterator().next();
    try (Lease<ClassifierProgram> program = program(one.architecture())) {
      List<Term> terms = weights.terms();
      if (weights.isOneModel()) {
        try (Lease<ParameterVector> vector = vector(models, terms.get(0))) {
          return pass(program.value(), vector.value(), samples, cancelled);
        }
      }
      ParameterVector mixed = mix(program.value(), weights, models);
      return pass(program.value(), mixed, samples, cancelled);
    }
  }

  /** Computes a combination; the result is a scratch vector, good until the next call. */
  private ParameterVector mix(
      ClassifierProgram program, AffineCombination weights, Map<String, Model> models) {
    List<Term> terms = weights.terms();
    try (Lease<ParameterVector> first = vector(models, terms.get(0))) {
      ParameterVector mixed = scratch.next(first.value().layout());
      double coefficient = terms.get(0).coefficient();
      if (weights.isOnLine()) {
        try (Lease<ParameterVector> second = vector(models, terms.get(1))) {
          program.interpolate(first.value(), second.value(), coefficient, mixed);
        }
        return mixed;
      }
      program.combine(List.of(first.value()), new double[] {coefficient}, mixed);
      // One model after the other, so that a mean of many never needs them all in memory.
      for (Term term : terms.subList(1, terms.size())) {
        ParameterVector sum = scratch.next(mixed.layout());
        try (Lease<ParameterVector> next = vector(models, term)) {
          program.combine(List.of(mixed, next.value()), new double[] {1, term.coefficient()}, sum);
        }
        mixed = sum;
      }
      return mixed;
    }
  }

  private List<float[]> pass(
      ClassifierProgram program,
      ParameterVector weights,
      List<MeasuredSample> samples,
      BooleanSupplier cancelled) {
    return samples.stream()
        .map(
            sample -> {
              try (Lease<PreparedSample> prepared = prepare(program, sample)) {
                return program.logits(weights, prepared.value(), cancelled);
              }
            })
        .toList();
  }

  private Lease<ClassifierProgram> program(Architecture architecture) {
    return programs.lease(architecture, () -> ClassifierProgram.compile(architecture));
  }

  private Lease<PreparedSample> prepare(ClassifierProgram program, MeasuredSample sample) {
    return samples.lease(
        new SampleKey(sample.encoded().digest().sha256(), program.architecture().encoder()),
        () -> program.prepare(sample.encoded().examples(), paddedTokensPerBatch));
  }

  private Lease<ParameterVector> vector(Map<String, Model> models, Term term) {
    Model model = models.get(term.model());
    if (model == null) {
      throw new IllegalArgumentException("no model with the content " + term.model());
    }
    return vector(model);
  }

  private Lease<ParameterVector> vector(Model model) {
    return vectors.lease(
        model.key(),
        () -> {
          counters.countVectorRead();
          return Torch.place(models.read(model));
        });
  }

  /** Frees everything. */
  @Override
  public void close() {
    scratch.close();
    samples.close();
    vectors.close();
    programs.close();
  }
}
