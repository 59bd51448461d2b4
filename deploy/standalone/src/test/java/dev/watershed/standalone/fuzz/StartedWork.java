package dev.watershed.standalone.fuzz;

import dev.watershed.analysis.v1.CancelStudyRequest;
import dev.watershed.analysis.v1.ListStudiesRequest;
import dev.watershed.analysis.v1.Study;
import dev.watershed.analysis.v1.StudyServiceGrpc;
import dev.watershed.analysis.v1.StudyState;
import dev.watershed.trainer.v1.CancelTrainingRunRequest;
import dev.watershed.trainer.v1.ListTrainingRunsRequest;
import dev.watershed.trainer.v1.TrainingRunState;
import dev.watershed.trainer.v1.TrainingServiceGrpc;
import io.grpc.Channel;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * Runs and studies that fuzzed calls have made: they are cancelled, or the server would compute.
 */
final class StartedWork {
  private static final Set<StudyState> OPEN =
      EnumSet.of(StudyState.STUDY_STATE_QUEUED, StudyState.STUDY_STATE_RUNNING);

  private final Channel channel;
  private String pageToken = "";

  StartedWork(Channel channel) {
    this.channel = channel;
  }

  /** Cancels what is open; returns how much that was. */
  int cancel() {
    var training =
        TrainingServiceGrpc.newBlockingStub(channel).withDeadlineAfter(60, TimeUnit.SECONDS);
    var studies = StudyServiceGrpc.newBlockingStub(channel).withDeadlineAfter(60, TimeUnit.SECONDS);
    var runs =
        training.listTrainingRuns(
            ListTrainingRunsRequest.newBuilder()
                .setPageSize(200)
                .addStates(TrainingRunState.TRAINING_RUN_STATE_QUEUED)
                .addStates(TrainingRunState.TRAINING_RUN_STATE_RUNNING)
                .build());
    for (var run : runs.getTrainingRunsList()) {
      training.cancelTrainingRun(
          CancelTrainingRunRequest.newBuilder().setName(run.getName()).build());
    }
    int cancelled = runs.getTrainingRunsCount();
    while (true) {
      var page =
          studies.listStudies(
              ListStudiesRequest.newBuilder().setPageSize(100).setPageToken(pageToken).build());
      for (Study study : page.getStudiesList()) {
        if (OPEN.contains(study.getState())) {
          studies.cancelStudy(CancelStudyRequest.newBuilder().setName(study.getName()).build());
          cancelled++;
        }
      }
      if (page.getNextPageToken().isEmpty()) {
        return cancelled;
      }
      // Oldest first: no page that is full changes any more.
      pageToken = page.getNextPageToken();
    }
  }
}
