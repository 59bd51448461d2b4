package dev.watershed.standalone.command;

import dev.watershed.classifier.checkpoint.FileCheckpointStore;
import dev.watershed.classifier.data.DataRoots;
import dev.watershed.classifier.data.Datasets;
import dev.watershed.classifier.data.UploadedFiles;
import dev.watershed.server.ByteSize;
import dev.watershed.server.DiskConfiguration;
import dev.watershed.server.DiskSpace;
import dev.watershed.server.ErrorInterceptor;
import dev.watershed.server.Errors;
import dev.watershed.server.ValidationInterceptor;
import dev.watershed.server.dataset.InvalidInputs;
import dev.watershed.trainer.engine.TrainingEngine;
import dev.watershed.trainer.engine.TrainingLimits;
import dev.watershed.trainer.grpc.DataService;
import dev.watershed.trainer.run.FileDeletions;
import dev.watershed.trainer.store.RunStore;
import io.grpc.BindableService;
import io.grpc.ServerInterceptors;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.UUID;
import org.flywaydb.core.Flyway;
import org.h2.jdbcx.JdbcDataSource;

/** The data service as a trainer serves it, checks and errors included. */
final class DataServed {
  /** Of one uploaded file. */
  static final long MAX_BYTES = 5L << 20;

  private DataServed() {}

  /** One whose only data root is a directory; what is sent goes to "uploads" in it. */
  static BindableService below(Path root) throws IOException {
    Path uploads = root.resolve("uploads");
    var roots = new DataRoots(List.of(root), uploads);
    var datasets = new Datasets(roots);
    var files = new UploadedFiles(uploads, MAX_BYTES, 2 * MAX_BYTES);
    var disk = new DiskSpace(new DiskConfiguration(List.of(), new ByteSize(0)));
    var engine =
        new TrainingEngine(
            new FileCheckpointStore(root.resolve("checkpoints"), Clock.systemUTC()),
            roots,
            datasets,
            new TrainingLimits(1, 1, 1),
            root.resolve("work"),
            disk);
    var endpoint =
        new DataService(
            datasets, roots, files, new FileDeletions(withoutRuns(), engine, files), disk);
    return () ->
        ServerInterceptors.intercept(
            endpoint,
            new ValidationInterceptor(),
            new ErrorInterceptor(new Errors(List.of(new InvalidInputs()))));
  }

  private static RunStore withoutRuns() {
    var database = new JdbcDataSource();
    database.setURL(
        "jdbc:h2:mem:"
            + UUID.randomUUID()
            + ";MODE=PostgreSQL;DATABASE_TO_LOWER=TRUE;DEFAULT_NULL_ORDERING=HIGH;DB_CLOSE_DELAY=-1");
    Flyway.configure().dataSource(database).locations("classpath:db/trainer").load().migrate();
    return new RunStore(database, Clock.systemUTC());
  }
}
