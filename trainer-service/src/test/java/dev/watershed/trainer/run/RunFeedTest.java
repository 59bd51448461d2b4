package dev.watershed.trainer.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.rpc.Code;
import dev.watershed.server.RefusedException;
import dev.watershed.trainer.v1.TrainingProgress;
import dev.watershed.trainer.v1.TrainingRun;
import dev.watershed.trainer.v1.TrainingRunState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class RunFeedTest {
  private static final Duration LONG = Duration.ofSeconds(10);
  private final RunFeed feed = new RunFeed();

  @Test
  void next_manyStepsUnread_givesEveryStateAndOnlyTheNewestStep() throws Exception {
    try (var follower = feed.subscribe("trainingRuns/a")) {
      feed.publish(run(TrainingRunState.TRAINING_RUN_STATE_RUNNING, 0));
      for (int step = 1; step <= 1000; step++) {
        feed.publish(run(TrainingRunState.TRAINING_RUN_STATE_RUNNING, step));
      }
      assertThat(follower.next(LONG))
          .isEqualTo(run(TrainingRunState.TRAINING_RUN_STATE_RUNNING, 0));
      assertThat(follower.next(LONG))
          .isEqualTo(run(TrainingRunState.TRAINING_RUN_STATE_RUNNING, 1000));
      feed.publish(run(TrainingRunState.TRAINING_RUN_STATE_SUCCEEDED, 1000));
      assertThat(follower.next(LONG))
          .isEqualTo(run(TrainingRunState.TRAINING_RUN_STATE_SUCCEEDED, 1000));
      assertThat(follower.next(Duration.ofMillis(1))).isNull();
    }
  }

  @Test
  void next_steadySteps_areGivenAtMostEveryInterval() throws Exception {
    try (var follower = feed.subscribe("trainingRuns/a")) {
      feed.publish(run(TrainingRunState.TRAINING_RUN_STATE_RUNNING, 0));
      assertThat(follower.next(LONG)).isNotNull();
      List<Long> at = new ArrayList<>();
      for (int step = 1; at.size() < 4; step++) {
        feed.publish(run(TrainingRunState.TRAINING_RUN_STATE_RUNNING, step));
        if (follower.next(Duration.ofMillis(5)) != null) {
          at.add(System.nanoTime());
        }
      }
      // Each was given at its due time or later, so only the first two may be closer than it.
      assertThat(at.get(3) - at.get(0))
          .isGreaterThan(RunFeed.PROGRESS_INTERVAL.multipliedBy(2).toNanos());
    }
  }

  @Test
  void publish_ofAnotherRun_isNotHeard() throws Exception {
    try (var follower = feed.subscribe("trainingRuns/b")) {
      feed.publish(run(TrainingRunState.TRAINING_RUN_STATE_RUNNING, 0));
      assertThat(follower.next(Duration.ofMillis(1))).isNull();
    }
  }

  @Test
  void close_whileFollowing_sendsFollowersAway() {
    try (var follower = feed.subscribe("trainingRuns/a")) {
      feed.close();
      assertThatThrownBy(() -> follower.next(LONG))
          .isInstanceOfSatisfying(
              RefusedException.class,
              refused ->
                  assertThat(refused.toStatus().getCode()).isEqualTo(Code.UNAVAILABLE_VALUE));
    }
  }

  private static TrainingRun run(TrainingRunState state, long step) {
    return TrainingRun.newBuilder()
        .setName("trainingRuns/a")
        .setState(state)
        .setProgress(TrainingProgress.newBuilder().setStep(step))
        .build();
  }
}
