package dev.watershed.cli;

import dev.watershed.analysis.v1.Study;
import dev.watershed.analysis.v1.StudyProgress;
import dev.watershed.analysis.v1.StudyServiceGrpc;
import dev.watershed.analysis.v1.StudyState;
import dev.watershed.analysis.v1.WatchStudyRequest;
import dev.watershed.cli.terminal.ProgressBoard;
import dev.watershed.client.Reattach;
import dev.watershed.input.ResourceName;
import io.grpc.Channel;
import java.util.Locale;
import java.util.function.Consumer;

/** Follows a study to its end with a bar. */
public final class StudyFollower {
  private StudyFollower() {}

  /**
   * Returns the ended study.
   *
   * @param channel to the analysis service
   * @param name "studies/{id}"
   * @param board shows the bar
   * @param show sees every message
   */
  public static Study follow(
      Channel channel, String name, ProgressBoard board, Consumer<Study> show) {
    StudyServiceGrpc.StudyServiceBlockingStub studies = StudyServiceGrpc.newBlockingStub(channel);
    WatchStudyRequest request = WatchStudyRequest.newBuilder().setName(name).build();
    return Reattach.untilEnded(
            new Absence(board::say),
            false,
            () -> studies.watchStudy(request),
            response -> ended(response.getStudy().getState()),
            response -> {
              board.update(name, row(response.getStudy()));
              show.accept(response.getStudy());
            })
        .getStudy();
  }

  public static boolean ended(StudyState state) {
    return state == StudyState.STUDY_STATE_SUCCEEDED
        || state == StudyState.STUDY_STATE_FAILED
        || state == StudyState.STUDY_STATE_CANCELLED;
  }

  public static String word(StudyState state) {
    return state.name().replace("STUDY_STATE_", "").toLowerCase(Locale.ROOT);
  }

  public static ProgressBoard.Row row(Study study) {
    StudyProgress progress = study.getProgress();
    boolean ended = ended(study.getState());
    String name =
        study.getSpec().getDisplayName().isEmpty()
            ? ResourceName.id(study.getName())
            : study.getSpec().getDisplayName();
    String detail =
        study.hasError()
            ? study.getError().getMessage()
            : progress.getCompletedPairs()
                + "/"
                + progress.getTotalPairs()
                + " pairs"
                + (ended ? "" : RunFollower.left(progress.getRemainingSeconds()));
    return new ProgressBoard.Row(
        name + " study",
        word(study.getState()),
        progress.getCompletedPoints(),
        progress.getTotalPoints(),
        detail,
        ended);
  }
}
