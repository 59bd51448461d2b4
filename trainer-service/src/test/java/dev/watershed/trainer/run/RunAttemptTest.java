package dev.watershed.trainer.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.watershed.jobs.CreateCall;
import dev.watershed.jobs.Database;
import dev.watershed.jobs.HoldLostException;
import dev.watershed.jobs.JobAttempt;
import dev.watershed.jobs.JobFeed;
import dev.watershed.jobs.JobState;
import dev.watershed.jobs.NewJob;
import dev.watershed.jobs.kit.TestDatabase;
import dev.watershed.trainer.engine.RunObserver.Signal;
import dev.watershed.trainer.store.RunContent;
import dev.watershed.trainer.store.RunStore;
import dev.watershed.trainer.v1.RunCheckpoint;
import dev.watershed.trainer.v1.TrainingPoint;
import dev.watershed.trainer.v1.TrainingProgress;
import dev.watershed.trainer.v1.TrainingRun;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;

final class RunAttemptTest {
  private static final TrainingRun RUN = TrainingRun.newBuilder().setName("trainingRuns/a").build();
  private static final TrainingRun OTHER = RUN.toBuilder().setName("trainingRuns/b").build();

  private final DataSource database = TestDatabase.h2("classpath:db/trainer");
  private final RunStore store = new RunStore(database, Clock.systemUTC());
  private final CountDownLatch closing = new CountDownLatch(1);
  private final JobAttempt<RunContent> attempt;
  private final RunAttempt observer;

  RunAttemptTest() {
    create("a", RUN);
    takenOver();
    attempt =
        new JobAttempt<>(
            store.jobs(),
            new JobFeed<>(store.jobs().kind()),
            store.jobs().find("a").orElseThrow(),
            closing);
    observer = new RunAttempt(attempt, List.of(), () -> {});
  }

  private void create(String id, TrainingRun run) {
    store.create(
        new CreateCall("", ""),
        () -> {},
        List.of(new NewJob<>(id, RunContent.of("ii", run))),
        known -> true,
        1);
  }

  private void takenOver() {
    var unused =
        new Database(database)
            .transact(
                handle ->
                    handle.execute(
                        "update training_run set state = 'TRAINING_RUN_STATE_RUNNING',"
                            + " attempt = attempt + 1"));
  }

  @Test
  void saved_afterAnotherWorkerTookTheRun_writesNothing() {
    takenOver();

    assertThatThrownBy(observer::saved).isInstanceOf(HoldLostException.class);
    assertThatThrownBy(attempt::succeed).isInstanceOf(HoldLostException.class);

    assertThat(store.jobs().find("a").orElseThrow().state()).isEqualTo(JobState.RUNNING);
  }

  @Test
  void signal_cancelledInAnotherProcess_isToStopOnceWritten() {
    assertThat(observer.signal()).isEqualTo(Signal.GO_ON);
    store.jobs().cancel("a");

    observer.saved();

    assertThat(observer.signal()).isEqualTo(Signal.SAVE_AND_STOP);
  }

  @Test
  void signal_processStopping_isSaveAndStop() {
    assertThat(observer.signal()).isEqualTo(Signal.GO_ON);
    closing.countDown();
    assertThat(observer.signal()).isEqualTo(Signal.SAVE_AND_STOP);
  }

  @Test
  void endCancelled_askedForAgainMeanwhile_leavesTheRunGoing() {
    store.jobs().cancel("a");
    attempt.stop();
    assertThat(observer.signal()).isEqualTo(Signal.SAVE_AND_STOP);
    create("b", OTHER);

    assertThat(attempt.endCancelled()).isFalse();

    assertThat(store.jobs().find("a").orElseThrow().state()).isEqualTo(JobState.RUNNING);
    assertThat(store.jobs().find("b")).isEmpty();
  }

  /** The state that is saved next will not tell these steps again. */
  @Test
  void saving_stepsSinceTheLastWrite_areKept() {
    for (int step = 1; step <= 3; step++) {
      observer.progressed(
          TrainingProgress.newBuilder()
              .setStep(step)
              .setTotalSteps(10)
              .setTrainingLossNats(1. / step)
              .build());
    }
    observer.saving();

    assertThat(store.curve("a")).extracting(TrainingPoint::getStep).containsExactly(1L, 2L, 3L);
    assertThat(store.curve("nobody")).isEmpty();
  }

  @Test
  void checkpointed_sameCheckpointAgain_isListedOnceAsTheLastTime() {
    var progress = TrainingProgress.newBuilder().setStep(5).build();
    var first = RunCheckpoint.newBuilder().setCheckpoint("checkpoints/a-step-5").setStep(5);
    var again = first.clone();
    again.getValidationBuilder().setMeanLossNats(.5);
    observer.checkpointed(first.build(), progress);
    observer.checkpointed(again.build(), progress);

    assertThat(store.jobs().find("a").orElseThrow().content().run().getCheckpointsList())
        .containsExactly(again.build());
  }
}
