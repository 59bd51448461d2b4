package dev.watershed.trainer.run;

import dev.watershed.classifier.data.UploadedFiles;
import dev.watershed.server.RefusedException;
import dev.watershed.trainer.engine.TrainingEngine;
import dev.watershed.trainer.store.RunStore;
import dev.watershed.trainer.v1.TrainingRun;
import dev.watershed.trainer.v1.TrainingRunSpec;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Deletes uploaded files that no run needs, while no run is created. */
@Singleton
public final class FileDeletions {
  private static final Logger log = LoggerFactory.getLogger(FileDeletions.class);

  private final RunStore store;
  private final TrainingEngine engine;
  private final UploadedFiles uploads;

  public FileDeletions(RunStore store, TrainingEngine engine, UploadedFiles uploads) {
    this.store = store;
    this.engine = engine;
    this.uploads = uploads;
  }

  /**
   * Deletes an uploaded file.
   *
   * @return whether there was one
   * @throws RefusedException FAILED_PRECONDITION where a run that has not ended reads it
   */
  public boolean delete(String name) {
    return store.withActive(
        active -> {
          uploads.find(name).ifPresent(file -> refuseRead(name, file, active));
          try {
            boolean deleted = uploads.delete(name);
            if (deleted) {
              log.info("Uploaded file {} was deleted", name);
            }
            return deleted;
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }

  private void refuseRead(String name, Path file, List<TrainingRun> active) {
    // The runs of a sweep have one spec.
    Map<TrainingRunSpec, Set<Path>> files = new HashMap<>();
    var users =
        active.stream()
            .filter(
                run ->
                    files.computeIfAbsent(run.getSpec(), engine::files).stream()
                        .anyMatch(file::startsWith))
            .map(TrainingRun::getName)
            .toList();
    if (!users.isEmpty()) {
      throw InUse.refused(
          "UPLOADED_FILE_IN_USE",
          "used_by",
          users,
          "reads upload:" + name,
          String.format(
              Locale.ROOT,
              "%d run(s) that wait or are trained read upload:%s: %s. Cancel them first.",
              users.size(),
              name,
              InUse.named(users)));
    }
  }
}
