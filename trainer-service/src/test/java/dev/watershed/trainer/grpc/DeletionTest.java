package dev.watershed.trainer.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.rpc.Code;
import dev.watershed.jobs.kit.TestDatabase;
import dev.watershed.trainer.Models;
import dev.watershed.trainer.run.RunLoop;
import dev.watershed.trainer.store.RunKind;
import dev.watershed.trainer.v1.BatchCreateTrainingRunsRequest;
import dev.watershed.trainer.v1.CancelTrainingRunRequest;
import dev.watershed.trainer.v1.Checkpoint;
import dev.watershed.trainer.v1.DataServiceGrpc;
import dev.watershed.trainer.v1.DeleteCheckpointRequest;
import dev.watershed.trainer.v1.DeleteTrainingRunRequest;
import dev.watershed.trainer.v1.DeleteUploadedFileRequest;
import dev.watershed.trainer.v1.DownloadCheckpointRequest;
import dev.watershed.trainer.v1.GetCheckpointRequest;
import dev.watershed.trainer.v1.GetTrainingRunRequest;
import dev.watershed.trainer.v1.ListCheckpointsRequest;
import dev.watershed.trainer.v1.ListTrainingRunsRequest;
import dev.watershed.trainer.v1.RegisterCheckpointRequest;
import dev.watershed.trainer.v1.TrainingRun;
import dev.watershed.trainer.v1.TrainingRunSpec;
import dev.watershed.trainer.v1.TrainingRunState;
import dev.watershed.trainer.v1.WatchTrainingRunRequest;
import dev.watershed.trainer.v1.WatchTrainingRunResponse;
import dev.watershed.type.v1.FileFormat;
import io.grpc.StatusRuntimeException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs and checkpoints that are deleted: what keeps them, and that nothing of them is left. */
final class DeletionTest {
  private static final String NO_RUN = "trainingRuns/aaaaaaaaaaaa";

  private Path directory;
  private DataSource database;
  private Trainer trainer;

  @BeforeEach
  void serve(@TempDir Path temporary) throws Exception {
    directory = temporary;
    Files.createDirectories(directory.resolve("data"));
    database = TestDatabase.h2("classpath:db/trainer");
    trainer = new Trainer(directory, database, false);
  }

  @AfterEach
  void stop() {
    trainer.close();
  }

  @Test
  void deleteRun_withCheckpoints_isRefusedNamingThemUnlessForced() throws Exception {
    trainer.start();
    var spec = Specs.classification(3);
    spec.getCheckpointsBuilder().addAtSteps(0).addAtSteps(2);
    var run = trainer.train(spec.build());
    var kept = trainer.train(Specs.classification(2).build());

    var refused = Refusals.of(() -> delete(run, false));

    assertThat(refused.getCode()).isEqualTo(Code.FAILED_PRECONDITION_VALUE);
    assertThat(Refusals.reason(refused)).isEqualTo("TRAINING_RUN_HAS_CHECKPOINTS");
    assertThat(Refusals.info(refused).getMetadataOrThrow("checkpoints").split(" "))
        .containsExactlyInAnyOrderElementsOf(Specs.checkpoints(run));
    assertThat(refused.getMessage())
        .contains(run.getName(), run.getCheckpoints(0).getCheckpoint(), "force");
    assertThat(checkpoints()).hasSize(4);

    assertThat(delete(run, true)).containsExactlyInAnyOrderElementsOf(Specs.checkpoints(run));

    assertThat(Refusals.reason(Refusals.of(() -> get(run)))).isEqualTo("TRAINING_RUN_NOT_FOUND");
    assertThat(runs()).containsExactly(kept.getName());
    assertThat(checkpoints()).containsExactlyElementsOf(Specs.checkpoints(kept));
    assertThat(Refusals.of(() -> delete(run, true)).getCode()).isEqualTo(Code.NOT_FOUND_VALUE);
  }

