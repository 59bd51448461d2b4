package dev.watershed.trainer.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.watershed.trainer.engine.RunObserver.Signal;
import dev.watershed.trainer.store.Crashes;
import dev.watershed.trainer.store.CreateCall;
import dev.watershed.trainer.store.NewRun;
import dev.watershed.trainer.store.RunStore;
import dev.watershed.trainer.store.StoredRun;
import dev.watershed.trainer.store.TestDatabase;
import dev.watershed.trainer.v1.TrainingPoint;
import dev.watershed.trainer.v1.TrainingProgress;
import dev.watershed.trainer.v1.TrainingRun;
import dev.watershed.trainer.v1.TrainingRunState;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

final class RunAttemptTest {
  private static final TrainingRun RUN =
      TrainingRun.newBuilder()
          .setName("trainingRuns/a")
          .setState(TrainingRunState.TRAINING_RUN_STATE_RUNNING)
          .setAttemptCount(1)
          .build();

  private static final TrainingRun OTHER =
      RUN.toBuilder()
          .setName("trainingRuns/b")
          .setState(TrainingRunState.TRAINING_RUN_STATE_QUEUED)
          .build();

  private final RunStore store = new RunStore(TestDatabase.create(), Clock.systemUTC());
  private final AtomicBoolean stopping = new AtomicBoolean();
  private final RunAttempt attempt;

  RunAttemptTest() {
    store.create(
        new CreateCall("", "aa"), () -> {}, List.of(new NewRun(RUN, "ii")), run -> false, 1);
    attempt = new RunAttempt(store, new RunFeed(), Clock.systemUTC(), stopping::get, RUN);
  }

  @Test
  void saved_afterAnotherWorkerTookTheRun_writesNothing() {
    store.update("a", run -> run.with(RUN.toBuilder().setAttemptCount(2).build()));

    assertThatThrownBy(attempt::saved).isInstanceOf(RunAttempt.TakenOverException.class);
    assertThatThrownBy(() -> attempt.end(TrainingRunState.TRAINING_RUN_STATE_SUCCEEDED, null))
        .isInstanceOf(RunAttempt.TakenOverException.class);

    assertThat(store.find("a").orElseThrow().run().getState())
        .isEqualTo(TrainingRunState.TRAINING_RUN_STATE_RUNNING);
  }

  @Test
  void saved_afterDeaths_forgivesThem() {
    store.update("a", run -> run.with(new Crashes(1, 7, "this")));

    attempt.saved();

    assertThat(store.find("a").orElseThrow().crashes()).isEqualTo(new Crashes(0, 0, "this"));
  }

  @Test
  void signal_cancelledInAnotherProcess_isToStopOnceWritten() {
    assertThat(attempt.signal()).isEqualTo(Signal.GO_ON);
    store.update("a", run -> new StoredRun(run.run(), true, run.crashes()));

    attempt.saved();

    assertThat(attempt.signal()).isEqualTo(Signal.SAVE_AND_STOP);
    assertThat(attempt.endCancelled()).isTrue();
    assertThat(store.find("a").orElseThrow().run().getState())
        .isEqualTo(TrainingRunState.TRAINING_RUN_STATE_CANCELLED);
  }

  @Test
  void signal_processStopping_isSaveAndStop() {
    assertThat(attempt.signal()).isEqualTo(Signal.GO_ON);
    stopping.set(true);
    assertThat(attempt.signal()).isEqualTo(Signal.SAVE_AND_STOP);
  }

  @Test
  void endCancelled_askedForAgainMeanwhile_leavesTheRunGoing() {
    store.update("a", run -> new StoredRun(run.run(), true, run.crashes()));
    attempt.cancel();
    assertThat(attempt.signal()).isEqualTo(Signal.SAVE_AND_STOP);
    store.create(
        new CreateCall("", "bb"), () -> {}, List.of(new NewRun(OTHER, "ii")), run -> true, 1);

    assertThat(attempt.endCancelled()).isFalse();

    assertThat(store.find("a").orElseThrow().run().getState())
        .isEqualTo(TrainingRunState.TRAINING_RUN_STATE_RUNNING);
    assertThat(store.find("b")).isEmpty();
  }

  /** The state that is saved next will not tell these steps again. */
  @Test
  void saving_stepsSinceTheLastWrite_areKept() {
    for (int step = 1; step <= 3; step++) {
      attempt.progressed(
          TrainingProgress.newBuilder()
              .setStep(step)
              .setTotalSteps(10)
              .setTrainingLossNats(1. / step)
              .build());
    }
    attempt.saving();

    assertThat(store.curve("a")).extracting(TrainingPoint::getStep).containsExactly(1L, 2L, 3L);
    assertThat(store.curve("nobody")).isEmpty();
  }

  @Test
  void checkpointed_sameCheckpointAgain_isListedOnce() {
    var progress = TrainingProgress.newBuilder().setStep(5).build();
    attempt.checkpointed("checkpoints/a-step-5", progress);
    attempt.checkpointed("checkpoints/a-step-5", progress);

    assertThat(store.find("a").orElseThrow().run().getCheckpointsList())
        .containsExactly("checkpoints/a-step-5");
  }
}
