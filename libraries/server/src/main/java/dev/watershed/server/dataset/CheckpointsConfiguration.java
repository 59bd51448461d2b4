package dev.watershed.server.dataset;

import dev.watershed.server.ByteSize;
import dev.watershed.server.ConfigurationException;
import io.micronaut.context.annotation.ConfigurationProperties;
import io.micronaut.core.bind.annotation.Bindable;
import java.nio.file.Path;

/**
 * Where checkpoints are.
 *
 * @param root directory of the store that trainers write and evaluators read
 * @param maxBytes bytes that the files of one registered checkpoint may have together
 */
@ConfigurationProperties("watershed.checkpoints")
record CheckpointsConfiguration(
    @Bindable(defaultValue = "") String root, @Bindable(defaultValue = "8GiB") ByteSize maxBytes) {
  CheckpointsConfiguration {
    ConfigurationException.requireAtLeast("watershed.checkpoints.max-bytes", maxBytes.bytes(), 1);
  }

  /**
   * Returns the directory.
   *
   * @throws ConfigurationException where none was said
   */
  Path directory() {
    if (root.isBlank()) {
      throw new ConfigurationException(
          "watershed.checkpoints.root does not say where checkpoints are kept; trainers and evaluators"
              + " that work together name the same directory.");
    }
    return Path.of(root);
  }
}