  @Test
  void deleteRun_checkpointsDeletedOneByOne_isDeletedWithoutForce() {
    trainer.start();
    var run = trainer.train(Specs.classification(2).build());

    deleteCheckpoint(run.getCheckpoints(0).getCheckpoint());

    assertThat(Refusals.of(() -> getCheckpoint(run.getCheckpoints(0).getCheckpoint())).getCode())
        .isEqualTo(Code.NOT_FOUND_VALUE);
    assertThat(Specs.checkpoints(get(run))).isEqualTo(Specs.checkpoints(run));
    assertThat(delete(run, false)).isEmpty();
    assertThat(runs()).isEmpty();
  }

  @Test
  void deleteRun_unknown_isNotFoundUnlessItMayBeMissing() {
    var request = DeleteTrainingRunRequest.newBuilder().setName(NO_RUN);

    var refused = Refusals.of(() -> trainer.training.deleteTrainingRun(request.build()));

    assertThat(refused.getCode()).isEqualTo(Code.NOT_FOUND_VALUE);
    assertThat(Refusals.reason(refused)).isEqualTo("TRAINING_RUN_NOT_FOUND");
    var answer = trainer.training.deleteTrainingRun(request.setAllowMissing(true).build());
    assertThat(answer.getDeletedCheckpointsList()).isEmpty();
  }

  @Test
  void deleteRun_waiting_isRefusedUnlessForced() throws Exception {
    var run = trainer.create(Specs.classification(2).build());

    var refused = Refusals.of(() -> delete(run, false));

    assertThat(refused.getCode()).isEqualTo(Code.FAILED_PRECONDITION_VALUE);
    assertThat(Refusals.reason(refused)).isEqualTo("TRAINING_RUN_ACTIVE");
    assertThat(get(run).getState()).isEqualTo(TrainingRunState.TRAINING_RUN_STATE_QUEUED);
    assertThat(delete(run, true)).isEmpty();
    assertThat(runs()).isEmpty();
    for (var table : List.of("training_run", "training_queue", "training_curve")) {
      assertThat(count(table)).as(table).isZero();
    }
  }

  @Test
  void deleteRun_beingTrained_isCancelledThenGoneWithItsStateAndTheNextIsTrained()
      throws Exception {
    trainer.start();
    var spec = Specs.classification(1_000_000);
    spec.getCheckpointsBuilder().addAtSteps(1).setResumeEverySteps(2);
    var run = trainer.create(spec.build());
    var watched = watch(run);
    while (watched.next().getTrainingRun().getProgress().getStep() < 10) {}
    assertThat(Refusals.reason(Refusals.of(() -> delete(run, false))))
        .isEqualTo("TRAINING_RUN_ACTIVE");

    assertThat(delete(run, true)).hasSize(1);

    var last = last(watched);
    assertThat(last.getState()).isEqualTo(TrainingRunState.TRAINING_RUN_STATE_CANCELLED);
    assertThat(directory.resolve("work").resolve(RunKind.id(run))).doesNotExist();
    assertThat(checkpoints()).isEmpty();
    assertThat(Refusals.of(() -> get(run)).getCode()).isEqualTo(Code.NOT_FOUND_VALUE);
    assertThat(trainer.train(Specs.classification(2).build()).getState())
        .isEqualTo(TrainingRunState.TRAINING_RUN_STATE_SUCCEEDED);
  }

  /** Nobody works here, so the run cannot end: a call that gives up has cancelled it. */
  @Test
  void deleteRun_callEndsBeforeTheRun_leavesItCancelledNotDeleted() throws Exception {
    var run = trainer.create(Specs.classification(2).build());
    execute(
        "update training_run set state = 'TRAINING_RUN_STATE_RUNNING' where id = '"
            + RunKind.id(run)
            + "'");

    var refused =
        Refusals.of(
            () ->
                trainer
                    .training
                    .withDeadlineAfter(300, TimeUnit.MILLISECONDS)
                    .deleteTrainingRun(
                        DeleteTrainingRunRequest.newBuilder()
                            .setName(run.getName())
                            .setForce(true)
                            .build()));

    assertThat(refused.getCode()).isEqualTo(Code.DEADLINE_EXCEEDED_VALUE);
    assertThat(trainer.store.jobs().find(RunKind.id(run)).orElseThrow().cancelRequested()).isTrue();
  }

