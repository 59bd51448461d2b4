package dev.watershed.eval.engine;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import jakarta.inject.Singleton;
import java.util.function.ToDoubleFunction;

/** What an evaluator has done and holds, for a monitoring system. */
@Singleton
final class EvaluatorMetrics implements MeterBinder {
  private static final String PREFIX = "watershed.evaluator.";
  private static final double NANOS_PER_SECOND = 1e9;

  private final Evaluator evaluator;
  private final EvaluationCounters counters;

  EvaluatorMetrics(Evaluator evaluator, EvaluationCounters counters) {
    this.evaluator = evaluator;
    this.counters = counters;
  }

  @Override
  public void bindTo(MeterRegistry registry) {
    points(registry, "device", EvaluationCounters::pointsComputed);
    points(registry, "cache", EvaluationCounters::pointsFromCache);
    counter("vector.reads", "Weights read from the store", EvaluationCounters::vectorsRead)
        .register(registry);
    counter("samples.drawn", "Samples drawn and encoded", EvaluationCounters::samplesDrawn)
        .register(registry);
    seconds(registry, "loading", DeviceWork::loadingNanos);
    seconds(registry, "interpolating", DeviceWork::interpolatingNanos);
    seconds(registry, "forward", DeviceWork::forwardNanos);
    seconds(
        registry,
        "other",
        work ->
            work.busyNanos()
                - work.loadingNanos()
                - work.interpolatingNanos()
                - work.forwardNanos());
    tokens(registry, "useful", DeviceWork::tokens);
    tokens(registry, "padding", work -> work.paddedTokens() - work.tokens());
    counter(
            "floating.point.operations",
            "Of the matrix products of forward passes, padding included",
            all -> all.deviceWork().floatingPointOperations())
        .register(registry);
    Gauge.builder(PREFIX + "calls", evaluator, Evaluator::callCount)
        .description("Calls that are computed or wait for it")
        .register(registry);
    Gauge.builder(PREFIX + "held", evaluator, Evaluator::heldBytes)
        .description("Weights, samples and scratch held now")
        .baseUnit("bytes")
        .register(registry);
    Gauge.builder(PREFIX + "memory.limit", evaluator, Evaluator::memoryLimitBytes)
        .description("The most that may be held")
        .baseUnit("bytes")
        .register(registry);
  }

  private void points(
      MeterRegistry registry, String source, ToDoubleFunction<EvaluationCounters> count) {
    counter("points", "Points answered, by what they came from", count)
        .tag("source", source)
        .register(registry);
  }

  private void seconds(MeterRegistry registry, String part, ToDoubleFunction<DeviceWork> nanos) {
    counter(
            "device",
            "The device's threads at work, by what they did; they add up to all of it",
            all -> nanos.applyAsDouble(all.deviceWork()) / NANOS_PER_SECOND)
        .baseUnit("seconds")
        .tag("part", part)
        .register(registry);
  }

  private void tokens(MeterRegistry registry, String kind, ToDoubleFunction<DeviceWork> count) {
    counter(
            "tokens",
            "Tokens passed through the encoder",
            all -> count.applyAsDouble(all.deviceWork()))
        .tag("kind", kind)
        .register(registry);
  }

  private FunctionCounter.Builder<EvaluationCounters> counter(
      String name, String description, ToDoubleFunction<EvaluationCounters> count) {
    return FunctionCounter.builder(PREFIX + name, counters, count).description(description);
  }
}
