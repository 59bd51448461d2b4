package dev.watershed.analysis.grpc;

import com.google.protobuf.ByteString;
import dev.watershed.analysis.report.DynamicsFiles;
import dev.watershed.analysis.report.StudyReportFiles;
import dev.watershed.analysis.study.DynamicsAnalysis;
import dev.watershed.analysis.study.Studies;
import dev.watershed.analysis.study.StudyUpdates;
import dev.watershed.analysis.v1.AnalyzeDynamicsRequest;
import dev.watershed.analysis.v1.AnalyzeDynamicsResponse;
import dev.watershed.analysis.v1.CancelStudyRequest;
import dev.watershed.analysis.v1.CancelStudyResponse;
import dev.watershed.analysis.v1.CreateStudyRequest;
import dev.watershed.analysis.v1.CreateStudyResponse;
import dev.watershed.analysis.v1.ExportDynamicsRequest;
import dev.watershed.analysis.v1.ExportDynamicsResponse;
import dev.watershed.analysis.v1.ExportStudyRequest;
import dev.watershed.analysis.v1.ExportStudyResponse;
import dev.watershed.analysis.v1.GetStudyReportRequest;
import dev.watershed.analysis.v1.GetStudyReportResponse;
import dev.watershed.analysis.v1.GetStudyRequest;
import dev.watershed.analysis.v1.GetStudyResponse;
import dev.watershed.analysis.v1.ListStudiesRequest;
import dev.watershed.analysis.v1.ListStudiesResponse;
import dev.watershed.analysis.v1.StudyServiceGrpc;
import dev.watershed.analysis.v1.WatchStudyRequest;
import dev.watershed.analysis.v1.WatchStudyResponse;
import dev.watershed.server.Computations;
import dev.watershed.server.ServerStream;
import io.grpc.stub.StreamObserver;
import jakarta.inject.Singleton;

/** Answers the calls of {@code watershed.analysis.v1.StudyService}. */
@Singleton
final class StudyGrpcService extends StudyServiceGrpc.StudyServiceImplBase {
  private final Studies studies;
  private final DynamicsAnalysis dynamics;
  private final StudyUpdates updates;
  private final Computations computations;

  StudyGrpcService(
      Studies studies, DynamicsAnalysis dynamics, StudyUpdates updates, Computations computations) {
    this.studies = studies;
    this.dynamics = dynamics;
    this.updates = updates;
    this.computations = computations;
  }

  @Override
  public void createStudy(
      CreateStudyRequest request, StreamObserver<CreateStudyResponse> observer) {
    var created = studies.create(request);
    answer(
        observer,
        CreateStudyResponse.newBuilder()
            .setStudy(created.study())
            .addAllNotices(created.notices())
            .build());
  }

  @Override
  public void getStudy(GetStudyRequest request, StreamObserver<GetStudyResponse> observer) {
    var study = studies.get(request.getName());
    answer(observer, GetStudyResponse.newBuilder().setStudy(study).build());
  }

  @Override
  public void listStudies(
      ListStudiesRequest request, StreamObserver<ListStudiesResponse> observer) {
    answer(observer, studies.list(request));
  }

  @Override
  public void cancelStudy(
      CancelStudyRequest request, StreamObserver<CancelStudyResponse> observer) {
    var study = studies.cancel(request.getName());
    answer(observer, CancelStudyResponse.newBuilder().setStudy(study).build());
  }

  @Override
  public void watchStudy(WatchStudyRequest request, StreamObserver<WatchStudyResponse> observer) {
    ServerStream.pump(
        observer,
        stream -> {
          stream.onCancel(updates::changed);
          studies.watch(
              request.getName(),
              study -> stream.send(WatchStudyResponse.newBuilder().setStudy(study).build()),
              stream::isCancelled);
        });
  }

  @Override
  public void getStudyReport(
      GetStudyReportRequest request, StreamObserver<GetStudyReportResponse> observer) {
    var report = studies.report(request.getName());
    answer(observer, GetStudyReportResponse.newBuilder().setReport(report).build());
  }

  @Override
  public void exportStudy(
      ExportStudyRequest request, StreamObserver<ExportStudyResponse> observer) {
    ServerStream.pump(
        observer,
        stream -> {
          var report = studies.report(request.getName());
          for (var name : StudyReportFiles.names()) {
            try (var file = new FileParts(name, part -> stream.send(studyPart(name, part)))) {
              StudyReportFiles.write(name, report, file);
            }
          }
        });
  }

  private static ExportStudyResponse studyPart(String fileName, ByteString content) {
    return ExportStudyResponse.newBuilder().setFileName(fileName).setContent(content).build();
  }

  @Override
  public void analyzeDynamics(
      AnalyzeDynamicsRequest request, StreamObserver<AnalyzeDynamicsResponse> observer) {
    var compared =
        computations.run(unwanted -> dynamics.analyze(request.getStudiesList(), unwanted));
    answer(observer, AnalyzeDynamicsResponse.newBuilder().setDynamics(compared).build());
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
            try (var file = new FileParts(name, part -> stream.send(dynamicsPart(name, part)))) {
              DynamicsFiles.write(name, title, compared, file);
            }
          }
        });
  }

  private static ExportDynamicsResponse dynamicsPart(String fileName, ByteString content) {
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

  private static <T> void answer(StreamObserver<T> observer, T response) {
    observer.onNext(response);
    observer.onCompleted();
  }
}
