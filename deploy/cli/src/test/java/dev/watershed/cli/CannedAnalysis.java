package dev.watershed.cli;

import com.google.protobuf.ByteString;
import com.google.rpc.Status;
import dev.watershed.analysis.v1.AnalyzeDynamicsRequest;
import dev.watershed.analysis.v1.AnalyzeDynamicsResponse;
import dev.watershed.analysis.v1.BasinPlan;
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
import dev.watershed.analysis.v1.Dynamics;
import dev.watershed.analysis.v1.DynamicsPairs;
import dev.watershed.analysis.v1.DynamicsServiceGrpc;
import dev.watershed.analysis.v1.ExportDynamicsRequest;
import dev.watershed.analysis.v1.ExportDynamicsResponse;
import dev.watershed.analysis.v1.ExportStudyRequest;
import dev.watershed.analysis.v1.ExportStudyResponse;
import dev.watershed.analysis.v1.GetStudyReportRequest;
import dev.watershed.analysis.v1.GetStudyReportResponse;
import dev.watershed.analysis.v1.Interval;
import dev.watershed.analysis.v1.ListStudiesRequest;
import dev.watershed.analysis.v1.ListStudiesResponse;
import dev.watershed.analysis.v1.ListStudyModelsRequest;
import dev.watershed.analysis.v1.ListStudyModelsResponse;
import dev.watershed.analysis.v1.ListStudyPairsRequest;
import dev.watershed.analysis.v1.ListStudyPairsResponse;
import dev.watershed.analysis.v1.MetricComparison;
import dev.watershed.analysis.v1.MetricDifference;
import dev.watershed.analysis.v1.PairMean;
import dev.watershed.analysis.v1.PlanStudyRequest;
import dev.watershed.analysis.v1.PlanStudyResponse;
import dev.watershed.analysis.v1.RecipeComparison;
import dev.watershed.analysis.v1.RecipePlan;
import dev.watershed.analysis.v1.RecipePower;
import dev.watershed.analysis.v1.Study;
import dev.watershed.analysis.v1.StudyProgress;
import dev.watershed.analysis.v1.StudyReport;
import dev.watershed.analysis.v1.StudyServiceGrpc;
import dev.watershed.analysis.v1.StudyState;
import dev.watershed.analysis.v1.TabulateChangesRequest;
import dev.watershed.analysis.v1.TabulateChangesResponse;
import dev.watershed.analysis.v1.WatchStudyRequest;
import dev.watershed.analysis.v1.WatchStudyResponse;
import io.grpc.BindableService;
import io.grpc.stub.StreamObserver;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;

/** An analysis whose studies, "studies/s1" and so on, end when they are watched. */
final class CannedAnalysis extends StudyServiceGrpc.StudyServiceImplBase {
  final List<CreateStudyRequest> created = new CopyOnWriteArrayList<>();
  final List<DeleteStudyRequest> deleted = new CopyOnWriteArrayList<>();
  volatile StudyState end = StudyState.STUDY_STATE_SUCCEEDED;
  volatile StudyReport report = MiniatureReport.twoBasins(0.2, 0.7).build();

  /** Studies of these requests had failed before. */
  volatile Predicate<CreateStudyRequest> failedBefore = request -> false;

  final List<AnalyzeDynamicsRequest> compared = new CopyOnWriteArrayList<>();
  final List<ExportDynamicsRequest> exported = new CopyOnWriteArrayList<>();
  volatile Dynamics dynamics = Dynamics.getDefaultInstance();

  private Study study(String name, StudyState state, long completed) {
    Study.Builder study =
        Study.newBuilder()
            .setName(name)
            .setState(state)
            .setProgress(
                StudyProgress.newBuilder()
                    .setCompletedPoints(completed)
                    .setTotalPoints(300)
                    .setTotalPairs(28));
    int index = Integer.parseInt(name.substring("studies/s".length())) - 1;
    if (index < created.size()) {
      study.setSpec(created.get(index).getSpec());
    }
    if (state == StudyState.STUDY_STATE_FAILED) {
      study.setError(Status.newBuilder().setCode(14).setMessage("no evaluator answers"));
    }
    return study.build();
  }

