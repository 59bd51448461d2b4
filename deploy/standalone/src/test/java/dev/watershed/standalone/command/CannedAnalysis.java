package dev.watershed.standalone.command;

import com.google.protobuf.ByteString;
import com.google.rpc.Status;
import dev.watershed.analysis.v1.CancelStudyRequest;
import dev.watershed.analysis.v1.CancelStudyResponse;
import dev.watershed.analysis.v1.CreateStudyRequest;
import dev.watershed.analysis.v1.CreateStudyResponse;
import dev.watershed.analysis.v1.ExportStudyRequest;
import dev.watershed.analysis.v1.ExportStudyResponse;
import dev.watershed.analysis.v1.GetStudyReportRequest;
import dev.watershed.analysis.v1.GetStudyReportResponse;
import dev.watershed.analysis.v1.ListStudiesRequest;
import dev.watershed.analysis.v1.ListStudiesResponse;
import dev.watershed.analysis.v1.Study;
import dev.watershed.analysis.v1.StudyProgress;
import dev.watershed.analysis.v1.StudyReport;
import dev.watershed.analysis.v1.StudyServiceGrpc;
import dev.watershed.analysis.v1.StudyState;
import dev.watershed.analysis.v1.WatchStudyRequest;
import dev.watershed.analysis.v1.WatchStudyResponse;
import dev.watershed.standalone.quickstart.MiniatureReport;
import io.grpc.stub.StreamObserver;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** An analysis whose one study ends when it is watched. */
final class CannedAnalysis extends StudyServiceGrpc.StudyServiceImplBase {
  final List<CreateStudyRequest> created = new CopyOnWriteArrayList<>();
  volatile StudyState end = StudyState.STUDY_STATE_SUCCEEDED;
  volatile StudyReport report = MiniatureReport.twoBasins(0.2, 0.7).build();

  private Study study(StudyState state, long completed) {
    Study.Builder study =
        Study.newBuilder()
            .setName("studies/s1")
            .setState(state)
            .setProgress(
                StudyProgress.newBuilder()
                    .setCompletedPoints(completed)
                    .setTotalPoints(300)
                    .setTotalPairs(28));
    if (!created.isEmpty()) {
      study.setSpec(created.get(0).getSpec());
    }
    if (state == StudyState.STUDY_STATE_FAILED) {
      study.setError(Status.newBuilder().setCode(14).setMessage("no evaluator answers"));
    }
    return study.build();
  }

  @Override
  public void createStudy(
      CreateStudyRequest request, StreamObserver<CreateStudyResponse> observer) {
    created.add(request);
    observer.onNext(
        CreateStudyResponse.newBuilder().setStudy(study(StudyState.STUDY_STATE_QUEUED, 0)).build());
    observer.onCompleted();
  }

  @Override
  public void listStudies(
      ListStudiesRequest request, StreamObserver<ListStudiesResponse> observer) {
    observer.onNext(ListStudiesResponse.newBuilder().addStudies(study(end, 300)).build());
    observer.onCompleted();
  }

  @Override
  public void cancelStudy(
      CancelStudyRequest request, StreamObserver<CancelStudyResponse> observer) {
    observer.onNext(
        CancelStudyResponse.newBuilder()
            .setStudy(study(StudyState.STUDY_STATE_CANCELLED, 100))
            .build());
    observer.onCompleted();
  }

  @Override
  public void watchStudy(WatchStudyRequest request, StreamObserver<WatchStudyResponse> observer) {
    observer.onNext(
        WatchStudyResponse.newBuilder()
            .setStudy(study(StudyState.STUDY_STATE_RUNNING, 100))
            .build());
    observer.onNext(WatchStudyResponse.newBuilder().setStudy(study(end, 300)).build());
    observer.onCompleted();
  }

  @Override
  public void getStudyReport(
      GetStudyReportRequest request, StreamObserver<GetStudyReportResponse> observer) {
    observer.onNext(GetStudyReportResponse.newBuilder().setReport(report).build());
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
