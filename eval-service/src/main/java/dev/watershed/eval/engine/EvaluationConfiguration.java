package dev.watershed.eval.engine;

import io.micronaut.context.annotation.ConfigurationProperties;
import io.micronaut.core.bind.annotation.Bindable;
import io.micronaut.core.convert.format.ReadableBytes;
import java.time.Duration;

/**
 * What an evaluator may use.
 *
 * @param memory bytes of weights kept in native memory; the models of the point being computed and
 *     one vector more are held besides
 * @param sampleMemory bytes of encoded samples kept, half in the heap and half in native memory;
 *     the samples of one call may take the first half
 * @param pointMemory bytes of known points kept
 * @param paddedTokensPerBatch the longest example of a batch times its examples is at most this
 * @param maxQueuedCalls calls admitted at a time; more are refused with RESOURCE_EXHAUSTED
 * @param retryAfter when a refused call should come back
 */
@ConfigurationProperties("watershed.eval")
public record EvaluationConfiguration(
    @ReadableBytes @Bindable(defaultValue = "2GB") long memory,
    @ReadableBytes @Bindable(defaultValue = "512MB") long sampleMemory,
    @ReadableBytes @Bindable(defaultValue = "128MB") long pointMemory,
    @Bindable(defaultValue = "2048") int paddedTokensPerBatch,
    @Bindable(defaultValue = "64") int maxQueuedCalls,
    @Bindable(defaultValue = "2s") Duration retryAfter) {

  public EvaluationConfiguration {
    requirePositive("memory", memory);
    requirePositive("sample-memory", sampleMemory);
    requirePositive("point-memory", pointMemory);
    requirePositive("padded-tokens-per-batch", paddedTokensPerBatch);
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
