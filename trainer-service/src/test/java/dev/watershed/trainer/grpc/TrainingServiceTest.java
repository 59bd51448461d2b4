package dev.watershed.trainer.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import com.google.rpc.Code;
import dev.watershed.jobs.kit.TestDatabase;
import dev.watershed.trainer.v1.BatchCreateTrainingRunsRequest;
import dev.watershed.trainer.v1.CancelTrainingRunRequest;
import dev.watershed.trainer.v1.Checkpoint;
import dev.watershed.trainer.v1.CheckpointPolicy;
import dev.watershed.trainer.v1.GetCheckpointRequest;
import dev.watershed.trainer.v1.GetTrainingRunRequest;
import dev.watershed.trainer.v1.ListTrainingRunsRequest;
import dev.watershed.trainer.v1.RunCheckpoint;
import dev.watershed.trainer.v1.TrainingRun;
import dev.watershed.trainer.v1.TrainingRunSpec;
import dev.watershed.trainer.v1.TrainingRunState;
import dev.watershed.trainer.v1.TrainingRunView;
import dev.watershed.trainer.v1.WatchTrainingRunRequest;
import dev.watershed.type.v1.DatasetSplit;
import dev.watershed.type.v1.FileFormat;
import dev.watershed.type.v1.FileSplit;
import dev.watershed.type.v1.TaskSplit;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

final class TrainingServiceTest {
  private static final TrainingRunView FULL = TrainingRunView.TRAINING_RUN_VIEW_FULL;

  private Path directory;
  private Trainer trainer;

  @BeforeEach
  void serve(@TempDir Path temporary) throws Exception {
    directory = temporary;
    Files.createDirectories(directory.resolve("data"));
    trainer = new Trainer(directory, TestDatabase.h2("classpath:db/trainer"), false);
  }

  @AfterEach
  void stop() {
    trainer.close();
  }

  @Test
  void create_classification_trainsToItsEnd() {
    trainer.start();
    var created =
        trainer.create(
            Specs.classification(20)
                .setCheckpoints(CheckpointPolicy.newBuilder().addAtSteps(0).setEverySteps(10))
                .build());
    assertThat(created.getState()).isEqualTo(TrainingRunState.TRAINING_RUN_STATE_QUEUED);
    assertThat(created.getProgress().getTotalSteps()).isEqualTo(20);

    var run = trainer.await(created);

    assertThat(run.getState()).isEqualTo(TrainingRunState.TRAINING_RUN_STATE_SUCCEEDED);
    assertThat(run.getAttemptCount()).isEqualTo(1);
    assertThat(run.getProgress().getStep()).isEqualTo(20);
    assertThat(run.getProgress().getExamplesPerSecond()).isPositive();
    assertThat(run.getProgress().getRemainingSeconds()).isZero();
    assertThat(run.getProgress().getTrainingLossNats()).isBetween(.1, 2.);
    assertThat(run.hasStartTime()).isTrue();
    assertThat(run.hasEndTime()).isTrue();
    assertThat(run.getProvenance().getEngine()).startsWith("PyTorch");
    assertThat(run.getProvenance().getThreads()).isEqualTo(1);
    String id = run.getName().substring("trainingRuns/".length());
    assertThat(Specs.checkpoints(run))
        .containsExactly(
            "checkpoints/" + id + "-step-0",
            "checkpoints/" + id + "-step-10",
            "checkpoints/" + id + "-step-20");
    assertThat(run.getCheckpointsList())
        .extracting(RunCheckpoint::getStep)
        .containsExactly(0L, 10L, 20L);
    assertThat(run.getCheckpoints(2).getValidation().getExampleCount()).isEqualTo(240);
    // What a run needed to go on goes after its end is told.
    trainer.worker.close();
    assertThat(directory.resolve("work").resolve(id)).doesNotExist();
    var got = trainer.training.getTrainingRun(get(run.getName())).getTrainingRun();
    assertThat(got.getCurveList()).hasSize(20);
    // Watching tells the curve in parts.
    assertThat(got.toBuilder().clearCurve().build())
        .isEqualTo(run.toBuilder().clearCurve().build());

    var checkpoint = checkpoint(run);
    assertThat(checkpoint.getTrainingRun()).isEqualTo(run.getName());
    assertThat(checkpoint.getStep()).isEqualTo(20);
    assertThat(checkpoint.getLabelsList()).containsExactly("entailment", "not_entailment");
  }

