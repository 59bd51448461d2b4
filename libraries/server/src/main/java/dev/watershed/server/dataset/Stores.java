package dev.watershed.server.dataset;

import dev.watershed.classifier.TorchSettings;
import dev.watershed.classifier.checkpoint.CheckpointStore;
import dev.watershed.classifier.checkpoint.FileCheckpointStore;
import dev.watershed.classifier.data.DataRoots;
import dev.watershed.classifier.data.Datasets;
import dev.watershed.classifier.data.UploadedFiles;
import dev.watershed.classifier.model.DeviceUnavailableException;
import dev.watershed.classifier.model.Torch;
import dev.watershed.server.ConfigurationException;
import io.micronaut.context.annotation.Factory;
import io.micronaut.context.annotation.Requires;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Clock;

/** Where checkpoints and data are, and where libtorch computes, once per process. */
@Factory
@Requires(classes = CheckpointStore.class)
final class Stores {
  @Singleton
  CheckpointStore checkpoints(CheckpointsConfiguration configuration, Clock clock)
      throws IOException {
    return new FileCheckpointStore(
        configuration.directory(), clock, configuration.maxBytes().bytes());
  }

  /**
   * Starts libtorch for the process: who computes takes this, and starts nothing itself. Stops the
   * start where the settings make no sense.
   */
  @Singleton
  TorchSettings torch(EngineConfiguration configuration) {
    try {
      var settings =
          new TorchSettings(configuration.device(), configuration.threads(), configuration.tf32());
      Torch.initialize(settings);
      return settings;
    } catch (IllegalArgumentException e) {
      throw new ConfigurationException("watershed.engine: " + e.getMessage());
    } catch (DeviceUnavailableException e) {
      throw new ConfigurationException(String.valueOf(e.getMessage()));
    }
  }

  @Singleton
  DataRoots dataRoots(DataConfiguration configuration) {
    for (var root : configuration.roots()) {
      if (!Files.isDirectory(root)) {
        throw new ConfigurationException(
            "The data root " + root + " (watershed.data.roots) is no directory that can be read.");
      }
    }
    return new DataRoots(configuration.roots(), configuration.uploads());
  }

  @Singleton
  UploadedFiles uploads(DataConfiguration configuration) throws IOException {
    return new UploadedFiles(
        configuration.uploads(),
        configuration.maxFileBytes().bytes(),
        configuration.maxUploads().bytes());
  }

  @Singleton
  Datasets datasets(DataRoots roots, DataConfiguration configuration) {
    return new Datasets(roots, configuration.limits());
  }
}