  /** Answers for dynamics. */
  final BindableService dynamicsService =
      new DynamicsServiceGrpc.DynamicsServiceImplBase() {
        @Override
        public void analyzeDynamics(
            AnalyzeDynamicsRequest request, StreamObserver<AnalyzeDynamicsResponse> observer) {
          compared.add(request);
          observer.onNext(
              AnalyzeDynamicsResponse.newBuilder()
                  .setDynamics(dynamics.toBuilder().clearPairs())
                  .build());
          observer.onNext(
              AnalyzeDynamicsResponse.newBuilder()
                  .setPairs(DynamicsPairs.newBuilder().addAllPairs(dynamics.getPairsList()))
                  .build());
          observer.onCompleted();
        }

        @Override
        public void tabulateChanges(
            TabulateChangesRequest request, StreamObserver<TabulateChangesResponse> observer) {
          tabulated.add(request);
          observer.onNext(changes);
          observer.onCompleted();
        }

        @Override
        public void exportDynamics(
            ExportDynamicsRequest request, StreamObserver<ExportDynamicsResponse> observer) {
          exported.add(request);
          for (String content : List.of("<html>", "</html>")) {
            observer.onNext(
                ExportDynamicsResponse.newBuilder()
                    .setFileName("dynamics.html")
                    .setContent(ByteString.copyFromUtf8(content))
                    .build());
          }
          observer.onCompleted();
        }
      };

  final List<CompareStudiesRequest> recipes = new CopyOnWriteArrayList<>();
  final List<ComparePairsRequest> pairs = new CopyOnWriteArrayList<>();
  final List<TabulateChangesRequest> tabulated = new CopyOnWriteArrayList<>();
  volatile TabulateChangesResponse changes = TabulateChangesResponse.getDefaultInstance();

  final List<PlanStudyRequest> planned = new CopyOnWriteArrayList<>();

  @Override
  public void planStudy(PlanStudyRequest request, StreamObserver<PlanStudyResponse> observer) {
    planned.add(request);
    observer.onNext(
        PlanStudyResponse.newBuilder()
            .addBasins(BasinPlan.newBuilder().setModelCount(16).setSeparationNeeded(.956))
            .setRecipe(
                RecipePlan.newBuilder()
                    .setRatio(.5)
                    .addPowers(RecipePower.newBuilder().setModelCount(12).setPower(.87)))
            .addSentences("So many.")
            .build());
    observer.onCompleted();
  }

  @Override
  public void compareStudies(
      CompareStudiesRequest request, StreamObserver<CompareStudiesResponse> observer) {
    recipes.add(request);
    RecipeComparison.Builder comparison =
        RecipeComparison.newBuilder()
            .setFirst(PairMean.newBuilder().setMean(.2).setModelCount(12).setPairCount(66))
            .setSecond(PairMean.newBuilder().setMean(.1).setModelCount(5).setPairCount(10))
            .setDifference(.1)
            .setDifferenceInterval(Interval.newBuilder().setLow(-.02).setHigh(.22))
            .setRatio(.5)
            .setP(.08)
            .setHalvingPower(.4)
            .setModelsNeeded(13);
    observer.onNext(
        CompareStudiesResponse.newBuilder()
            .addComparisons(
                MetricComparison.newBuilder().setMetric("convexity_gap").setComparison(comparison))
            .setFinding("Nothing is shown.")
            .build());
    observer.onCompleted();
  }