  @Test
  void create_specWithDefaults_isAnsweredWithEveryDefault() {
    var spec = Specs.classification(1);
    spec.getRecipeBuilder().setEpochs(3).setWarmupFraction(.5);

    var filled = trainer.create(spec.build()).getSpec();

    // 512 examples in batches of 16 make 32 steps an epoch.
    assertThat(filled.getRecipe().getSteps()).isEqualTo(96);
    assertThat(filled.getRecipe().getWarmupSteps()).isEqualTo(48);
    assertThat(filled.getRecipe().getMaxTokens()).isEqualTo(40);
    assertThat(filled.getRecipe().getDropout()).isEqualTo(.1);
    assertThat(filled.getCheckpoints().getResumeEverySteps()).isEqualTo(200);
    assertThat(filled.getClassification().getLabelsList())
        .containsExactly("entailment", "not_entailment");
  }

  @Test
  void create_fromACheckpoint_usesItsEncoderAndTokenizer() {
    trainer.start();
    var pretrained = trainer.train(Specs.maskedLanguageModel(10).build());
    var spec =
        Specs.classification(5)
            .setInitialCheckpoint(pretrained.getCheckpoints(0).getCheckpoint())
            .setCheckpoints(CheckpointPolicy.newBuilder().addAtSteps(0))
            .build();

    var run = trainer.train(spec);

    assertThat(run.getState()).isEqualTo(TrainingRunState.TRAINING_RUN_STATE_SUCCEEDED);
    assertThat(checkpoint(run).getParameterCount()).isPositive();
    // A fine-tune of the fine-tune keeps the head, whatever the head seed is.
    var again =
        spec.toBuilder().setInitialCheckpoint(run.getCheckpoints(1).getCheckpoint()).build();
    var second = trainer.train(again, Specs.seeds(99, 2));
    assertThat(digest(second.getCheckpoints(0).getCheckpoint()))
        .isEqualTo(digest(run.getCheckpoints(1).getCheckpoint()));
  }

  @Test
  void create_sameSpecTwice_givesTheSameBits() {
    trainer.start();
    var spec = Specs.classification(12).build();

    assertThat(digest(trainer.train(spec))).isEqualTo(digest(trainer.train(spec)));
  }

  @Test
  void create_seeds_moveHeadAndDataApart() {
    trainer.start();
    var spec =
        Specs.classification(3).setCheckpoints(CheckpointPolicy.newBuilder().addAtSteps(0)).build();
    var base = trainer.train(spec);
    var otherHead = trainer.train(spec, Specs.seeds(7, 2));
    var otherData = trainer.train(spec, Specs.seeds(1, 7));

    assertThat(digest(otherHead.getCheckpoints(0).getCheckpoint()))
        .isNotEqualTo(digest(base.getCheckpoints(0).getCheckpoint()));
    assertThat(digest(otherData.getCheckpoints(0).getCheckpoint()))
        .isEqualTo(digest(base.getCheckpoints(0).getCheckpoint()));
    assertThat(digest(otherData)).isNotEqualTo(digest(base));
    assertThat(digest(otherHead)).isNotEqualTo(digest(base));
  }

  @Test
  void create_maskedLanguageModel_lowersItsLoss() {
    trainer.start();
    var spec =
        Specs.maskedLanguageModel(150).setCheckpoints(CheckpointPolicy.newBuilder().addAtSteps(0));
    spec.getRecipeBuilder().setLearningRate(5e-3).setDropout(0);

    var run = trainer.train(spec.build());

    var written = run.getCheckpointsList();
    double uniform = Math.log(43);
    assertThat(written.get(0).getValidation().getMeanLossNats()).isCloseTo(uniform, within(.5));
    assertThat(written.get(1).getValidation().getMeanLossNats()).isLessThan(uniform - 1);
  }

