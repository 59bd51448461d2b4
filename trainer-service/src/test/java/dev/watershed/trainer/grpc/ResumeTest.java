package dev.watershed.trainer.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.watershed.jobs.Crashes;
import dev.watershed.jobs.Job;
import dev.watershed.jobs.kit.TestDatabase;
import dev.watershed.trainer.store.RunKind;
import dev.watershed.trainer.store.RunStore;
import dev.watershed.trainer.v1.CancelTrainingRunRequest;
import dev.watershed.trainer.v1.CheckpointPolicy;
import dev.watershed.trainer.v1.GetTrainingRunRequest;
import dev.watershed.trainer.v1.HeadInitialization;
import dev.watershed.trainer.v1.LinearProbe;
import dev.watershed.trainer.v1.ListTrainingRunsRequest;
import dev.watershed.trainer.v1.RunCheckpoint;
import dev.watershed.trainer.v1.Schedule;
import dev.watershed.trainer.v1.TrainingPoint;
import dev.watershed.trainer.v1.TrainingRun;
import dev.watershed.trainer.v1.TrainingRunSpec;
import dev.watershed.trainer.v1.TrainingRunState;
import dev.watershed.trainer.v1.WatchTrainingRunRequest;
import dev.watershed.trainer.v1.WatchTrainingRunResponse;
import dev.watershed.type.v1.Precision;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.DataSource;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs that change hands, with dropout and validation on: their ends must not show it. */
final class ResumeTest {
  private static final int STEPS = 200;

  private final DataSource database = TestDatabase.h2("classpath:db/trainer");
  private Path directory;

  @BeforeEach
  void layOut(@TempDir Path temporary) throws Exception {
    directory = temporary;
    Files.createDirectories(directory.resolve("data"));
  }

  private static TrainingRunSpec spec() {
    return Specs.classification(STEPS)
        .setCheckpoints(CheckpointPolicy.newBuilder().setEverySteps(50).setResumeEverySteps(20))
        .build();
  }

  @Test
  void close_whileTraining_leavesTheRunToTheNextWorkerWithTheSameBits() throws Exception {
    var stopped = stoppedAfterStep(spec(), 60);

    assertThat(stopped.getState()).isEqualTo(TrainingRunState.TRAINING_RUN_STATE_RUNNING);
    assertThat(stopped.getCheckpointsCount()).isPositive();

    assertEndsAsIfUninterrupted(stopped, false);
  }

  /** The same with a linear probe of 40 steps, accumulated gradients and bfloat16. */
  @ParameterizedTest
  @ValueSource(ints = {20, 70})
  void close_inEitherStage_leavesTheRunToTheNextWorkerWithTheSameBits(int step) throws Exception {
    var staged = spec().toBuilder();
    staged
        .getRecipeBuilder()
        .setSteps(STEPS - 40)
        .setLinearProbe(LinearProbe.newBuilder().setLearningRate(1e-2).setSteps(40))
        .setAccumulationSteps(3)
        .setPrecision(Precision.PRECISION_BF16);

    assertEndsAsIfUninterrupted(stoppedAfterStep(staged.build(), step), false);
  }

  /** Rows and batches follow from the step, whatever their order and the head they begin with. */
  @ParameterizedTest
  @CsvSource({"0, true, LECUN_NORMAL", "37, true, TRUNCATED_NORMAL", "2000, false, NORMAL"})
  void close_anyOrder_leavesTheRunToTheNextWorkerWithTheSameBits(
      int shuffleBuffer, boolean dropRemainder, String head) throws Exception {
    var ordered = spec().toBuilder();
    ordered
        .getRecipeBuilder()
        .setSchedule(Schedule.SCHEDULE_GOOGLE_LINEAR)
        .setBatchSize(24)
        .setShuffleBuffer(shuffleBuffer)
        .setDropRemainder(dropRemainder)
        .setHeadInitialization(HeadInitialization.valueOf("HEAD_INITIALIZATION_" + head));

    assertEndsAsIfUninterrupted(stoppedAfterStep(ordered.build(), 60), false);
  }

