package dev.watershed.trainer.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.rpc.Code;
import dev.watershed.classifier.data.Dataset;
import dev.watershed.classifier.data.Row;
import dev.watershed.jobs.kit.TestDatabase;
import dev.watershed.trainer.store.RunKind;
import dev.watershed.trainer.v1.BatchCreateTrainingRunsRequest;
import dev.watershed.trainer.v1.BatchCreateTrainingRunsResponse;
import dev.watershed.trainer.v1.CancelTrainingRunRequest;
import dev.watershed.trainer.v1.CheckpointPolicy;
import dev.watershed.trainer.v1.CreateTrainingRunResponse;
import dev.watershed.trainer.v1.LinearProbe;
import dev.watershed.trainer.v1.ListRecipesRequest;
import dev.watershed.trainer.v1.ListTrainingRunsRequest;
import dev.watershed.trainer.v1.NamedRecipe;
import dev.watershed.trainer.v1.Recipe;
import dev.watershed.trainer.v1.TrainingRun;
import dev.watershed.trainer.v1.TrainingRunSpec;
import dev.watershed.trainer.v1.TrainingRunState;
import dev.watershed.type.v1.DatasetSplit;
import dev.watershed.type.v1.FileFormat;
import dev.watershed.type.v1.FileSplit;
import dev.watershed.type.v1.LabelCount;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Recipes by name, what runs were trained on, and sweeps that are asked for again. */
final class SweepTest {
  private static final TrainingRunState SUCCEEDED = TrainingRunState.TRAINING_RUN_STATE_SUCCEEDED;

  private Path directory;
  private Trainer trainer;

  @BeforeEach
  void serve(@TempDir Path temporary) throws Exception {
    directory = temporary;
    Files.createDirectories(directory.resolve("data/small"));
    writeRows("the doctor slept\tyes", "the judge laughed\tno", "the artist waited\tyes");
    trainer = new Trainer(directory, TestDatabase.h2("classpath:db/trainer"), false);
  }

  @AfterEach
  void stop() {
    trainer.close();
  }

  private void writeRows(String... rows) throws Exception {
    Files.writeString(
        directory.resolve("data/small/train.tsv"),
        "text\tlabel\n" + String.join("\n", rows) + "\n");
  }

  /** Classification of the rows of a file, whose labels are "no" and "yes". */
  private static TrainingRunSpec.Builder onFile(long steps) {
    var spec = Specs.classification(steps);
    spec.getClassificationBuilder()
        .clearValidation()
        .setTrain(
            DatasetSplit.newBuilder()
                .setFile(
                    FileSplit.newBuilder()
                        .setUri("small/train.tsv")
                        .setFormat(FileFormat.FILE_FORMAT_TSV)
                        .setTextColumn("text")
                        .setLabelColumn("label")
                        .setHasHeader(true)));
    return spec;
  }

  private static Recipe.Builder basedOn(String name) {
    var recipe = Recipe.newBuilder().setBasedOn(name).setBatchSize(16);
    if (name.startsWith("report-") || name.equals("mlm")) {
      recipe.setSteps(40_000);
    }
    return recipe;
  }