  @Test
  void create_hugeLearningRate_failsWithTheStep() throws Exception {
    trainer.start();
    var spec = Specs.classification(50);
    spec.getRecipeBuilder().setLearningRate(10).setClipNorm(0).setWarmupSteps(0);
    spec.getRecipeBuilder().getAdamwBuilder().setEpsilon(1e-8).setWeightDecay(10);
    spec.getRandomBuilder().setStandardDeviation(1);

    var run = trainer.train(spec.build());

    assertThat(run.getState()).isEqualTo(TrainingRunState.TRAINING_RUN_STATE_FAILED);
    assertThat(Refusals.reason(run.getError())).isEqualTo("TRAINING_DIVERGED");
    assertThat(Refusals.info(run.getError()).getMetadataMap())
        .containsEntry("step", Long.toString(run.getProgress().getStep() + 1));
    assertThat(run.hasEndTime()).isTrue();
  }

  @Test
  void create_sameRequestId_returnsTheSameRun() {
    var request = Specs.run(Specs.classification(5)).setRequestId("once").build();
    var first = trainer.training.createTrainingRun(request).getTrainingRun();

    assertThat(trainer.training.createTrainingRun(request).getTrainingRun()).isEqualTo(first);
    assertThat(all()).hasSize(1);
    var other = request.toBuilder();
    other.getSeedsBuilder().setDataSeed(3);
    var refused = Refusals.of(() -> trainer.training.createTrainingRun(other.build()));
    assertThat(refused.getCode()).isEqualTo(Code.ALREADY_EXISTS_VALUE);
    assertThat(Refusals.reason(refused)).isEqualTo("REQUEST_ID_REUSED");
  }

  @Test
  void batchCreate_seeds_giveARunEachInOrder() {
    var request =
        BatchCreateTrainingRunsRequest.newBuilder()
            .setSpec(Specs.classification(5))
            .addSeeds(Specs.seeds(1, 2))
            .addSeeds(Specs.seeds(3, 4))
            .setRequestId("batch")
            .build();

    var runs = trainer.training.batchCreateTrainingRuns(request).getTrainingRunsList();

    assertThat(runs).extracting(TrainingRun::getSeeds).isEqualTo(request.getSeedsList());
    assertThat(runs).extracting(TrainingRun::getSpec).containsOnly(runs.getFirst().getSpec());
    assertThat(trainer.training.batchCreateTrainingRuns(request).getTrainingRunsList())
        .isEqualTo(runs);
    assertThat(all()).isEqualTo(runs);
  }

  @Test
  void create_seedThatIsNotSaid_isRefusedByField() {
    var request = Specs.run(Specs.classification(5));
    request.getSeedsBuilder().clearHeadSeed();
    var batch =
        BatchCreateTrainingRunsRequest.newBuilder()
            .setSpec(Specs.classification(5))
            .addSeeds(Specs.SEEDS)
            .addSeeds(Specs.SEEDS.toBuilder().clearDataSeed());

    assertThat(
            Refusals.fields(Refusals.of(() -> trainer.training.createTrainingRun(request.build()))))
        .containsExactly("seeds.head_seed");
    assertThat(
            Refusals.fields(
                Refusals.of(
                    () -> trainer.training.createTrainingRun(request.clearSeeds().build()))))
        .containsExactly("seeds");
    assertThat(
            Refusals.fields(
                Refusals.of(() -> trainer.training.batchCreateTrainingRuns(batch.build()))))
        .containsExactly("seeds[1].data_seed");
    assertThat(all()).isEmpty();
  }

  @Test
  void batchCreate_badSpec_isRefusedByField() {
    var spec = Specs.classification(5);
    spec.getRecipeBuilder().setBatchSize(0);
    var refused =
        Refusals.of(
            () ->
                trainer.training.batchCreateTrainingRuns(
                    BatchCreateTrainingRunsRequest.newBuilder()
                        .setSpec(spec)
                        .addSeeds(Specs.SEEDS)
                        .build()));

    assertThat(refused.getCode()).isEqualTo(Code.INVALID_ARGUMENT_VALUE);
    assertThat(Refusals.fields(refused)).containsExactly("spec.recipe.batch_size");
  }

