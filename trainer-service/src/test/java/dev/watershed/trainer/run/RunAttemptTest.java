package dev.watershed.trainer.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.watershed.trainer.engine.RunObserver.Signal;
import dev.watershed.trainer.store.CreateCall;
import dev.watershed.trainer.store.NewRun;
import dev.watershed.trainer.store.RunStore;
import dev.watershed.trainer.store.StoredRun;
import dev.watershed.trainer.store.TestDatabase;
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

  private final RunStore store = new RunStore(TestDatabase.create(), Clock.systemUTC());
  private final AtomicBoolean stopping = new AtomicBoolean();
  private final RunAttempt attempt;

  RunAttemptTest() {
    store.create(new CreateCall("", "aa"), List.of(new NewRun(RUN, "ii")), run -> false, 1);
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
    store.update("a", run -> new StoredRun(run.run(), false, 4));

    attempt.saved();

    assertThat(store.find("a").orElseThrow().attemptsSinceSave()).isZero();
  }

  @Test
  void signal_cancelledInAnotherProcess_isStopOnceWritten() {
    assertThat(attempt.signal()).isEqualTo(Signal.GO_ON);
    store.update("a", run -> new StoredRun(run.run(), true, run.attemptsSinceSave()));

    attempt.saved();

    assertThat(attempt.signal()).isEqualTo(Signal.STOP);
  }

  @Test
  void signal_processStopping_isSaveAndStop() {
    stopping.set(true);
    assertThat(attempt.signal()).isEqualTo(Signal.SAVE_AND_STOP);
    attempt.cancel();
    assertThat(attempt.signal()).isEqualTo(Signal.STOP);
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