  @Test
  void start_afterAWorkerDied_takesItsRunOverOnceTheHeartbeatIsMissed() throws Exception {
    var dead = killedAfterStep(60);

    assertEndsAsIfUninterrupted(dead, false);
  }

  @Test
  void start_soleWorkerAfterADeath_takesTheRunOverAtOnce() throws Exception {
    var dead = killedAfterStep(60);
    // However fresh the heartbeat looks.
    execute(
        "update training_queue set last_heartbeat = timestamp with time zone '2100-01-01"
            + " 00:00:00Z'");

    assertEndsAsIfUninterrupted(dead, true);
  }

  @Test
  void start_savedStateDamaged_beginsAnewWithTheSameBits() throws Exception {
    var dead = killedAfterStep(60);
    var state = directory.resolve("work").resolve(RunKind.id(dead)).resolve("state");
    var bytes = Files.readAllBytes(state);
    bytes[bytes.length / 2] ^= 1;
    Files.write(state, bytes);

    assertEndsAsIfUninterrupted(dead, true);
  }

  @Test
  void start_runThatKilledItsProcessTwice_isHeldAndTheNextIsTrained() throws Exception {
    try (var trainer = new Trainer(directory, database, true)) {
      var run = trainer.create(spec());
      var next = trainer.create(Specs.classification(3).build());
      // As the second process left it, which was killed at the step of the first.
      execute(
          "update training_run set attempts_since_save = 1, held_by = 'the second' where id = '"
              + RunKind.id(run)
              + "'");
      trainer.start();

      var ended = trainer.await(run);

      assertThat(ended.getState()).isEqualTo(TrainingRunState.TRAINING_RUN_STATE_FAILED);
      assertThat(Refusals.reason(ended.getError())).isEqualTo("CRASHED_REPEATEDLY");
      assertThat(ended.getError().getMessage())
          .contains("2 times")
          .contains("Ask for the same run");
      assertThat(ended.getAttemptCount()).isZero();
      assertThat(trainer.await(next).getState())
          .isEqualTo(TrainingRunState.TRAINING_RUN_STATE_SUCCEEDED);
    }
  }

  @Test
  void close_again_countsNoCrash() throws Exception {
    var stopped = stoppedAfterStep(spec(), 1);
    for (int i = 0; i < 3; i++) {
      try (var trainer = new Trainer(directory, database, false)) {
        trainer.start();
        awaitStep(trainer, stopped, 2);
      }
    }
    assertThat(
            new RunStore(database, Clock.systemUTC())
                .jobs()
                .find(RunKind.id(stopped))
                .orElseThrow())
        .extracting(Job::crashes)
        .isEqualTo(Crashes.NONE);
  }

  @Test
  void start_clockSetBackTwoDays_trainsWhatIsQueuedAndWhatWasRunning() throws Exception {
    var dead = killedAfterStep(60);
    try (var trainer = new Trainer(directory, database, true)) {
      var queued = trainer.create(Specs.classification(3).build());
      // As an older version, whose clock was ahead, has left the queue.
      execute(
          "update training_queue set execution_time = timestamp with time zone"
              + " '2100-01-01 00:00:00Z'");
      trainer.start();

      assertThat(trainer.await(dead).getState())
          .isEqualTo(TrainingRunState.TRAINING_RUN_STATE_SUCCEEDED);
      assertThat(trainer.await(queued).getState())
          .isEqualTo(TrainingRunState.TRAINING_RUN_STATE_SUCCEEDED);
    }
  }

  @Test
  void train_diskFullForAWhile_waitsAndEndsWithTheSameBits() throws Exception {
    var looks = new AtomicInteger();
    TrainingRun waited;
    try (var trainer =
        new Trainer(
            directory, database, true, path -> looks.incrementAndGet() == 2 ? 1001 : 1L << 40)) {
      trainer.start();
      waited = trainer.train(spec());
      assertThat(waited.getState()).isEqualTo(TrainingRunState.TRAINING_RUN_STATE_SUCCEEDED);
      assertThat(waited.getAttemptCount()).isEqualTo(1);
      assertThat(looks).hasValueGreaterThan(10);
      assertThat(digests(trainer, waited)).isEqualTo(digests(trainer, trainer.train(spec())));
    }
  }

