package dev.watershed.server.dataset;

import dev.watershed.classifier.checkpoint.CheckpointStore;
import dev.watershed.classifier.checkpoint.StoreUnavailableException;
import dev.watershed.server.DiskSpace;
import dev.watershed.server.Errors;
import dev.watershed.server.RefusedException;
import io.micronaut.context.annotation.Requires;
import jakarta.inject.Singleton;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a store of checkpoints that is away means to a caller: asking again will work some day. */
@Singleton
@Requires(classes = CheckpointStore.class)
final class UnavailableStores implements Errors.Translation {
  private static final Logger log = LoggerFactory.getLogger(UnavailableStores.class);
  private static final Duration RETRY = Duration.ofSeconds(5);

  @Override
  public @Nullable RefusedException translate(Throwable thrown) {
    if (DiskSpace.isFull(thrown)) {
      return null;
    }
    for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
      if (cause instanceof StoreUnavailableException away) {
        log.warn("Checkpoints cannot be used: {}", away.getMessage());
        return RefusedException.unavailable(
            "CHECKPOINTS_UNAVAILABLE", String.valueOf(away.getMessage()), RETRY);
      }
    }
    return null;
  }
}
