package dev.watershed.eval.engine;

import dev.watershed.server.ByteSize;
import dev.watershed.server.ConfigurationException;
import dev.watershed.server.ProcessLimits;
import io.micronaut.context.annotation.ConfigurationProperties;
import io.micronaut.core.bind.annotation.Bindable;
import java.time.Duration;

/**
 * What an evaluator may use.
 *
 * @param memory bytes of native memory (on a GPU, of the device) for weights, scratch vectors and
 *     batches of samples together. Never exceeded; a point needs two models and their combination,
 *     and an evaluation that cannot have that is refused. What one batch's activations take comes
 *     on top, see {@code paddedTokensPerBatch}. 0: in a container three quarters of what its limit
 *     leaves beside the heap and 384 MiB, elsewhere 2GiB
 * @param sampleMemory bytes of the heap for encoded samples, which the batches are made of; the
 *     samples of one call may take all of it
 * @param pointMemory bytes of the heap for known points
 * @param paddedTokensPerBatch the longest example of a batch times its examples is at most this;
 *     activations take about 50 bytes times hidden size for each such token and worker
 * @param workers points computed at the same time, each by {@code watershed.engine.threads} threads
 *     and with a scratch vector of its own, as far as {@code memory} goes; changes no result. 0: as
 *     many as there are processors for, on a GPU one
 * @param maxQueuedCalls calls admitted at a time; more are refused with RESOURCE_EXHAUSTED
 * @param maxCallsPerConnection of these, how many one connection can have
 * @param retryAfter when a refused call should come back
 */
@ConfigurationProperties("watershed.eval")
public record EvaluationConfiguration(
    @Bindable(defaultValue = "0") ByteSize memory,
    @Bindable(defaultValue = "256MiB") ByteSize sampleMemory,
    @Bindable(defaultValue = "128MiB") ByteSize pointMemory,
    @Bindable(defaultValue = "2048") int paddedTokensPerBatch,
    @Bindable(defaultValue = "0") int workers,
    @Bindable(defaultValue = "64") int maxQueuedCalls,
    @Bindable(defaultValue = "16") int maxCallsPerConnection,
    @Bindable(defaultValue = "2s") Duration retryAfter) {

  private static final String PREFIX = "watershed.eval.";
  private static final long WITHOUT_A_LIMIT = 2L << 30;

  public EvaluationConfiguration {
    if (memory.bytes() == 0) {
      memory = new ByteSize(ProcessLimits.now().nativeMemory(WITHOUT_A_LIMIT));
    }
    ConfigurationException.requireAtLeast(PREFIX + "sample-memory", sampleMemory.bytes(), 1);
    ConfigurationException.requireAtLeast(PREFIX + "point-memory", pointMemory.bytes(), 1);
    ConfigurationException.requireAtLeast(
        PREFIX + "padded-tokens-per-batch", paddedTokensPerBatch, 1);
    ConfigurationException.requireBetween(PREFIX + "workers", workers, 0, 10_000);
    ConfigurationException.requireAtLeast(PREFIX + "max-queued-calls", maxQueuedCalls, 1);
    ConfigurationException.requireAtLeast(
        PREFIX + "max-calls-per-connection", maxCallsPerConnection, 1);
    ConfigurationException.requirePositive(PREFIX + "retry-after", retryAfter);
  }
}