  @Test
  void batchCreate_moreThanTheQueueHolds_queuesNone() {
    var request = BatchCreateTrainingRunsRequest.newBuilder().setSpec(Specs.classification(5));
    for (int i = 0; i < 21; i++) {
      request.addSeeds(Specs.seeds(i, 0));
    }
    var refused = Refusals.of(() -> trainer.training.batchCreateTrainingRuns(request.build()));

    assertThat(refused.getCode()).isEqualTo(Code.RESOURCE_EXHAUSTED_VALUE);
    assertThat(Refusals.retryAfterSeconds(refused)).isPositive();
    assertThat(all()).isEmpty();
  }

  @Test
  void list_pages_giveEveryRunOnce() {
    var created = new ArrayList<TrainingRun>();
    for (int i = 0; i < 5; i++) {
      created.add(trainer.create(Specs.classification(5).build(), Specs.seeds(i, 2)));
    }
    var listed = new ArrayList<TrainingRun>();
    var request = ListTrainingRunsRequest.newBuilder().setPageSize(2).setView(FULL);
    int pages = 0;
    do {
      var page = trainer.training.listTrainingRuns(request.build());
      listed.addAll(page.getTrainingRunsList());
      request.setPageToken(page.getNextPageToken());
      pages++;
    } while (!request.getPageToken().isEmpty());

    assertThat(listed).isEqualTo(created);
    assertThat(pages).isEqualTo(3);
  }

  @Test
  void list_basic_leavesOutWhatIsHeavy() {
    trainer.start();
    var run = trainer.train(Specs.classification(2).setDisplayName("light").build());

    for (var view :
        List.of(
            TrainingRunView.TRAINING_RUN_VIEW_UNSPECIFIED,
            TrainingRunView.TRAINING_RUN_VIEW_BASIC)) {
      var request = ListTrainingRunsRequest.newBuilder().setView(view).build();
      var listed = trainer.training.listTrainingRuns(request).getTrainingRuns(0);
      assertThat(listed.getSpec())
          .isEqualTo(TrainingRunSpec.newBuilder().setDisplayName("light").build());
      assertThat(listed.getSplitsList()).isEmpty();
      assertThat(listed.getNoticesList()).isEmpty();
      assertThat(Specs.checkpoints(listed)).isEqualTo(Specs.checkpoints(run));
      assertThat(listed.getCheckpointsList()).noneMatch(RunCheckpoint::hasValidation);
      assertThat(listed.getSeeds()).isEqualTo(Specs.SEEDS);
      assertThat(listed.getProgress()).isEqualTo(run.getProgress());
    }
    assertThat(all()).containsExactly(run.toBuilder().clearCurve().build());
  }

  @Test
  void list_tokenOfAnotherFilter_isRefused() {
    trainer.create(Specs.classification(5).build());
    trainer.create(Specs.classification(5).build());
    var page =
        trainer.training.listTrainingRuns(
            ListTrainingRunsRequest.newBuilder().setPageSize(1).build());

    var refused =
        Refusals.of(
            () ->
                trainer.training.listTrainingRuns(
                    ListTrainingRunsRequest.newBuilder()
                        .setPageToken(page.getNextPageToken())
                        .addStates(TrainingRunState.TRAINING_RUN_STATE_QUEUED)
                        .build()));

    assertThat(Refusals.fields(refused)).containsExactly("page_token");
  }

  @Test
  void get_unknownRun_isNotFound() {
    var refused = Refusals.of(() -> trainer.training.getTrainingRun(get("trainingRuns/none")));
    assertThat(refused.getCode()).isEqualTo(Code.NOT_FOUND_VALUE);
    assertThat(Refusals.reason(refused)).isEqualTo("TRAINING_RUN_NOT_FOUND");
  }

