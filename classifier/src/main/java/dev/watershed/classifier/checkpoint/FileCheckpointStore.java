package dev.watershed.classifier.checkpoint;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Optional;

/** Checkpoints as directories {@code <root>/<id>}, each with a {@code manifest.json}. */
public final class FileCheckpointStore implements CheckpointStore {
  public FileCheckpointStore(Path root, Clock clock) {
    throw new UnsupportedOperationException(root + " " + clock);
  }

  @Override
  public Optional<CheckpointManifest> find(String id) throws IOException {
    throw new UnsupportedOperationException();
  }

  @Override
  public List<CheckpointManifest> list() throws IOException {
    throw new UnsupportedOperationException();
  }

  @Override
  public Path directory(String id) throws IOException {
    throw new UnsupportedOperationException();
  }

  @Override
  public CheckpointManifest put(String id, String trainingRun, long step, Path preparedDirectory)
      throws IOException {
    throw new UnsupportedOperationException();
  }
}
