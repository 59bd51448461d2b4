package dev.watershed.eval.engine;

import dev.watershed.classifier.checkpoint.Architecture;
import dev.watershed.classifier.checkpoint.EncoderConfig;
import dev.watershed.classifier.checkpoint.ParameterVector;
import dev.watershed.classifier.model.ClassifierProgram;
import dev.watershed.classifier.model.PreparedSample;
import dev.watershed.eval.engine.LeaseCache.Lease;
import dev.watershed.eval.plan.AffineCombination;
import dev.watershed.eval.plan.AffineCombination.Term;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

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
  private @Nullable ParameterVector scratch;

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

  /** Writes a combination into the scratch vector. */
  private ParameterVector mix(
      ClassifierProgram program, AffineCombination weights, Map<String, Model> models) {
    List<Term> terms = weights.terms();
    try (Lease<ParameterVector> first = vector(models, terms.get(0))) {
      ParameterVector out = scratch(first.value());
      if (weights.isOnLine()) {
        try (Lease<ParameterVector> second = vector(models, terms.get(1))) {
          program.interpolate(first.value(), second.value(), terms.get(0).coefficient(), out);
        }
        return out;
      }
      program.combine(List.of(first.value()), new double[] {terms.get(0).coefficient()}, out);
      // One model after the other, so that a mean of many never needs them all in memory.
      for (Term term : terms.subList(1, terms.size())) {
        try (Lease<ParameterVector> next = vector(models, term)) {
          program.combine(List.of(out, next.value()), new double[] {1, term.coefficient()}, out);
        }
      }
      return out;
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

  private ParameterVector scratch(ParameterVector like) {
    ParameterVector kept = scratch;
    if (kept != null
        && kept.layout().architecture().isInterchangeableWith(like.layout().architecture())) {
      return kept;
    }
    scratch = null;
    if (kept != null) {
      kept.close();
    }
    ParameterVector fresh = ParameterVector.allocate(like.layout());
    scratch = fresh;
    return fresh;
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
          return models.read(model);
        });
  }

  /** Frees everything. */
  @Override
  public void close() {
    ParameterVector kept = scratch;
    scratch = null;
    if (kept != null) {
      kept.close();
    }
    samples.close();
    vectors.close();
    programs.close();
  }
}
