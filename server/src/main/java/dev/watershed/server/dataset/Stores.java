package dev.watershed.server.dataset;

import dev.watershed.classifier.checkpoint.CheckpointStore;
import dev.watershed.classifier.checkpoint.FileCheckpointStore;
import dev.watershed.classifier.data.DataRoots;
import dev.watershed.classifier.data.Datasets;
import io.micronaut.context.annotation.Factory;
import io.micronaut.context.annotation.Requires;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.time.Clock;

/** Where checkpoints and data are, once per process. */
@Factory
@Requires(classes = CheckpointStore.class)
final class Stores {
  @Singleton
  CheckpointStore checkpoints(CheckpointsConfiguration configuration, Clock clock)
      throws IOException {
    return new FileCheckpointStore(configuration.root(), clock);
  }

  @Singleton
  DataRoots dataRoots(DataConfiguration configuration) {
    return new DataRoots(configuration.roots());
  }

  @Singleton
  Datasets datasets(DataRoots roots) {
    return new Datasets(roots);
  }
}
