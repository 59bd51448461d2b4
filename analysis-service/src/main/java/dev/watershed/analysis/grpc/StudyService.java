package dev.watershed.analysis.grpc;

import com.google.protobuf.ByteString;
import dev.watershed.analysis.report.StudyReportFiles;
import dev.watershed.analysis.study.Studies;
import dev.watershed.analysis.study.comparison.PairDifferences;
import dev.watershed.analysis.study.comparison.RecipeStudies;
import dev.watershed.analysis.study.planning.PilotPlanner;
import dev.watershed.analysis.v1.CancelStudyRequest;
import dev.watershed.analysis.v1.CancelStudyResponse;
import dev.watershed.analysis.v1.ComparePairsRequest;
import dev.watershed.analysis.v1.ComparePairsResponse;
import dev.watershed.analysis.v1.CompareStudiesRequest;
import dev.watershed.analysis.v1.CompareStudiesResponse;
import dev.watershed.analysis.v1.CreateStudyRequest;
import dev.watershed.analysis.v1.CreateStudyResponse;
import dev.watershed.analysis.v1.DeleteStudyRequest;
import dev.watershed.analysis.v1.DeleteStudyResponse;
import dev.watershed.analysis.v1.ExportStudyRequest;
import dev.watershed.analysis.v1.ExportStudyResponse;
import dev.watershed.analysis.v1.GetStudyReportRequest;
import dev.watershed.analysis.v1.GetStudyReportResponse;
import dev.watershed.analysis.v1.GetStudyRequest;
import dev.watershed.analysis.v1.GetStudyResponse;
import dev.watershed.analysis.v1.ListStudiesRequest;
import dev.watershed.analysis.v1.ListStudiesResponse;
import dev.watershed.analysis.v1.ListStudyModelsRequest;
import dev.watershed.analysis.v1.ListStudyModelsResponse;
import dev.watershed.analysis.v1.ListStudyPairsRequest;
import dev.watershed.analysis.v1.ListStudyPairsResponse;
import dev.watershed.analysis.v1.PlanStudyRequest;
import dev.watershed.analysis.v1.PlanStudyResponse;
import dev.watershed.analysis.v1.StudyServiceGrpc;
import dev.watershed.analysis.v1.WatchStudyRequest;
import dev.watershed.analysis.v1.WatchStudyResponse;
import dev.watershed.server.Computations;
import dev.watershed.server.ServerStream;
import io.grpc.stub.StreamObserver;
import jakarta.inject.Singleton;

/** Answers the calls of {@code watershed.analysis.v1.StudyService}. */
@Singleton
final class StudyService extends StudyServiceGrpc.StudyServiceImplBase {
  private final Studies studies;
  private final RecipeStudies recipes;
  private final PairDifferences pairs;
  private final PilotPlanner planner;
  private final Computations computations;

  StudyService(
      Studies studies,
      RecipeStudies recipes,
      PairDifferences pairs,
      PilotPlanner planner,
      Computations computations) {
    this.studies = studies;
    this.recipes = recipes;
    this.pairs = pairs;
    this.planner = planner;
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
  public void deleteStudy(
      DeleteStudyRequest request, StreamObserver<DeleteStudyResponse> observer) {
    if (!studies.delete(request.getName(), request.getForce()) && !request.getAllowMissing()) {
      throw studies.notFound(request.getName());
    }
    answer(observer, DeleteStudyResponse.getDefaultInstance());
  }

  @Override
  public void watchStudy(WatchStudyRequest request, StreamObserver<WatchStudyResponse> observer) {
    ServerStream.pump(
        observer,
        stream ->
            studies.watch(
                request.getName(),
                study -> stream.send(WatchStudyResponse.newBuilder().setStudy(study).build())));
  }

  @Override
  public void getStudyReport(
      GetStudyReportRequest request, StreamObserver<GetStudyReportResponse> observer) {
    var report = studies.reportSummary(request.getName());
    answer(observer, GetStudyReportResponse.newBuilder().setReport(report).build());
  }

  @Override
  public void listStudyPairs(
      ListStudyPairsRequest request, StreamObserver<ListStudyPairsResponse> observer) {
    answer(observer, studies.pairs(request));
  }

  @Override
  public void listStudyModels(
      ListStudyModelsRequest request, StreamObserver<ListStudyModelsResponse> observer) {
    answer(observer, studies.models(request));
  }

  @Override
  public void exportStudy(
      ExportStudyRequest request, StreamObserver<ExportStudyResponse> observer) {
    ServerStream.pump(
        observer,
        stream -> {
          var report = studies.report(request.getName());
          for (var name : StudyReportFiles.names(report)) {
            try (var file = new FileParts(name, part -> stream.send(studyPart(name, part)))) {
              StudyReportFiles.write(name, report, file);
            }
          }
        });
  }

  @Override
  public void compareStudies(
      CompareStudiesRequest request, StreamObserver<CompareStudiesResponse> observer) {
    answer(observer, computations.run(unwanted -> recipes.compare(request, unwanted)));
  }

  @Override
  public void comparePairs(
      ComparePairsRequest request, StreamObserver<ComparePairsResponse> observer) {
    answer(observer, computations.run(unwanted -> pairs.compare(request, unwanted)));
  }

  @Override
  public void planStudy(PlanStudyRequest request, StreamObserver<PlanStudyResponse> observer) {
    answer(observer, computations.run(unwanted -> planner.plan(request)));
  }

  private static ExportStudyResponse studyPart(String fileName, ByteString content) {
    return ExportStudyResponse.newBuilder().setFileName(fileName).setContent(content).build();
  }

  private static <T> void answer(StreamObserver<T> observer, T response) {
    observer.onNext(response);
    observer.onCompleted();
  }
}