  @Test
  void listRecipes_all_areInFull() {
    var recipes =
        trainer.training.listRecipes(ListRecipesRequest.getDefaultInstance()).getRecipesList();

    assertThat(recipes).extracting(NamedRecipe::getName).contains("paper-mnli", "lp-ft", "mlm");
    assertThat(recipes).allMatch(named -> named.getRecipe().hasAdamw());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "lp-ft",
        "mlm",
        "paper-cola",
        "paper-mnli",
        "paper-qqp",
        "report-mnli",
        "report-qqp"
      })
  void create_resolvedSpecOfANamedRecipe_isTheSameRun(String name) {
    var asked =
        (name.equals("mlm") ? Specs.maskedLanguageModel(1) : Specs.classification(1))
            .setRecipe(basedOn(name));
    var first = create(asked);

    var second = create(first.getTrainingRun().getSpec().toBuilder());

    assertThat(second.getReused()).isTrue();
    assertThat(second.getTrainingRun()).isEqualTo(first.getTrainingRun());
    var recipe = first.getTrainingRun().getSpec().getRecipe();
    assertThat(recipe.getBasedOn()).isEqualTo(name);
    assertThat(recipe.getOverriddenFields().getPathsList()).contains("batch_size");
  }

  @Test
  void create_recipeWithCheckpoints_keepsThoseWithinTheRunUnlessToldOtherwise() {
    var spec = Specs.classification(1);
    spec.setRecipe(basedOn("paper-qqp").setSteps(22_000));
    assertThat(created(spec).getCheckpoints().getAtStepsList()).containsExactly(15_000L, 20_000L);

    spec.setCheckpoints(CheckpointPolicy.newBuilder().setResumeEverySteps(7));
    assertThat(created(spec).getCheckpoints().getAtStepsList()).containsExactly(15_000L, 20_000L);
    assertThat(created(spec).getCheckpoints().getResumeEverySteps()).isEqualTo(7);

    spec.setCheckpoints(CheckpointPolicy.newBuilder().addAtSteps(5));
    assertThat(created(spec).getCheckpoints().getAtStepsList()).containsExactly(5L);

    spec.setCheckpoints(CheckpointPolicy.newBuilder().addAtSteps(22_001));
    assertThat(Refusals.fields(Refusals.of(() -> create(spec))))
        .containsExactly("spec.checkpoints.at_steps[0]");

    spec.setRecipe(basedOn("report-qqp")).clearCheckpoints();
    assertThat(created(spec).getCheckpoints().getEverySteps()).isEqualTo(20_000);
  }

  @Test
  void create_linearProbe_addsItsStepsToTheRuns() {
    var spec = Specs.classification(10);
    spec.getRecipeBuilder()
        .setLinearProbe(LinearProbe.newBuilder().setLearningRate(1e-3).setEpochs(1));
    spec.setCheckpoints(CheckpointPolicy.newBuilder().addAtSteps(42));

    var run = create(spec).getTrainingRun();

    // 512 rows in batches of 16 make 32 steps an epoch.
    assertThat(run.getSpec().getRecipe().getLinearProbe().getSteps()).isEqualTo(32);
    assertThat(run.getProgress().getTotalSteps()).isEqualTo(42);
    spec.getCheckpointsBuilder().setAtSteps(0, 43);
    var refused = Refusals.of(() -> create(spec));
    assertThat(Refusals.reason(refused)).isEqualTo("CHECKPOINT_AFTER_END");
  }

  @Test
  void create_linearProbeWithoutAClassificationHead_isRefused() {
    var refused =
        Refusals.of(() -> create(Specs.maskedLanguageModel(1).setRecipe(basedOn("lp-ft"))));

    assertThat(Refusals.fields(refused)).containsExactly("spec.recipe.linear_probe");
    assertThat(runs("")).isEmpty();
  }

  @Test
  void create_splits_tellRowsLabelsFileAndDigest() {
    var spec = onFile(1);
    spec.getClassificationBuilder()
        .addLabels("yes")
        .addLabels("no")
        .setValidation(spec.getClassification().getTrain().toBuilder().addOnlyLabels("no"));

    var splits = create(spec).getTrainingRun().getSplitsList();

    assertThat(splits).extracting(split -> split.getName()).containsExactly("train", "validation");
    assertThat(splits.get(0).getRowCount()).isEqualTo(3);
    assertThat(splits.get(0).getLabelsList()).containsExactly(count("yes", 2), count("no", 1));
    assertThat(splits.get(1).getLabelsList()).containsExactly(count("yes", 0), count("no", 1));
    assertThat(splits).extracting(split -> split.getFile()).containsOnly("small/train.tsv");
    assertThat(splits.get(1).getDigest().getSha256())
        .isEqualTo(
            new Dataset(List.of(new Row.TextRow("the judge laughed", null, 0)), List.of("no"))
                .digest()
                .sha256());
    var builtin = create(Specs.maskedLanguageModel(1)).getTrainingRun().getSplits(0);
    assertThat(builtin.getFile()).isEmpty();
    assertThat(builtin.getRowCount()).isEqualTo(512);
  }

  private static LabelCount count(String label, long rows) {
    return LabelCount.newBuilder().setLabel(label).setRowCount(rows).build();
  }

  @Test
  void train_rowsChangedSinceTheRunWasQueued_failsRatherThanLies() throws Exception {
    var run = create(onFile(3)).getTrainingRun();
    writeRows("the doctor slept\tyes", "the judge laughed\tno");
    trainer.start();

    var ended = trainer.await(run);

    assertThat(ended.getState()).isEqualTo(TrainingRunState.TRAINING_RUN_STATE_FAILED);
    assertThat(Refusals.reason(ended.getError())).isEqualTo("DATA_CHANGED");
    assertThat(ended.getError().getMessage()).contains("small/train.tsv", "3 rows then, 2 now");
    // Asked for again, it is another run, on the rows of today.
    assertThat(trainer.await(create(onFile(3)).getTrainingRun()).getState()).isEqualTo(SUCCEEDED);
  }

  @Test
  void train_recipeOfBeforeZeroCouldBeSaid_failsRatherThanGuesses() {
    var run = create(onFile(3)).getTrainingRun();
    trainer
        .store
        .jobs()
        .change(
            RunKind.id(run),
            stored -> {
              var outdated = stored.content().run().toBuilder();
              outdated.getSpecBuilder().getRecipeBuilder().getAdamwBuilder().clearBiasCorrection();
              return stored.with(stored.content().with(outdated.build()));
            });
    trainer.start();

    var ended = trainer.await(run);

    assertThat(ended.getState()).isEqualTo(TrainingRunState.TRAINING_RUN_STATE_FAILED);
    assertThat(Refusals.reason(ended.getError())).isEqualTo("SPEC_OUTDATED");
  }

  @Test
  void batchCreate_again_completesWhatIsMissing() throws Exception {
    var request = sweep(onFile(3), 1, 2, 3, 4);
    var first = batch(request);
    assertThat(first.getReusedCount()).isZero();
    trainer.training.cancelTrainingRun(
        CancelTrainingRunRequest.newBuilder().setName(first.getTrainingRuns(1).getName()).build());
    // A run that fails and one that was cancelled do not keep the others.
    var diverging = onFile(50).setDisplayName("diverging");
    diverging.getRandomBuilder().setStandardDeviation(1);
    diverging.getRecipeBuilder().setLearningRate(10).setClipNorm(0).setWarmupSteps(0);
    diverging.getRecipeBuilder().getAdamwBuilder().setWeightDecay(10);
    var failing = create(diverging).getTrainingRun();
    var last = batch(sweep(onFile(3), 5));
    trainer.start();
    assertThat(trainer.await(failing).getState())
        .isEqualTo(TrainingRunState.TRAINING_RUN_STATE_FAILED);
    assertThat(trainer.await(last.getTrainingRuns(0)).getState()).isEqualTo(SUCCEEDED);
    assertThat(first.getTrainingRunsList())
        .extracting(run -> trainer.await(run).getState())
        .containsExactly(
            SUCCEEDED, TrainingRunState.TRAINING_RUN_STATE_CANCELLED, SUCCEEDED, SUCCEEDED);
    // The checkpoint of the third goes lost.
    var lost = trainer.await(first.getTrainingRuns(2)).getCheckpoints(0).getCheckpoint();
    deleteCheckpoint(lost);

    var again = batch(request);

    // What was cancelled goes on; what is lost is made anew.
    assertThat(again.getReusedCount()).isEqualTo(3);
    for (int i = 0; i < 4; i++) {
      boolean missing = i == 2;
      assertThat(again.getTrainingRuns(i).getName().equals(first.getTrainingRuns(i).getName()))
          .as("run %s", i)
          .isEqualTo(!missing);
      assertThat(trainer.await(again.getTrainingRuns(i)).getState()).isEqualTo(SUCCEEDED);
    }
    var third = batch(request);
    assertThat(third.getReusedCount()).isEqualTo(4);
    // The failed one is tried again.
    assertThat(create(diverging).getReused()).isFalse();
  }

  private void deleteCheckpoint(String name) throws Exception {
    var checkpoint = directory.resolve(name);
    assertThat(checkpoint).isDirectory();
    try (var files = Files.list(checkpoint)) {
      for (var file : files.toList()) {
        Files.delete(file);
      }
    }
    Files.delete(checkpoint);
  }

  @Test
  void create_anythingElseThatMattersDiffers_isAnotherRun() throws Exception {
    var run = create(onFile(3)).getTrainingRun();

    assertThat(create(onFile(3).setDisplayName("other")).getTrainingRun()).isEqualTo(run);
    var otherData = Specs.run(onFile(3)).setSeeds(Specs.seeds(1, 9)).setReuseExisting(true);
    assertThat(trainer.training.createTrainingRun(otherData.build()).getReused()).isFalse();
    var otherHead = Specs.run(onFile(3)).setSeeds(Specs.seeds(9, 2)).setReuseExisting(true);
    assertThat(trainer.training.createTrainingRun(otherHead.build()).getReused()).isFalse();
    assertThat(create(onFile(4)).getReused()).isFalse();
    writeRows("the doctor slept\tyes", "the judge laughed\tno", "the artist waited\tno");
    assertThat(create(onFile(3)).getReused()).isFalse();
    writeRows("the doctor slept\tyes", "the judge laughed\tno", "the artist waited\tyes");
    assertThat(create(onFile(3)).getTrainingRun()).isEqualTo(run);
    assertThat(trainer.training.createTrainingRun(Specs.run(onFile(3)).build()).getReused())
        .isFalse();
  }

  @Test
  void create_tokenizerOfRandomWeightsChanged_isAnotherRun() throws Exception {
    var words = List.of("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "doctor", "judge");
    var vocabulary = directory.resolve("data/vocab.txt");
    Files.write(vocabulary, words);
    var spec = onFile(3);
    spec.getRandomBuilder().setTokenizerUri("vocab.txt");
    var run = create(spec).getTrainingRun();
    assertThat(create(spec).getTrainingRun()).isEqualTo(run);

    Files.write(
        vocabulary,
        List.of("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "judge", "doctor"));

    assertThat(create(spec).getReused()).isFalse();
  }

  @Test
  void batchCreate_sameRequestId_returnsTheFirstAnswer() {
    batch(sweep(onFile(3), 1));
    var request = sweep(onFile(3), 1, 2).setRequestId("once");
    var first = batch(request);
    assertThat(first.getReusedCount()).isEqualTo(1);

    assertThat(batch(request)).isEqualTo(first);
    var refused = Refusals.of(() -> batch(request.clone().setReuseExisting(false)));
    assertThat(refused.getCode()).isEqualTo(Code.ALREADY_EXISTS_VALUE);
    assertThat(runs("")).hasSize(2);
  }

  @Test
  void batchCreate_twiceAtTheSameMoment_makesOneSet() throws Exception {
    var start = new CountDownLatch(1);
    try (var threads = Executors.newFixedThreadPool(4)) {
      List<Future<BatchCreateTrainingRunsResponse>> answers =
          IntStream.range(0, 4)
              .mapToObj(
                  i ->
                      threads.submit(
                          () -> {
                            start.await();
                            return batch(sweep(onFile(3), 1, 2, 3));
                          }))
              .toList();
      start.countDown();
      var sets = new HashSet<List<TrainingRun>>();
      for (var answer : answers) {
        sets.add(answer.get().getTrainingRunsList());
      }
      assertThat(sets).hasSize(1);
    }
    assertThat(runs("")).hasSize(3);
  }

  @Test
  void list_byDisplayName_findsASweep() {
    batch(sweep(onFile(3).setDisplayName("mine"), 1, 2, 3));
    batch(sweep(onFile(3).setDisplayName("other"), 4));

    assertThat(runs("mine"))
        .extracting(run -> run.getSeeds().getDataSeed())
        .containsExactly(1L, 2L, 3L);
    assertThat(runs("nobody's")).isEmpty();
    var page =
        trainer.training.listTrainingRuns(
            ListTrainingRunsRequest.newBuilder().setDisplayName("mine").setPageSize(1).build());
    var refused =
        Refusals.of(
            () ->
                trainer.training.listTrainingRuns(
                    ListTrainingRunsRequest.newBuilder()
                        .setDisplayName("other")
                        .setPageToken(page.getNextPageToken())
                        .build()));
    assertThat(Refusals.fields(refused)).containsExactly("page_token");
  }

  private static BatchCreateTrainingRunsRequest.Builder sweep(
      TrainingRunSpec.Builder spec, long... seeds) {
    var request = BatchCreateTrainingRunsRequest.newBuilder().setSpec(spec).setReuseExisting(true);
    for (long seed : seeds) {
      request.addSeeds(Specs.seeds(seed, seed));
    }
    return request;
  }

  private BatchCreateTrainingRunsResponse batch(BatchCreateTrainingRunsRequest.Builder request) {
    return trainer.training.batchCreateTrainingRuns(request.build());
  }

  private CreateTrainingRunResponse create(TrainingRunSpec.Builder spec) {
    return trainer.training.createTrainingRun(Specs.run(spec).setReuseExisting(true).build());
  }

  private TrainingRunSpec created(TrainingRunSpec.Builder spec) {
    return create(spec).getTrainingRun().getSpec();
  }

  private List<TrainingRun> runs(String displayName) {
    return trainer
        .training
        .listTrainingRuns(ListTrainingRunsRequest.newBuilder().setDisplayName(displayName).build())
        .getTrainingRunsList();
  }
}
