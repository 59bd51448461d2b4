package dev.watershed.server.dataset;

import dev.watershed.classifier.checkpoint.CheckpointStore;
import dev.watershed.classifier.model.Torch;
import dev.watershed.server.Errors;
import dev.watershed.server.RefusedException;
import io.micronaut.context.annotation.Requires;
import jakarta.inject.Singleton;
import org.jspecify.annotations.Nullable;

/** What a device without room for a computation means to a caller: asking again is no help. */
@Singleton
@Requires(classes = CheckpointStore.class)
final class DeviceMemory implements Errors.Translation {
  @Override
  public @Nullable RefusedException translate(Throwable thrown) {
    if (!Torch.isOutOfMemory(thrown)) {
      return null;
    }
    String device = Torch.settings().device();
    return RefusedException.failedPrecondition(
        "DEVICE_MEMORY_EXHAUSTED",
        device,
        "%s has no memory for this. A run: lower batch_size or max_tokens, or raise accumulation_steps. An evaluation: lower watershed.eval.memory or watershed.eval.padded-tokens-per-batch."
            .formatted(device));
  }
}