  /** A watcher elsewhere, whose process was not told, finds out by looking. */
  @Test
  void watch_runDeletedByAnotherProcess_isNotFound() throws Exception {
    var run = trainer.create(Specs.classification(2).build());
    var watched = watch(run);
    watched.next();
    // By a whole deletion the watcher may first hear that the run was cancelled.
    execute("delete from training_run where id = '" + RunKind.id(run) + "'");

    assertThat(Refusals.of(() -> last(watched)).getCode()).isEqualTo(Code.NOT_FOUND_VALUE);
  }

  @Test
  void deleteRun_whoseCheckpointAnotherBeginsWith_isRefusedEvenByForce() {
    trainer.start();
    var first = trainer.train(Specs.classification(2).build());
    var second =
        trainer.create(
            Specs.classification(1_000_000)
                .setInitialCheckpoint(first.getCheckpoints(0).getCheckpoint())
                .build());

    for (var refused :
        List.of(
            Refusals.of(() -> delete(first, true)),
            Refusals.of(() -> deleteCheckpoint(first.getCheckpoints(0).getCheckpoint())))) {
      assertThat(refused.getCode()).isEqualTo(Code.FAILED_PRECONDITION_VALUE);
      assertThat(Refusals.reason(refused)).isEqualTo("CHECKPOINT_IN_USE");
      assertThat(Refusals.info(refused).getMetadataOrThrow("used_by")).isEqualTo(second.getName());
      assertThat(refused.getMessage())
          .contains(first.getCheckpoints(0).getCheckpoint(), second.getName());
    }
    assertThat(checkpoints()).containsExactlyElementsOf(Specs.checkpoints(first));
    delete(second, true);

    assertThat(delete(first, true)).isEqualTo(Specs.checkpoints(first));
    assertThat(checkpoints()).isEmpty();
  }

  @Test
  void deleteCheckpoint_registered_freesItsIdForOtherContent() throws Exception {
    var old = register("one", 1);

    deleteCheckpoint(old.getName());

    assertThat(checkpoints()).isEmpty();
    var refused = Refusals.of(() -> deleteCheckpoint(old.getName()));
    assertThat(refused.getCode()).isEqualTo(Code.NOT_FOUND_VALUE);
    assertThat(Refusals.reason(refused)).isEqualTo("CHECKPOINT_NOT_FOUND");
    trainer.checkpointService.deleteCheckpoint(
        DeleteCheckpointRequest.newBuilder().setName(old.getName()).setAllowMissing(true).build());
    assertThat(register("two", 2).getDigest()).isNotEqualTo(old.getDigest());
  }

  @Test
  void download_checkpointDeletedMeanwhile_isNotFound() throws Exception {
    var checkpoint = register("one", 1);
    var parts =
        trainer.checkpointService.downloadCheckpoint(
            DownloadCheckpointRequest.newBuilder().setName(checkpoint.getName()).build());
    parts.next();

    deleteCheckpoint(checkpoint.getName());

    var refused = Refusals.of(() -> parts.forEachRemaining(part -> {}));
    assertThat(refused.getCode()).isEqualTo(Code.NOT_FOUND_VALUE);
    assertThat(Refusals.reason(refused)).isEqualTo("CHECKPOINT_NOT_FOUND");
  }

  @Test
  void create_requestIdOfADeletedRun_makesAnother() {
    var request = Specs.run(Specs.classification(2)).setRequestId("once").build();
    var first = trainer.training.createTrainingRun(request).getTrainingRun();
    delete(first, true);

    var again = trainer.training.createTrainingRun(request).getTrainingRun();

    assertThat(again.getName()).isNotEqualTo(first.getName());
    assertThat(runs()).containsExactly(again.getName());
  }

  /** An answer that lacks one of its runs would be no answer to the same request. */
  @Test
  void batchCreate_requestIdOfWhichOneRunIsDeleted_makesAllAnew() {
    var request =
        BatchCreateTrainingRunsRequest.newBuilder()
            .setSpec(Specs.classification(2))
            .addSeeds(Specs.seeds(1, 1))
            .addSeeds(Specs.seeds(2, 2))
            .setRequestId("once")
            .build();
    var first = trainer.training.batchCreateTrainingRuns(request).getTrainingRunsList();
    delete(first.get(0), true);

    var again = trainer.training.batchCreateTrainingRuns(request).getTrainingRunsList();

    assertThat(again)
        .hasSize(2)
        .extracting(TrainingRun::getName)
        .doesNotContain(first.get(1).getName());
    assertThat(runs()).hasSize(3);
  }