  @Test
  void watch_unknownRun_isNotFound() {
    var refused =
        Refusals.of(
            () ->
                trainer
                    .training
                    .watchTrainingRun(
                        WatchTrainingRunRequest.newBuilder().setName("trainingRuns/none").build())
                    .hasNext());
    assertThat(refused.getCode()).isEqualTo(Code.NOT_FOUND_VALUE);
  }

  @Test
  void watch_wholeRun_tellsEveryStateInOrder() {
    var created = trainer.create(Specs.classification(30).build());
    var answers =
        trainer.training.watchTrainingRun(
            WatchTrainingRunRequest.newBuilder().setName(created.getName()).build());
    assertThat(answers.next().getTrainingRun()).isEqualTo(created);
    trainer.start();

    var states = new ArrayList<TrainingRunState>();
    long step = 0;
    while (answers.hasNext()) {
      var run = answers.next().getTrainingRun();
      assertThat(run.getProgress().getStep()).isGreaterThanOrEqualTo(step);
      step = run.getProgress().getStep();
      if (states.isEmpty() || states.getLast() != run.getState()) {
        states.add(run.getState());
      }
    }
    assertThat(states)
        .containsExactly(
            TrainingRunState.TRAINING_RUN_STATE_RUNNING,
            TrainingRunState.TRAINING_RUN_STATE_SUCCEEDED);
    assertThat(step).isEqualTo(30);
  }

  @Test
  void watch_endedRun_isToldOnce() {
    trainer.start();
    var run = trainer.train(Specs.classification(2).build());
    // What a watcher saw last has the end of the curve only.
    var whole =
        trainer
            .training
            .getTrainingRun(GetTrainingRunRequest.newBuilder().setName(run.getName()).build())
            .getTrainingRun();
    var answers =
        trainer.training.watchTrainingRun(
            WatchTrainingRunRequest.newBuilder().setName(run.getName()).build());

    assertThat(answers.next().getTrainingRun()).isEqualTo(whole);
    assertThat(answers.hasNext()).isFalse();
  }

  @Test
  void cancel_waitingRun_endsItAtOnce() {
    var created = trainer.create(Specs.classification(5).build());

    var cancelled = trainer.training.cancelTrainingRun(cancel(created)).getTrainingRun();

    assertThat(cancelled.getState()).isEqualTo(TrainingRunState.TRAINING_RUN_STATE_CANCELLED);
    trainer.start();
    trainer.train(Specs.classification(2).build());
    assertThat(trainer.training.getTrainingRun(get(created.getName())).getTrainingRun())
        .isEqualTo(cancelled);
  }

  @Test
  void cancel_runningRun_endsItAfterTheStep() {
    trainer.start();
    var created = trainer.create(Specs.classification(1_000_000).build());
    var answers =
        trainer.training.watchTrainingRun(
            WatchTrainingRunRequest.newBuilder().setName(created.getName()).build());
    TrainingRun last = answers.next().getTrainingRun();
    while (last.getProgress().getStep() == 0) {
      last = answers.next().getTrainingRun();
    }
    trainer.training.cancelTrainingRun(cancel(created));
    while (answers.hasNext()) {
      last = answers.next().getTrainingRun();
    }

    assertThat(last.getState()).isEqualTo(TrainingRunState.TRAINING_RUN_STATE_CANCELLED);
    assertThat(last.getProgress().getStep()).isBetween(1L, 999_999L);
    // Ended runs stay as they are.
    assertThat(trainer.training.cancelTrainingRun(cancel(created)).getTrainingRun())
        .isEqualTo(last);
  }

