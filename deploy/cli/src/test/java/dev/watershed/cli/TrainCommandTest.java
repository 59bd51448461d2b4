package dev.watershed.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.util.JsonFormat;
import dev.watershed.trainer.v1.AdamW;
import dev.watershed.trainer.v1.BatchCreateTrainingRunsResponse;
import dev.watershed.trainer.v1.HeadInitialization;
import dev.watershed.trainer.v1.LinearProbe;
import dev.watershed.trainer.v1.Recipe;
import dev.watershed.trainer.v1.Schedule;
import dev.watershed.trainer.v1.TrainingRunSpec;
import dev.watershed.trainer.v1.TrainingRunState;
import dev.watershed.type.v1.Precision;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class TrainCommandTest {
  private Path directory;
  private final CannedTrainer trainer = new CannedTrainer();
  private CommandLineFixture line;

  @BeforeEach
  void serve(@TempDir Path temporary) {
    directory = temporary;
    line = new CommandLineFixture(directory, trainer);
  }

  @AfterEach
  void stop() throws InterruptedException {
    line.close();
  }

  private static String[] sweep(String... more) {
    String[] arguments = {
      "train",
      "--initial",
      "miniature-pretrained",
      "--train",
      "builtin:miniature/train",
      "--steps",
      "600",
      "--lr",
      "5e-4",
      "--dropout",
      "0"
    };
    String[] all = java.util.Arrays.copyOf(arguments, arguments.length + more.length);
    System.arraycopy(more, 0, all, arguments.length, more.length);
    return all;
  }

  @Test
  void train_seedRange_asksForOneRunPerSeedWithTheDefaultsOfTheHelp() {
    assertThat(line.run(sweep("--seeds", "1..3,7"))).isEqualTo(ExitCode.OK);

    var request = trainer.created.get(0);
    assertThat(request.getSeedsList())
        .extracting(seeds -> seeds.getHeadSeed())
        .containsExactly(1L, 2L, 3L, 7L);
    assertThat(request.getSeedsList())
        .extracting(seeds -> seeds.getDataSeed())
        .containsExactly(1L, 2L, 3L, 7L);
    var spec = request.getSpec();
    assertThat(spec.getInitialCheckpoint()).isEqualTo("checkpoints/miniature-pretrained");
    assertThat(spec.getClassification().getTrain().getBuiltin()).isEqualTo("miniature/train");
    assertThat(spec.getRecipe().getSteps()).isEqualTo(600);
    assertThat(spec.getRecipe().getLearningRate()).isEqualTo(5e-4);
    assertThat(spec.getRecipe().getSchedule()).isEqualTo(Schedule.SCHEDULE_LINEAR);
    assertThat(spec.getRecipe().getWarmupFraction()).isEqualTo(0.1);
    assertThat(spec.getRecipe().getBatchSize()).isEqualTo(32);
    assertThat(spec.getRecipe().hasDropout()).isTrue();
    assertThat(spec.getRecipe().getAdamw().getBeta2()).isEqualTo(0.999);
    assertThat(line.out()).contains("r7").contains("queued");
  }

  @Test
  void train_fixedHeadSeed_variesTheDataOrderOnly() {
    line.run(sweep("--seeds", "1..2", "--head-seed", "5"));
    assertThat(trainer.created.get(0).getSeedsList())
        .extracting(seeds -> seeds.getHeadSeed() + "/" + seeds.getDataSeed())
        .containsExactly("5/1", "5/2");
  }

  @Test
  void train_everyRecipeOption_arrives() {
    line.run(
        sweep(
            "--seeds",
            "1",
            "--schedule",
            "polynomial",
            "--warmup-steps",
            "7432",
            "--batch-size",
            "64",
            "--max-tokens",
            "96",
            "--clip-norm",
            "0",
            "--end-lr",
            "1e-7",
            "--power",
            "2",
            "--beta1",
            "0.8",
            "--beta2",
            "0.98",
            "--epsilon",
            "1e-6",
            "--weight-decay",
            "0.1",
            "--no-bias-correction",
            "--decay-all",
            "--checkpoint-every",
            "100",
            "--checkpoint-at",
            "0,5",
            "--resume-every",
            "50"));
    var spec = trainer.created.get(0).getSpec();
    var recipe = spec.getRecipe();
    assertThat(recipe.getSchedule()).isEqualTo(Schedule.SCHEDULE_POLYNOMIAL);
    assertThat(recipe.getWarmupSteps()).isEqualTo(7432);
    assertThat(recipe.getBatchSize()).isEqualTo(64);
    assertThat(recipe.getMaxTokens()).isEqualTo(96);
    assertThat(recipe.getClipNorm()).isZero();
    assertThat(recipe.getEndLearningRate()).isEqualTo(1e-7);
    assertThat(recipe.getPolynomialPower()).isEqualTo(2);
    assertThat(recipe.getAdamw().getBeta1()).isEqualTo(0.8);
    assertThat(recipe.getAdamw().getBeta2()).isEqualTo(0.98);
    assertThat(recipe.getAdamw().getEpsilon()).isEqualTo(1e-6);
    assertThat(recipe.getAdamw().getWeightDecay()).isEqualTo(0.1);
    assertThat(recipe.getAdamw().getBiasCorrection()).isFalse();
    assertThat(recipe.getAdamw().getDecayAllParameters()).isTrue();
    assertThat(spec.getCheckpoints().getEverySteps()).isEqualTo(100);
    assertThat(spec.getCheckpoints().getAtStepsList()).containsExactly(0L, 5L);
    assertThat(spec.getCheckpoints().getResumeEverySteps()).isEqualTo(50);
  }

  private static String[] byRecipe(String name, String... more) {
    return java.util.stream.Stream.concat(
            java.util.stream.Stream.of(
                "train",
                "--recipe",
                name,
                "--initial",
                "base",
                "--train",
                "builtin:miniature/train"),
            java.util.stream.Stream.of(more))
        .toArray(String[]::new);
  }

  @Test
  void train_recipeByName_sendsTheNameAndNothingElse() {
    assertThat(line.run(byRecipe("whole", "--seeds", "1"))).isEqualTo(ExitCode.OK);

    assertThat(trainer.created.get(0).getSpec().getRecipe())
        .isEqualTo(Recipe.newBuilder().setBasedOn("whole").build());
  }

  @Test
  void train_recipeWithOptions_sendsWhatWasGivenAndThePathsOfZeros() {
    assertThat(
            line.run(
                byRecipe(
                    "whole",
                    "--seeds",
                    "1",
                    "--lr",
                    "1e-4",
                    "--clip-norm",
                    "0",
                    "--weight-decay",
                    "0",
                    "--bias-correction",
                    "--no-decay-all",
                    "--warmup-steps",
                    "0",
                    "--dropout",
                    "0",
                    "--accumulate",
                    "4",
                    "--schedule",
                    "google-linear",
                    "--shuffle-buffer",
                    "0",
                    "--no-drop-remainder",
                    "--head-init",
                    "lecun-normal",
                    "--precision",
                    "bf16",
                    "--probe-lr",
                    "1e-3",
                    "--probe-epochs",
                    "2")))
        .isEqualTo(ExitCode.OK);

    assertThat(trainer.created.get(0).getSpec().getRecipe())
        .isEqualTo(
            Recipe.newBuilder()
                .setBasedOn("whole")
                .setLearningRate(1e-4)
                .setWarmupSteps(0)
                .setDropout(0)
                .setAccumulationSteps(4)
                .setSchedule(Schedule.SCHEDULE_GOOGLE_LINEAR)
                .setHeadInitialization(HeadInitialization.HEAD_INITIALIZATION_LECUN_NORMAL)
                .setPrecision(Precision.PRECISION_BF16)
                .setLinearProbe(LinearProbe.newBuilder().setLearningRate(1e-3).setEpochs(2))
                .setAdamw(
                    AdamW.newBuilder()
                        .setWeightDecay(0)
                        .setBiasCorrection(true)
                        .setDecayAllParameters(false))
                .setShuffleBuffer(0)
                .setDropRemainder(false)
                .setClipNorm(0)
                .build());
  }

  @Test
  void train_withoutARecipe_sendsZerosToo() {
    line.run(
        sweep("--seeds", "1", "--clip-norm", "0", "--weight-decay", "0", "--probe-lr", "1e-3"));

    var recipe = trainer.created.get(0).getSpec().getRecipe();
    assertThat(recipe.hasClipNorm()).isTrue();
    assertThat(recipe.getClipNorm()).isZero();
    assertThat(recipe.getAdamw().getWeightDecay()).isZero();
    assertThat(recipe.getLinearProbe().getLearningRate()).isEqualTo(1e-3);
  }

  @Test
  void train_recipeThatVariesTheDataOnly_keepsItsOwnSeedForTheHeads() {
    line.run(byRecipe("data-only", "--seeds", "3..5"));

    assertThat(seeds()).containsExactly("17/3", "17/4", "17/5");
    assertThat(line.err()).contains("the head's seed is 17 in all runs");
  }

  /** However it is cut, a sweep is the same runs. */
  @ParameterizedTest
  @ValueSource(strings = {"1", "1..8", "3,1", "8"})
  void train_recipeThatVariesTheDataOnly_hasTheSameHeadInEverySweep(String list) {
    line.run(byRecipe("data-only", "--seeds", list));

    assertThat(seeds()).allMatch(pair -> pair.startsWith("17/"));
  }

  @Test
  void train_specWithAHeadSeedBesideIt_keepsItInASweepThatVariesTheDataOnly() throws Exception {
    var spec =
        TrainingRunSpec.newBuilder()
            .setInitialCheckpoint("checkpoints/bert-base")
            .setRecipe(Recipe.newBuilder().setBasedOn("data-only"));
    spec.getClassificationBuilder().getTrainBuilder().setBuiltin("miniature/train");
    Files.writeString(directory.resolve("spec.json"), JsonFormat.printer().print(spec));

    line.run("train", "--spec", "spec.json", "--seeds", "3..4", "--head-seed", "99");

    assertThat(seeds()).containsExactly("99/3", "99/4");
  }

  @Test
  void train_seedsThatWereGiven_winOverTheRecipes() {
    line.run(byRecipe("data-only", "--seeds", "3..4", "--head-seed", "9"));

    assertThat(seeds()).containsExactly("9/3", "9/4");
    assertThat(line.err()).doesNotContain("in all runs");
  }

  @Test
  void train_recipeThatVariesBoth_variesBoth() {
    line.run(byRecipe("whole", "--seeds", "3..4"));

    assertThat(seeds()).containsExactly("3/3", "4/4");
    assertThat(line.err()).doesNotContain("in all runs");
  }

  private List<String> seeds() {
    return trainer.created.get(0).getSeedsList().stream()
        .map(seeds -> seeds.getHeadSeed() + "/" + seeds.getDataSeed())
        .toList();
  }

  @Test
  void train_someRunsExist_saysHowMany() {
    trainer.reusedCount = 3;
    assertThat(line.run(sweep("--seeds", "1..8"))).isEqualTo(ExitCode.OK);

    assertThat(trainer.created.get(0).getReuseExisting()).isTrue();
    assertThat(line.err()).contains("3 of 8 runs exist already");
    assertThat(line.out()).doesNotContain("exist already");
  }

  @Test
  void train_again_asksForNewRuns() {
    line.run(sweep("--seeds", "1", "--again"));

    assertThat(trainer.created.get(0).getReuseExisting()).isFalse();
    assertThat(line.err()).doesNotContain("exist already");
  }

  @Test
  void train_pretrainingFromRandomWeights_asksForMaskedLanguageModelling() {
    assertThat(
            line.run(
                "train",
                "--random",
                "bert",
                "--tokenizer",
                "builtin:miniature",
                "--init-seed",
                "1",
                "--positions",
                "30",
                "--init-std",
                "0.06",
                "--objective",
                "mlm",
                "--train",
                "builtin:miniature/pretraining",
                "--mask",
                "0.1",
                "--pair-mask",
                "0.3",
                "--steps",
                "3000",
                "--lr",
                "3e-3",
                "--schedule",
                "constant",
                "--seeds",
                "1"))
        .isEqualTo(ExitCode.OK);
    var spec = trainer.created.get(0).getSpec();
    assertThat(spec.getRandom().getBuiltinTokenizer()).isEqualTo("miniature");
    assertThat(spec.getRandom().getMaxPositions()).isEqualTo(30);
    assertThat(spec.getRandom().getIntermediateSize()).isEqualTo(256);
    assertThat(spec.getRandom().getSeed()).isEqualTo(1);
    assertThat(spec.getMaskedLanguageModel().getMaskProbability()).isEqualTo(0.1);
    assertThat(spec.getMaskedLanguageModel().getPairMaskProbability()).isEqualTo(0.3);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          --epochs      | 0.5     | give its steps (--steps
          --lr          | 2,5e-5  | a decimal has a point, not a comma: 2.5e-5
          --lr          | fast    | 'fast' is not a number
          --warmup-steps| 1e5     | write it out: 100000
          --batch-size  | 32.0    | write it out: 32
          --steps       | 99999999999999999999 | between -9223372036854775808 and 9223372036854775807
          --batch-size  | 3000000000 | between -2147483648 and 2147483647
          --seeds       | 1e5     | with all its digits
          --seeds       | 9223372036854775808 | to 9223372036854775807
          """)
  void train_numberThatIsNone_isRefusedWithAHint(String option, String value, String hint) {
    assertThat(line.run(byRecipe("whole", "--seeds", "1", option, value)))
        .isEqualTo(ExitCode.BAD_INPUT);
    assertThat(line.err()).contains(option, hint);
    assertThat(trainer.created).isEmpty();
  }

  @Test
  void train_largestSeed_isOneRun() {
    assertThat(line.run(byRecipe("whole", "--seeds", "9223372036854775807")))
        .isEqualTo(ExitCode.OK);
    assertThat(seeds()).containsExactly("9223372036854775807/9223372036854775807");
  }

  @Test
  void train_specOnStandardInput_isReadLikeAFile() {
    String spec =
        """
        {"initial_checkpoint": "checkpoints/base", "recipe": {"based_on": "whole"},
         "classification": {"train": {"builtin": "miniature/train"}}}""";
    assertThat(line.runWithInput(spec, "train", "--spec", "-", "--seeds", "1"))
        .isEqualTo(ExitCode.OK);
    assertThat(trainer.created.get(0).getSpec().getRecipe().getBasedOn()).isEqualTo("whole");

    assertThat(line.runWithInput(spec + "\n{}", "train", "--spec", "-", "--seeds", "1"))
        .isEqualTo(ExitCode.BAD_INPUT);
    assertThat(line.err()).contains("more than one JSON document", "line 3");
    String twice =
        spec.replace("{\"based_on\"", "{\"batch_size\": 4, \"batch_size\": 8, \"based_on\"");
    assertThat(line.runWithInput(twice, "train", "--spec", "-", "--seeds", "1"))
        .isEqualTo(ExitCode.BAD_INPUT);
    assertThat(line.err()).contains("batch_size").containsIgnoringCase("duplicate");
    assertThat(trainer.created).hasSize(1);
  }

  @Test
  void train_specFile_isOverriddenByOptionsOnlyWhereGiven() throws Exception {
    var spec = TrainingRunSpec.newBuilder().setInitialCheckpoint("checkpoints/base");
    spec.getClassificationBuilder().getTrainBuilder().setBuiltin("miniature/train");
    spec.getRecipeBuilder().setLearningRate(1e-3).setEpochs(2).setBatchSize(8);
    Files.writeString(directory.resolve("run.json"), JsonFormat.printer().print(spec));

    assertThat(
            line.run(
                "train",
                "--spec",
                "run.json",
                "--lr",
                "2e-5",
                "--head-seed",
                "3",
                "--data-seed",
                "4"))
        .isEqualTo(ExitCode.OK);

    var request = trainer.created.get(0);
    assertThat(request.getSpec().getRecipe().getLearningRate()).isEqualTo(2e-5);
    assertThat(request.getSpec().getRecipe().getBatchSize()).isEqualTo(8);
    assertThat(request.getSpec().getRecipe().getEpochs()).isEqualTo(2);
    assertThat(request.getSpec().getRecipe().getClipNorm()).isZero();
    assertThat(request.getSeeds(0).getHeadSeed()).isEqualTo(3);
    assertThat(request.getSeeds(0).getDataSeed()).isEqualTo(4);
  }

  @Test
  void train_wait_showsProgressOnStandardErrorAndTheResultOnStandardOutput() throws Exception {
    assertThat(line.run(sweep("--seeds", "1..2", "--wait", "--json"))).isEqualTo(ExitCode.OK);

    var result = BatchCreateTrainingRunsResponse.newBuilder();
    JsonFormat.parser().merge(line.out(), result);
    assertThat(result.getTrainingRunsList())
        .extracting(run -> run.getState())
        .containsOnly(TrainingRunState.TRAINING_RUN_STATE_SUCCEEDED);
    assertThat(line.err())
        .contains("running 300/600")
        .contains("loss 0.2500")
        .contains("succeeded 600/600");
  }

  @Test
  void train_waitOverABrokenStream_watchesAgain() {
    trainer.brokenStreams.set(2);
    assertThat(line.run(sweep("--seeds", "1", "--wait"))).isEqualTo(ExitCode.OK);
    assertThat(trainer.watches).hasValue(3);
  }

  @Test
  void train_aRunFails_exitsWithOneAndSaysWhy() {
    trainer.failingSeed = 2;
    assertThat(line.run(sweep("--seeds", "1..2", "--wait"))).isEqualTo(ExitCode.FAILED);
    assertThat(line.err()).contains("the loss is NaN at step 17");
    assertThat(line.out()).contains("failed").contains("succeeded");
  }

  @Test
  void train_withoutSeeds_isRefusedBeforeAnyCall() {
    assertThat(line.run(sweep())).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(line.err()).contains("--seeds 1..8");
    assertThat(trainer.created).isEmpty();
  }

  @Test
  void train_contradictingOptions_areRefusedBeforeAnyCall() {
    assertThat(line.run(sweep("--seeds", "1", "--epochs", "2"))).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(line.run(sweep("--seeds", "1", "--probe-steps", "2", "--probe-epochs", "1")))
        .isEqualTo(ExitCode.BAD_INPUT);
    assertThat(line.run(sweep("--seeds", "1", "--random", "bert"))).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(line.run(sweep("--seeds", "1", "--mask", ".1"))).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(line.run(sweep("--seeds", "3..1"))).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(line.run(sweep("--seeds", "1,1"))).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(trainer.created).isEmpty();
  }
}