  @ParameterizedTest
  @ValueSource(strings = {"upload:rows/train.tsv", "../uploads/rows/train.tsv"})
  void deleteUploadedFile_thatAQueuedRunReads_isRefusedUntilItHasEnded(String uri)
      throws Exception {
    var file = Files.createDirectories(directory.resolve("uploads/rows")).resolve("train.tsv");
    Files.writeString(file, "text\tlabel\nthe doctor slept\tyes\nthe judge laughed\tno\n");
    var spec = Specs.classification(2);
    spec.getClassificationBuilder()
        .clearTrain()
        .clearValidation()
        .getTrainBuilder()
        .getFileBuilder()
        .setUri(uri)
        .setFormat(FileFormat.FILE_FORMAT_TSV)
        .setTextColumn("text")
        .setLabelColumn("label")
        .setHasHeader(true);
    var run = trainer.create(spec.build());
    var other = trainer.create(Specs.classification(2).build());

    var refused = Refusals.of(() -> deleteFile("rows/train.tsv"));

    assertThat(refused.getCode()).isEqualTo(Code.FAILED_PRECONDITION_VALUE);
    assertThat(Refusals.reason(refused)).isEqualTo("UPLOADED_FILE_IN_USE");
    assertThat(Refusals.info(refused).getMetadataMap()).containsEntry("used_by", run.getName());
    assertThat(refused.getMessage()).contains(run.getName(), "upload:rows/train.tsv");
    assertThat(file).exists();
    trainer.start();
    assertThat(trainer.await(run).getState())
        .isEqualTo(TrainingRunState.TRAINING_RUN_STATE_SUCCEEDED);
    deleteFile("rows/train.tsv");
    assertThat(file.getParent()).doesNotExist();
    assertThat(Refusals.reason(Refusals.of(() -> trainer.create(spec.build()))))
        .isEqualTo("FILE_NOT_FOUND");
    trainer.await(other);
  }

  private void deleteFile(String name) {
    var unused =
        DataServiceGrpc.newBlockingStub(trainer.channel)
            .deleteUploadedFile(DeleteUploadedFileRequest.newBuilder().setName(name).build());
  }

  @Test
  void forgetEnded_stateOfACancelledRun_goesWhenItWasKeptForLongEnough() throws Exception {
    var run = trainer.create(Specs.classification(2).build());
    var state = Files.createDirectories(directory.resolve("work").resolve(RunKind.id(run)));
    Files.writeString(state.resolve("state"), "saved");

    forgetEndedIn(Duration.ofDays(1000));
    // It waits, however long.
    assertThat(state).exists();
    var unused =
        trainer.training.cancelTrainingRun(
            CancelTrainingRunRequest.newBuilder().setName(run.getName()).build());
    forgetEndedIn(Duration.ofDays(6));
    assertThat(state).exists();
    forgetEndedIn(Duration.ofDays(8));
    assertThat(state).doesNotExist();
  }

  private void forgetEndedIn(Duration time) {
    var then = Clock.offset(Clock.systemUTC(), time);
    new RunLoop(trainer.store, trainer.engine, Duration.ofDays(7), then).forgetEnded();
  }

  @Test
  void start_stateOfADeletedRunLeftByAKill_isForgotten() throws Exception {
    var left = Files.createDirectories(directory.resolve("work/abcdefghijkl"));
    Files.writeString(left.resolve("state"), "left");
    var other = Files.createDirectories(directory.resolve("work/lost+found"));

    trainer.start();

    assertThat(left).doesNotExist();
    assertThat(other).exists();
  }

