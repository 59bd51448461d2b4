package dev.watershed.eval.engine;

import io.micronaut.context.annotation.ConfigurationProperties;
import io.micronaut.core.bind.annotation.Bindable;
import io.micronaut.core.convert.format.ReadableBytes;
import java.time.Duration;

/**
 * What an evaluator may use.
 *
 * @param memory bytes of native memory (on a GPU, of the device) for weights, scratch vectors and
 *     batches of samples together. Never exceeded; a point needs two models and their combination,
 *     and an evaluation that cannot have that is refused. What one batch's activations take comes
 *     on top, see {@code paddedTokensPerBatch}
 * @param sampleMemory bytes of the heap for encoded samples, which the batches are made of; the
 *     samples of one call may take all of it
 * @param pointMemory bytes of the heap for known points
 * @param paddedTokensPerBatch the longest example of a batch times its examples is at most this;
 *     activations take about 50 bytes times hidden size for each such token and worker
 * @param workers points computed at the same time, each by {@code watershed.engine.threads} threads
 *     and with a scratch vector of its own, as far as {@code memory} goes; changes no result. 0: as
 *     many as there are processors for, on a GPU one
 * @param maxQueuedCalls calls admitted at a time; more are refused with RESOURCE_EXHAUSTED
 * @param retryAfter when a refused call should come back
 */
@ConfigurationProperties("watershed.eval")
public record EvaluationConfiguration(
    @ReadableBytes @Bindable(defaultValue = "2GB") long memory,
    @ReadableBytes @Bindable(defaultValue = "256MB") long sampleMemory,
    @ReadableBytes @Bindable(defaultValue = "128MB") long pointMemory,
    @Bindable(defaultValue = "2048") int paddedTokensPerBatch,
    @Bindable(defaultValue = "0") int workers,
    @Bindable(defaultValue = "64") int maxQueuedCalls,
    @Bindable(defaultValue = "2s") Duration retryAfter) {

  public EvaluationConfiguration {
    requirePositive("memory", memory);
    requirePositive("sample-memory", sampleMemory);
    requirePositive("point-memory", pointMemory);
    requirePositive("padded-tokens-per-batch", paddedTokensPerBatch);
    if (workers < 0) {
      throw new IllegalArgumentException(
          "watershed.eval.workers is " + workers + "; it must be positive, or 0 for the default.");
    }
    requirePositive("max-queued-calls", maxQueuedCalls);
    requirePositive("retry-after", retryAfter.toMillis());
  }

  private static void requirePositive(String key, long value) {
    if (value <= 0) {
      throw new IllegalArgumentException(
          "watershed.eval." + key + " is " + value + "; it must be positive.");
    }
  }
}