  static Stream<Arguments> badSpecs() {
    return Stream.of(
        bad(
            "spec.recipe.learning_rate",
            "REQUEST_INVALID",
            spec -> spec.getRecipeBuilder().setLearningRate(-1)),
        bad(
            "spec.recipe.warmup_steps",
            "WARMUP_TOO_LONG",
            spec -> spec.getRecipeBuilder().setWarmupSteps(6)),
        bad(
            "spec.recipe.max_tokens",
            "MAX_TOKENS_TOO_LARGE",
            spec -> spec.getRecipeBuilder().setMaxTokens(41)),
        bad(
            "spec.recipe.batch_size",
            "BATCH_TOO_LARGE",
            spec -> spec.getRecipeBuilder().setBatchSize(1000)),
        bad(
            "spec.random.hidden_size",
            "HIDDEN_SIZE_INDIVISIBLE",
            spec -> spec.getRandomBuilder().setAttentionHeadCount(3)),
        bad(
            "spec.random",
            "MODEL_TOO_LARGE",
            spec -> spec.getRandomBuilder().setHiddenSize(1024).setIntermediateSize(4096)),
        bad(
            "spec.random.builtin_tokenizer",
            "TOKENIZER_MISMATCH",
            spec -> spec.getRandomBuilder().setFamily("roberta")),
        bad(
            "spec.checkpoints.at_steps[1]",
            "CHECKPOINT_AFTER_END",
            spec -> spec.getCheckpointsBuilder().addAtSteps(5).addAtSteps(6)),
        bad(
            "spec.checkpoints.every_steps",
            "TOO_MANY_CHECKPOINTS",
            spec -> {
              spec.getRecipeBuilder().setSteps(1000);
              spec.getCheckpointsBuilder().setEverySteps(1);
            }));
  }

  private static Arguments bad(
      String field, String reason, Consumer<TrainingRunSpec.Builder> change) {
    return arguments(field, reason, change);
  }

  @ParameterizedTest(name = "{0} {1}")
  @MethodSource("badSpecs")
  void create_badSpec_isRefusedByFieldAndQueuesNothing(
      String field, String reason, Consumer<TrainingRunSpec.Builder> change) {
    var spec = Specs.classification(5);
    change.accept(spec);

    var refused = Refusals.of(() -> trainer.create(spec.build()));

    assertThat(refused.getCode()).isEqualTo(Code.INVALID_ARGUMENT_VALUE);
    assertThat(Refusals.fields(refused)).containsExactly(field);
    assertThat(Refusals.reason(refused)).isEqualTo(reason);
    assertThat(all()).isEmpty();
  }

  @Test
  void create_unknownCheckpoint_isNotFound() {
    var refused =
        Refusals.of(
            () ->
                trainer.create(
                    Specs.classification(5).setInitialCheckpoint("checkpoints/none").build()));
    assertThat(refused.getCode()).isEqualTo(Code.NOT_FOUND_VALUE);
    assertThat(Refusals.reason(refused)).isEqualTo("CHECKPOINT_NOT_FOUND");
  }

  @Test
  void create_labelsOfAnotherTask_areRefused() {
    var spec = Specs.classification(5);
    spec.getClassificationBuilder().addLabels("yes").addLabels("no");
    var refused = Refusals.of(() -> trainer.create(spec.build()));
    assertThat(refused.getMessage()).contains("entailment", "yes");
    assertThat(all()).isEmpty();
  }

  @Test
  void create_missingFile_isRefusedByItsField() {
    var refused = Refusals.of(() -> trainer.create(onFile("none.tsv").build()));
    assertThat(refused.getCode()).isEqualTo(Code.NOT_FOUND_VALUE);
    assertThat(refused.toString()).contains("spec.classification.train.file.uri");
  }

  @Test
  void create_fileOutsideTheRoots_isRefused() {
    var refused = Refusals.of(() -> trainer.create(onFile("../secret.tsv").build()));
    assertThat(refused.getCode()).isIn(Code.PERMISSION_DENIED_VALUE, Code.NOT_FOUND_VALUE);
  }

  @Test
  void create_emptyFile_isRefused() throws Exception {
    Files.writeString(directory.resolve("data/empty.tsv"), "text\tlabel\n");
    var refused = Refusals.of(() -> trainer.create(onFile("empty.tsv").build()));
    assertThat(refused.getCode()).isEqualTo(Code.INVALID_ARGUMENT_VALUE);
    assertThat(Refusals.fields(refused)).containsExactly("spec.classification.train.file.uri");
  }