  @Override
  public void comparePairs(
      ComparePairsRequest request, StreamObserver<ComparePairsResponse> observer) {
    pairs.add(request);
    MetricDifference.Builder difference =
        MetricDifference.newBuilder()
            .setFirst(.3)
            .setSecond(.1)
            .setDifference(.2)
            .setInterval(Interval.newBuilder().setLow(-.1).setHigh(.5));
    observer.onNext(
        ComparePairsResponse.newBuilder()
            .setConvexityGap(difference)
            .setBarrierHeight(difference.clone().setDistinguishable(true))
            .setArea(difference)
            .setExampleCount(512)
            .setSentence("So it is.")
            .build());
    observer.onCompleted();
  }

  @Override
  public void createStudy(
      CreateStudyRequest request, StreamObserver<CreateStudyResponse> observer) {
    created.add(request);
    StudyState state =
        failedBefore.test(request) ? StudyState.STUDY_STATE_FAILED : StudyState.STUDY_STATE_QUEUED;
    observer.onNext(
        CreateStudyResponse.newBuilder()
            .setStudy(study("studies/s" + created.size(), state, 0))
            .build());
    observer.onCompleted();
  }

  @Override
  public void listStudyModels(
      ListStudyModelsRequest request, StreamObserver<ListStudyModelsResponse> observer) {
    observer.onNext(
        ListStudyModelsResponse.newBuilder().addAllModels(report.getModelsList()).build());
    observer.onCompleted();
  }

  /** One pair a page. */
  @Override
  public void listStudyPairs(
      ListStudyPairsRequest request, StreamObserver<ListStudyPairsResponse> observer) {
    int at = request.getPageToken().isEmpty() ? 0 : Integer.parseInt(request.getPageToken());
    var page = ListStudyPairsResponse.newBuilder();
    if (at < report.getPairsCount()) {
      page.addPairs(report.getPairs(at));
    }
    if (at + 1 < report.getPairsCount()) {
      page.setNextPageToken(Integer.toString(at + 1));
    }
    observer.onNext(page.build());
    observer.onCompleted();
  }

  @Override
  public void listStudies(
      ListStudiesRequest request, StreamObserver<ListStudiesResponse> observer) {
    observer.onNext(
        ListStudiesResponse.newBuilder().addStudies(study("studies/s1", end, 300)).build());
    observer.onCompleted();
  }

  @Override
  public void cancelStudy(
      CancelStudyRequest request, StreamObserver<CancelStudyResponse> observer) {
    observer.onNext(
        CancelStudyResponse.newBuilder()
            .setStudy(study(request.getName(), StudyState.STUDY_STATE_CANCELLED, 100))
            .build());
    observer.onCompleted();
  }

  @Override
  public void deleteStudy(
      DeleteStudyRequest request, StreamObserver<DeleteStudyResponse> observer) {
    deleted.add(request);
    observer.onNext(DeleteStudyResponse.getDefaultInstance());
    observer.onCompleted();
  }

  @Override
  public void watchStudy(WatchStudyRequest request, StreamObserver<WatchStudyResponse> observer) {
    observer.onNext(
        WatchStudyResponse.newBuilder()
            .setStudy(study(request.getName(), StudyState.STUDY_STATE_RUNNING, 100))
            .build());
    observer.onNext(
        WatchStudyResponse.newBuilder().setStudy(study(request.getName(), end, 300)).build());
    observer.onCompleted();
  }

  @Override
  public void getStudyReport(
      GetStudyReportRequest request, StreamObserver<GetStudyReportResponse> observer) {
    observer.onNext(
        GetStudyReportResponse.newBuilder().setReport(report.toBuilder().clearPairs()).build());
    observer.onCompleted();
  }

  @Override
  public void exportStudy(
      ExportStudyRequest request, StreamObserver<ExportStudyResponse> observer) {
    observer.onNext(part("report.html", "<html>"));
    observer.onNext(part("report.html", "</html>"));
    observer.onNext(part("pairs.csv", "a,b"));
    observer.onCompleted();
  }

  private static ExportStudyResponse part(String file, String content) {
    return ExportStudyResponse.newBuilder()
        .setFileName(file)
        .setContent(ByteString.copyFromUtf8(content))
        .build();
  }
}
