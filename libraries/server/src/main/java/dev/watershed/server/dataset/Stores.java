package dev.watershed.server.dataset;

import dev.watershed.classifier.NativeLibraryException;
import dev.watershed.classifier.TorchSettings;
import dev.watershed.classifier.checkpoint.CheckpointStore;
import dev.watershed.classifier.checkpoint.FileCheckpointStore;
import dev.watershed.classifier.checkpoint.StoreUnavailableException;
import dev.watershed.classifier.data.DataRoots;
import dev.watershed.classifier.data.Datasets;
import dev.watershed.classifier.data.UploadedFiles;
import dev.watershed.classifier.model.DeviceUnavailableException;
import dev.watershed.classifier.model.Torch;
import dev.watershed.s3.S3CheckpointStore;
import dev.watershed.s3.S3Location;
import dev.watershed.server.ConfigurationException;
import io.micronaut.context.annotation.Bean;
import io.micronaut.context.annotation.Factory;
import io.micronaut.context.annotation.Requires;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;

/** Where checkpoints and data are, and where libtorch computes, once per process. */
@Factory
@Requires(classes = CheckpointStore.class)
final class Stores {
  @Bean(preDestroy = "close")
  @Singleton
  CheckpointStore checkpoints(
      CheckpointsConfiguration configuration, S3Configuration s3, Clock clock) throws IOException {
    String place = configuration.place();
    if (S3Location.isMeant(place)) {
      return inS3(place, configuration, s3, clock);
    }
    if (s3.isSaid()) {
      throw new ConfigurationException(
          "watershed.checkpoints.s3.* says how S3 is reached, but watershed.checkpoints.root is "
              + place
              + ", a directory; it must be s3://BUCKET/PREFIX, or the others not be said.");
    }
    return new FileCheckpointStore(Path.of(place), clock, configuration.maxBytes().bytes());
  }

  private static CheckpointStore inS3(
      String place, CheckpointsConfiguration configuration, S3Configuration s3, Clock clock)
      throws IOException {
    try {
      return S3CheckpointStore.open(
          s3.settings(S3Location.parse(place)),
          configuration.cache(),
          configuration.cacheBytes().bytes(),
          configuration.maxBytes().bytes(),
          clock);
    } catch (IllegalArgumentException e) {
      throw new ConfigurationException("watershed.checkpoints.root: " + e.getMessage() + ".");
    } catch (StoreUnavailableException e) {
      throw new ConfigurationException(String.valueOf(e.getMessage()));
    }
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
    } catch (DeviceUnavailableException | NativeLibraryException e) {
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
