package dev.watershed.analysis.grpc;

import com.google.protobuf.ByteString;
import dev.watershed.analysis.report.DynamicsFiles;
import dev.watershed.analysis.study.Studies;
import dev.watershed.analysis.study.dynamics.DynamicsAnalysis;
import dev.watershed.analysis.v1.AnalyzeDynamicsRequest;
import dev.watershed.analysis.v1.AnalyzeDynamicsResponse;
import dev.watershed.analysis.v1.DynamicsPairs;
import dev.watershed.analysis.v1.DynamicsServiceGrpc;
import dev.watershed.analysis.v1.ExportDynamicsRequest;
import dev.watershed.analysis.v1.ExportDynamicsResponse;
import dev.watershed.analysis.v1.TabulateChangesRequest;
import dev.watershed.analysis.v1.TabulateChangesResponse;
import dev.watershed.server.Computations;
import dev.watershed.server.Pages;
import dev.watershed.server.ServerStream;
import io.grpc.stub.StreamObserver;
import jakarta.inject.Singleton;

/** Answers the calls of {@code watershed.analysis.v1.DynamicsService}. */
@Singleton
final class DynamicsService extends DynamicsServiceGrpc.DynamicsServiceImplBase {
  private final Studies studies;
  private final DynamicsAnalysis dynamics;
  private final Computations computations;

  DynamicsService(Studies studies, DynamicsAnalysis dynamics, Computations computations) {
    this.studies = studies;
    this.dynamics = dynamics;
    this.computations = computations;
  }

  @Override
  public void analyzeDynamics(
      AnalyzeDynamicsRequest request, StreamObserver<AnalyzeDynamicsResponse> observer) {
    ServerStream.pump(
        observer,
        stream -> {
          var compared =
              computations.run(unwanted -> dynamics.analyze(request.getStudiesList(), unwanted));
          stream.send(
              AnalyzeDynamicsResponse.newBuilder()
                  .setDynamics(compared.toBuilder().clearPairs())
                  .build());
          for (var pairs : Pages.parts(compared.getPairsList())) {
            stream.send(
                AnalyzeDynamicsResponse.newBuilder()
                    .setPairs(DynamicsPairs.newBuilder().addAllPairs(pairs))
                    .build());
          }
        });
  }

  @Override
  public void tabulateChanges(
      TabulateChangesRequest request, StreamObserver<TabulateChangesResponse> observer) {
    observer.onNext(
        computations.run(unwanted -> dynamics.tabulate(request.getSweepsList(), unwanted)));
    observer.onCompleted();
  }

  @Override
  public void exportDynamics(
      ExportDynamicsRequest request, StreamObserver<ExportDynamicsResponse> observer) {
    ServerStream.pump(
        observer,
        stream -> {
          var compared =
              computations.run(unwanted -> dynamics.analyze(request.getStudiesList(), unwanted));
          var title = title(request);
          for (var name : DynamicsFiles.names()) {
            try (var file = new FileParts(name, part -> stream.send(part(name, part)))) {
              DynamicsFiles.write(name, title, compared, file);
            }
          }
        });
  }

  private static ExportDynamicsResponse part(String fileName, ByteString content) {
    return ExportDynamicsResponse.newBuilder().setFileName(fileName).setContent(content).build();
  }

  private String title(ExportDynamicsRequest request) {
    if (!request.getTitle().isBlank()) {
      return request.getTitle();
    }
    var first = studies.get(request.getStudies(0).getStudy());
    return first.getSpec().getDisplayName().isBlank()
        ? first.getName()
        : first.getSpec().getDisplayName();
  }
}
