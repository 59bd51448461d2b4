package dev.watershed.cli;

import dev.watershed.analysis.v1.ExportStudyRequest;
import dev.watershed.analysis.v1.ExportStudyResponse;
import dev.watershed.analysis.v1.StudyServiceGrpc;
import io.grpc.Channel;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;

/** Writes the files of a study's report. */
public final class StudyExport {
  private StudyExport() {}

  /**
   * Returns the files written.
   *
   * @param channel to the analysis service
   * @param name "studies/{id}"
   * @param directory made if need be
   */
  public static List<Path> write(Channel channel, String name, Path directory) {
    Iterator<ExportStudyResponse> parts =
        StudyServiceGrpc.newBlockingStub(channel)
            .exportStudy(ExportStudyRequest.newBuilder().setName(name).build());
    try (ReceivedFiles received = new ReceivedFiles(directory)) {
      while (parts.hasNext()) {
        ExportStudyResponse part = parts.next();
        received.add(part.getFileName(), part.getContent());
      }
      return received.complete();
    }
  }
}