  @Test
  void create_wordOutsideTheVocabulary_isRefused() throws Exception {
    Files.writeString(directory.resolve("data/words.tsv"), "text\tlabel\nxylophone\tyes\nx\tno\n");
    var refused = Refusals.of(() -> trainer.create(onFile("words.tsv").build()));
    assertThat(refused.getCode()).isEqualTo(Code.INVALID_ARGUMENT_VALUE);
    assertThat(refused.toString()).contains("spec.classification.train");
  }

  @Test
  void create_file_isTrainedOn() throws Exception {
    Files.writeString(
        directory.resolve("data/good.tsv"),
        "text\tlabel\nthe doctor slept\tyes\nthe judge laughed\tno\nthe artist waited\tyes\n");
    trainer.start();
    var run = trainer.train(onFile("good.tsv").build());
    assertThat(run.getState()).isEqualTo(TrainingRunState.TRAINING_RUN_STATE_SUCCEEDED);
    assertThat(checkpoint(run).getLabelsList()).containsExactly("no", "yes");
  }

  private static TrainingRunSpec.Builder onFile(String uri) {
    var spec = Specs.classification(5);
    spec.getClassificationBuilder()
        .clearValidation()
        .setTrain(
            DatasetSplit.newBuilder()
                .setFile(
                    FileSplit.newBuilder()
                        .setUri(uri)
                        .setFormat(FileFormat.FILE_FORMAT_TSV)
                        .setTextColumn("text")
                        .setLabelColumn("label")
                        .setHasHeader(true)));
    return spec;
  }

  @Test
  void createTrainingRun_task_trainsOnItsFileAsItIsThen() throws Exception {
    var file = Files.createDirectories(directory.resolve("data/CoLA")).resolve("train.tsv");
    Files.writeString(file, "gj04\t1\t\tthe doctor slept\nks08\t0\t*\tslept the the\n");
    var spec = Specs.classification(2);
    spec.getClassificationBuilder()
        .clearValidation()
        .setTrain(DatasetSplit.newBuilder().setTask(TaskSplit.newBuilder().setName("cola/train")));
    trainer.start();
    var first = trainer.train(spec.build());
    assertThat(checkpoint(first).getLabelsList()).containsExactly("unacceptable", "acceptable");

    Files.writeString(file, "ks08\t0\t*\twaited the\nks08\t1\t\tthe artist waited\n");
    assertThat(digest(trainer.train(spec.build()))).isNotEqualTo(digest(first));
  }

  @Test
  void createTrainingRun_taskThatIsNotThere_isRefusedByField() {
    var spec = Specs.classification(2);
    spec.getClassificationBuilder()
        .getTrainBuilder()
        .setTask(TaskSplit.newBuilder().setName("cola/train"));
    var refused = Refusals.of(() -> trainer.create(spec.build()));
    assertThat(Refusals.reason(refused)).isEqualTo("TASK_FILE_NOT_FOUND");
    assertThat(refused.getMessage()).contains("train.tsv", "glue_data/CoLA");
    assertThat(refused.toString()).contains("spec.classification.train.task.uri");
  }

  private List<TrainingRun> all() {
    return trainer
        .training
        .listTrainingRuns(ListTrainingRunsRequest.newBuilder().setView(FULL).build())
        .getTrainingRunsList();
  }

  private Checkpoint checkpoint(TrainingRun run) {
    return checkpoint(run.getCheckpoints(run.getCheckpointsCount() - 1).getCheckpoint());
  }

  private Checkpoint checkpoint(String name) {
    return trainer
        .checkpointService
        .getCheckpoint(GetCheckpointRequest.newBuilder().setName(name).build())
        .getCheckpoint();
  }

  private String digest(TrainingRun run) {
    return checkpoint(run).getDigest().getSha256();
  }

  private String digest(String name) {
    return checkpoint(name).getDigest().getSha256();
  }

  private static GetTrainingRunRequest get(String name) {
    return GetTrainingRunRequest.newBuilder().setName(name).build();
  }

  private static CancelTrainingRunRequest cancel(TrainingRun run) {
    return CancelTrainingRunRequest.newBuilder().setName(run.getName()).build();
  }
}
