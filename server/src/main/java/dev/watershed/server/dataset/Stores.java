package dev.watershed.server.dataset;

import dev.watershed.classifier.checkpoint.CheckpointStore;
import dev.watershed.classifier.checkpoint.FileCheckpointStore;
import dev.watershed.classifier.data.DataRoots;
import dev.watershed.classifier.data.Datasets;
import io.micronaut.context.annotation.Factory;
import io.micronaut.context.annotation.Requires;
import io.micronaut.context.annotation.Value;
import jakarta.inject.Singleton;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;

/** Where checkpoints and data are, once per process. */
@Factory
@Requires(classes = CheckpointStore.class)
final class Stores {
  @Singleton
  CheckpointStore checkpoints(@Value("${watershed.checkpoints.root}") Path root, Clock clock) {
    return new FileCheckpointStore(root, clock);
  }

  @Singleton
  DataRoots dataRoots(@Value("${watershed.data.roots:}") List<Path> roots) {
    return new DataRoots(roots);
  }

  @Singleton
  Datasets datasets(DataRoots roots) {
    return new Datasets(roots);
  }
}
