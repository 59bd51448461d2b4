package dev.watershed.server.dataset;

import dev.watershed.server.ByteSize;
import dev.watershed.server.ConfigurationException;
import io.micronaut.context.annotation.ConfigurationProperties;
import io.micronaut.core.bind.annotation.Bindable;
import java.nio.file.Path;

/**
 * Where checkpoints are.
 *
 * @param root directory of the store that trainers write and evaluators read, or {@code
 *     s3://BUCKET/PREFIX}
 * @param maxBytes bytes that the files of one registered checkpoint may have together
 * @param cache directory on a local disk for what was read from S3 and what is put together for it;
 *     each of several processes has one of its own in it
 * @param cacheBytes what this process keeps there of what it has read; the least recently used goes
 *     first, and what is being read stays, also beyond this
 */
@ConfigurationProperties("watershed.checkpoints")
record CheckpointsConfiguration(
    @Bindable(defaultValue = "") String root,
    @Bindable(defaultValue = "8GiB") ByteSize maxBytes,
    @Bindable(defaultValue = "data/checkpoint-cache") Path cache,
    @Bindable(defaultValue = "20GiB") ByteSize cacheBytes) {
  CheckpointsConfiguration {
    ConfigurationException.requireAtLeast("watershed.checkpoints.max-bytes", maxBytes.bytes(), 1);
    ConfigurationException.requireAtLeast(
        "watershed.checkpoints.cache-bytes", cacheBytes.bytes(), 0);
    root = root.strip();
  }

  /**
   * Returns where they are.
   *
   * @throws ConfigurationException where it was not said
   */
  String place() {
    if (root.isEmpty()) {
      throw new ConfigurationException(
          "watershed.checkpoints.root does not say where checkpoints are kept; trainers and evaluators"
              + " that work together name the same directory, or s3://BUCKET/PREFIX.");
    }
    return root;
  }
}
