package dev.watershed.standalone.command;

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
import dev.watershed.trainer.grpc.DataService;
import io.grpc.BindableService;
import io.grpc.ServerInterceptors;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** The data service as a trainer serves it, checks and errors included. */
final class DataServed {
  /** Of one uploaded file. */
  static final long MAX_BYTES = 5L << 20;

  private DataServed() {}

  /** One whose only data root is a directory; what is sent goes to "uploads" in it. */
  static BindableService below(Path root) throws IOException {
    Path uploads = root.resolve("uploads");
    var roots = new DataRoots(List.of(root), uploads);
    var endpoint =
        new DataService(
            new Datasets(roots),
            roots,
            new UploadedFiles(uploads, MAX_BYTES, 2 * MAX_BYTES),
            new DiskSpace(new DiskConfiguration(List.of(), new ByteSize(0))));
    return () ->
        ServerInterceptors.intercept(
            endpoint,
            new ValidationInterceptor(),
            new ErrorInterceptor(new Errors(List.of(new InvalidInputs()))));
  }
}