  @Test
  void cancel_runOfADeadWorker_endsItWhenItIsTakenOver() throws Exception {
    var dead = killedAfterStep(60);
    try (var trainer = new Trainer(directory, database, true)) {
      trainer.store.jobs().change(RunKind.id(dead), run -> run.withCancelRequested(true));
      trainer.start();

      var ended = trainer.await(dead);

      assertThat(ended.getState()).isEqualTo(TrainingRunState.TRAINING_RUN_STATE_CANCELLED);
      assertThat(ended.getAttemptCount()).isEqualTo(1);
    }
  }

  /**
   * Makes what a killed worker leaves behind: a run under way, claimed, with the state of an
   * earlier step than its record tells.
   */
  private TrainingRun killedAfterStep(int step) throws Exception {
    var stopped = stoppedAfterStep(spec(), step);
    execute(
        "update training_queue set picked = true, picked_by = 'dead',"
            + " last_heartbeat = timestamp with time zone '2020-01-01 00:00:00Z'");
    return stopped;
  }

  private TrainingRun stoppedAfterStep(TrainingRunSpec spec, int step) throws Exception {
    try (var first = new Trainer(directory, database, false)) {
      first.start();
      var run = first.create(spec);
      awaitStep(first, run, step);
      first.worker.close();
      return get(first, run);
    }
  }

  private void assertEndsAsIfUninterrupted(TrainingRun interrupted, boolean soleWorker)
      throws Exception {
    try (var second = new Trainer(directory, database, soleWorker)) {
      second.start();
      var resumed = second.await(interrupted);
      var whole = second.train(interrupted.getSpec());

      assertThat(resumed.getState()).isEqualTo(TrainingRunState.TRAINING_RUN_STATE_SUCCEEDED);
      assertThat(resumed.getAttemptCount()).isEqualTo(2);
      assertThat(whole.getAttemptCount()).isEqualTo(1);
      assertThat(digests(second, resumed)).hasSize(4).isEqualTo(digests(second, whole));
      assertThat(resumed.getCheckpointsList())
          .extracting(RunCheckpoint::getStep)
          .containsExactly(50L, 100L, 150L, 200L);
      assertThat(resumed.getCheckpointsList())
          .allMatch(RunCheckpoint::hasValidation)
          .extracting(RunCheckpoint::getValidation)
          .isEqualTo(
              whole.getCheckpointsList().stream().map(RunCheckpoint::getValidation).toList());
      assertThat(resumed.getProgress().getTrainingLossNats())
          .isEqualTo(whole.getProgress().getTrainingLossNats());
      var curve = get(second, whole).getCurveList();
      assertThat(curve).hasSize(STEPS);
      assertThat(curve.getLast().getTrainingLossNats())
          .isEqualTo(whole.getProgress().getTrainingLossNats());
      assertThat(get(second, resumed).getCurveList()).isEqualTo(curve);
    }
  }

  /** Cancelled at some step, its state saved at that step. */
  @Test
  void create_cancelledRunAskedForAgain_goesOnFromWhereItWasStopped() throws Exception {
    try (var trainer = new Trainer(directory, database, false)) {
      trainer.start();
      var run = trainer.create(spec());
      awaitStep(trainer, run, 60);
      trainer.training.cancelTrainingRun(
          CancelTrainingRunRequest.newBuilder().setName(run.getName()).build());
      var cancelled = trainer.await(run);
      assertThat(cancelled.getState()).isEqualTo(TrainingRunState.TRAINING_RUN_STATE_CANCELLED);

      var again = reused(trainer, spec());

      assertThat(again.getName()).isEqualTo(run.getName());
      assertThat(again.getState()).isEqualTo(TrainingRunState.TRAINING_RUN_STATE_QUEUED);
      assertThat(again.hasEndTime()).isFalse();
      var ended = again;
      for (var answers = watch(trainer, again); answers.hasNext(); ) {
        ended = answers.next().getTrainingRun();
        assertThat(ended.getProgress().getStep())
            .isGreaterThanOrEqualTo(cancelled.getProgress().getStep());
      }
      var whole = trainer.train(spec());
      assertThat(ended.getState()).isEqualTo(TrainingRunState.TRAINING_RUN_STATE_SUCCEEDED);
      assertThat(ended.getAttemptCount()).isEqualTo(2);
      assertThat(digests(trainer, ended)).hasSize(4).isEqualTo(digests(trainer, whole));
      assertThat(get(trainer, ended).getCurveList()).isEqualTo(get(trainer, whole).getCurveList());
      assertThat(state(ended)).doesNotExist();
    }
  }