  /** Trains, registers, deletes all: nothing is left but what is there before anything is. */
  @Test
  void delete_everything_leavesNoFileAndNoRow() throws Exception {
    register("one", 1);
    trainer.start();
    var spec = Specs.classification(4).setInitialCheckpoint("checkpoints/mine").setNewHead(true);
    spec.getCheckpointsBuilder().setEverySteps(1).setResumeEverySteps(1);
    trainer.train(spec.build());
    trainer.train(failing());
    var stopped = trainer.create(Specs.classification(1_000_000).build());
    var watched = watch(stopped);
    while (watched.next().getTrainingRun().getProgress().getStep() < 3) {}
    assertThat(files()).hasSizeGreaterThan(20);

    for (var run :
        trainer
            .training
            .listTrainingRuns(ListTrainingRunsRequest.getDefaultInstance())
            .getTrainingRunsList()) {
      delete(run, true);
    }
    checkpoints().forEach(this::deleteCheckpoint);

    assertThat(files()).isEmpty();
    for (var table : List.of("training_run", "training_curve", "training_request")) {
      assertThat(count(table)).as(table).isZero();
    }
  }

  private static TrainingRunSpec failing() {
    var spec = Specs.classification(50);
    spec.getRecipeBuilder().setLearningRate(10).clearClipNorm().setWarmupSteps(0);
    return spec.build();
  }

  private List<String> files() throws Exception {
    var files = new ArrayList<String>();
    for (var folder : List.of("checkpoints", "work")) {
      try (var entries = Files.walk(directory.resolve(folder))) {
        entries.skip(1).map(Path::toString).forEach(files::add);
      }
    }
    return files;
  }

  private Checkpoint register(String folder, long seed) throws Exception {
    Models.write(directory.resolve("data").resolve(folder), seed);
    return trainer
        .checkpointService
        .registerCheckpoint(
            RegisterCheckpointRequest.newBuilder().setUri(folder).setCheckpointId("mine").build())
        .getCheckpoint();
  }

  private List<String> delete(TrainingRun run, boolean force) {
    return trainer
        .training
        .deleteTrainingRun(
            DeleteTrainingRunRequest.newBuilder().setName(run.getName()).setForce(force).build())
        .getDeletedCheckpointsList();
  }

  private void deleteCheckpoint(String name) {
    trainer.checkpointService.deleteCheckpoint(
        DeleteCheckpointRequest.newBuilder().setName(name).build());
  }

  private Checkpoint getCheckpoint(String name) {
    return trainer
        .checkpointService
        .getCheckpoint(GetCheckpointRequest.newBuilder().setName(name).build())
        .getCheckpoint();
  }

  private TrainingRun get(TrainingRun run) {
    return trainer
        .training
        .getTrainingRun(GetTrainingRunRequest.newBuilder().setName(run.getName()).build())
        .getTrainingRun();
  }

  private List<String> runs() {
    return trainer
        .training
        .listTrainingRuns(ListTrainingRunsRequest.getDefaultInstance())
        .getTrainingRunsList()
        .stream()
        .map(TrainingRun::getName)
        .toList();
  }

  private List<String> checkpoints() {
    return trainer
        .checkpointService
        .listCheckpoints(ListCheckpointsRequest.getDefaultInstance())
        .getCheckpointsList()
        .stream()
        .map(Checkpoint::getName)
        .toList();
  }

  private Iterator<WatchTrainingRunResponse> watch(TrainingRun run) {
    return trainer
        .training
        .withDeadlineAfter(60, TimeUnit.SECONDS)
        .watchTrainingRun(WatchTrainingRunRequest.newBuilder().setName(run.getName()).build());
  }

  /**
   * @throws StatusRuntimeException where the stream ends so
   */
  private static TrainingRun last(Iterator<WatchTrainingRunResponse> watched) {
    var last = TrainingRun.getDefaultInstance();
    while (watched.hasNext()) {
      last = watched.next().getTrainingRun();
    }
    return last;
  }

  private long count(String table) throws Exception {
    try (var connection = database.getConnection();
        var query = connection.prepareStatement("select count(*) from " + table);
        var rows = query.executeQuery()) {
      rows.next();
      return rows.getLong(1);
    }
  }

  private void execute(String sql) throws SQLException {
    try (var connection = database.getConnection();
        var statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }
}
