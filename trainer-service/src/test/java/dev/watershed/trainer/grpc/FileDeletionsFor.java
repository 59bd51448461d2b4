package dev.watershed.trainer.grpc;

import dev.watershed.classifier.checkpoint.FileCheckpointStore;
import dev.watershed.classifier.data.DataRoots;
import dev.watershed.classifier.data.Datasets;
import dev.watershed.classifier.data.UploadedFiles;
import dev.watershed.jobs.kit.TestDatabase;
import dev.watershed.server.DiskSpace;
import dev.watershed.trainer.engine.TrainingEngine;
import dev.watershed.trainer.engine.TrainingLimits;
import dev.watershed.trainer.run.FileDeletions;
import dev.watershed.trainer.store.RunStore;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;

/** Deletes uploaded files where there are no runs. */
final class FileDeletionsFor {
  private FileDeletionsFor() {}

  static FileDeletions of(
      UploadedFiles uploads, DataRoots roots, Datasets datasets, DiskSpace disk, Path directory)
      throws IOException {
    var clock = Clock.systemUTC();
    var engine =
        new TrainingEngine(
            new FileCheckpointStore(directory.resolve("checkpoints"), clock),
            roots,
            datasets,
            new TrainingLimits(1, 1, 1),
            directory.resolve("work"),
            disk);
    return new FileDeletions(
        new RunStore(TestDatabase.h2("classpath:db/trainer"), clock), engine, uploads);
  }
}