  @Test
  void start_cancelledLongAgo_forgetsItsState() throws Exception {
    TrainingRun cancelled;
    try (var trainer = new Trainer(directory, database, false)) {
      trainer.start();
      cancelled = trainer.create(spec());
      awaitStep(trainer, cancelled, 20);
      trainer.training.cancelTrainingRun(
          CancelTrainingRunRequest.newBuilder().setName(cancelled.getName()).build());
      cancelled = trainer.await(cancelled);
    }
    assertThat(state(cancelled)).exists();
    try (var trainer = new Trainer(directory, database, false)) {
      trainer.start();
      assertThat(state(cancelled)).exists();
      execute("update training_run set end_time = timestamp with time zone '1970-01-01 00:00:00Z'");
    }
    try (var trainer = new Trainer(directory, database, false)) {
      trainer.start();
      assertThat(state(cancelled)).doesNotExist();
    }
  }

  /** Whoever comes late sees the losses from the first step on, each once. */
  @Test
  void watch_lateFollower_getsTheWholeCurve() throws Exception {
    try (var trainer = new Trainer(directory, database, false)) {
      trainer.start();
      var run = trainer.create(spec());
      awaitStep(trainer, run, 50);
      List<TrainingPoint> seen = new ArrayList<>();
      for (var answers = watch(trainer, run); answers.hasNext(); ) {
        seen.addAll(answers.next().getTrainingRun().getCurveList());
      }
      assertThat(seen).hasSize(STEPS).isEqualTo(get(trainer, run).getCurveList());
      assertThat(seen).extracting(TrainingPoint::getStep).startsWith(1L, 2L, 3L).isSorted();
      var listed = trainer.training.listTrainingRuns(ListTrainingRunsRequest.getDefaultInstance());
      assertThat(listed.getTrainingRuns(0).getCurveList()).isEmpty();
    }
  }

  private Path state(TrainingRun run) {
    return directory.resolve("work").resolve(RunKind.id(run)).resolve("state");
  }

  private static Iterator<WatchTrainingRunResponse> watch(Trainer trainer, TrainingRun run) {
    return trainer
        .training
        .withDeadlineAfter(60, TimeUnit.SECONDS)
        .watchTrainingRun(WatchTrainingRunRequest.newBuilder().setName(run.getName()).build());
  }

  private static TrainingRun reused(Trainer trainer, TrainingRunSpec spec) {
    return trainer
        .training
        .createTrainingRun(Specs.run(spec.toBuilder()).setReuseExisting(true).build())
        .getTrainingRun();
  }

  private static List<String> digests(Trainer trainer, TrainingRun run) {
    return Specs.checkpoints(run).stream()
        .map(
            name -> {
              try {
                return trainer
                    .checkpoints
                    .find(name.substring("checkpoints/".length()))
                    .orElseThrow()
                    .digest()
                    .sha256();
              } catch (java.io.IOException e) {
                throw new java.io.UncheckedIOException(e);
              }
            })
        .toList();
  }

  private static void awaitStep(Trainer trainer, TrainingRun run, int step) {
    var answers =
        trainer
            .training
            .withDeadlineAfter(60, TimeUnit.SECONDS)
            .watchTrainingRun(WatchTrainingRunRequest.newBuilder().setName(run.getName()).build());
    while (answers.next().getTrainingRun().getProgress().getStep() < step) {}
  }

  private static TrainingRun get(Trainer trainer, TrainingRun run) {
    return trainer
        .training
        .getTrainingRun(GetTrainingRunRequest.newBuilder().setName(run.getName()).build())
        .getTrainingRun();
  }

  private void execute(String sql) throws SQLException {
    try (var connection = database.getConnection();
        var statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }
}
