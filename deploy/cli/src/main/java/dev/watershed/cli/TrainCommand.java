package dev.watershed.cli;

import dev.watershed.cli.terminal.ProgressBoard;
import dev.watershed.trainer.v1.BatchCreateTrainingRunsRequest;
import dev.watershed.trainer.v1.BatchCreateTrainingRunsResponse;
import dev.watershed.trainer.v1.CheckpointPolicy;
import dev.watershed.trainer.v1.ClassificationObjective;
import dev.watershed.trainer.v1.MaskedLanguageModelObjective;
import dev.watershed.trainer.v1.NamedRecipe;
import dev.watershed.trainer.v1.Recipe;
import dev.watershed.trainer.v1.SeedVariation;
import dev.watershed.trainer.v1.Seeds;
import dev.watershed.trainer.v1.TrainingRun;
import dev.watershed.trainer.v1.TrainingRunSpec;
import dev.watershed.trainer.v1.TrainingServiceGrpc;
import dev.watershed.type.v1.DatasetSplit;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Queues training runs, one for each seed. */
@Command(
    name = "train",
    customSynopsis = {
      "watershed train --initial CHECKPOINT --train DATA --seeds 1..8 --recipe NAME [OPTIONS]",
      "   or: watershed train --initial CHECKPOINT --train DATA --seeds 1..8 --lr RATE --epochs N"
          + " [OPTIONS]"
    },
    description = {
      "Queue training runs, one for each seed; follow them with --wait.",
      "",
      "Examples:",
      "  watershed train --recipe paper-mnli --initial bert-base-uncased --train task:mnli/train"
          + " \\",
      "      --seeds 1..8 --name mnli --accumulate 4      ('watershed recipes' lists recipes)",
      "  watershed train --initial miniature-pretrained --train builtin:miniature/train \\",
      "      --validation builtin:miniature/validation --steps 600 --lr 5e-4 --dropout 0 \\",
      "      --seeds 1..8 --name miniature --wait",
      "  watershed train --random bert --tokenizer file:vocab.txt --init-seed 1 --objective mlm \\",
      "      --train file:sentences.tsv,text=3 --epochs 1 --lr 1e-3 --seeds 1",
      "  watershed train --spec run.json --seeds 1..8 --lr 2e-5      (options override the spec)",
      "",
      "Asked for again, a sweep is completed: runs of the same spec, weights and rows that are"
          + " queued, running or have succeeded are not repeated. --again repeats them."
    },
    footer = {"", "DATA is " + DataArgument.SPLIT_SYNTAX + "."})
final class TrainCommand implements Callable<Integer> {
  /** What is learned. */
  enum Objective {
    CLASSIFICATION,
    MLM
  }

  @Mixin private ServerOptions server;
  @Mixin private OutputOptions output;
  @Mixin private RecipeOptions recipe = new RecipeOptions();
  @Mixin private RandomOptions random = new RandomOptions();

  @Option(
      names = "--spec",
      paramLabel = "FILE.json",
      description =
          "A TrainingRunSpec in protobuf's JSON form, - for standard input; other options override its"
              + " fields, and say the seeds.")
  private @Nullable Path specFile;

  @Option(
      names = "--recipe",
      paramLabel = "NAME",
      description =
          "Start from a recipe by name; the options override its fields. Defaults that the options"
              + " name are those without it. See 'watershed recipes'.")
  private @Nullable String recipeName;

  @Option(
      names = "--name",
      description = "A name for people, by which 'runs list' and 'runs watch' find a sweep.")
  private @Nullable String name;

  @Option(
      names = "--initial",
      paramLabel = "CHECKPOINT",
      description = "The checkpoint to begin with.")
  private @Nullable String initial;

  @Option(
      names = "--objective",
      description = "classification or mlm (masked language modelling). Default: classification.")
  private @Nullable Objective objective;

  @Option(
      names = "--train",
      paramLabel = "DATA",
      description =
          "What is learned from: builtin:NAME, task:NAME or file:PATH,key=value; all of it below.")
  private @Nullable String train;

  @Option(
      names = "--validation",
      paramLabel = "DATA",
      description = "Scored, whole, at each checkpoint.")
  private @Nullable String validation;

  @Option(
      names = "--labels",
      paramLabel = "A,B",
      converter = LabelList.Converter.class,
      description =
          "Labels in the order of the logits, as the data name them; in quotes where one holds a"
              + " comma. Default: the checkpoint's or the data's.")
  private LabelList labels = new LabelList(List.of());

  @Option(
      names = "--new-head",
      description =
          "Leave out the head that the checkpoint was trained with, and draw one from the head seed."
              + " Without this a trained head is never lost.")
  private boolean newHead;

  @Option(
      names = "--mask",
      paramLabel = "SHARE",
      description = "Fraction of tokens masked (mlm). Default: 0.15.")
  private @Nullable Double maskProbability;

  @Option(
      names = "--pair-mask",
      paramLabel = "SHARE",
      description = "The same for the second text. Default: as --mask.")
  private @Nullable Double pairMaskProbability;

  @Option(
      names = "--seeds",
      paramLabel = "1..8",
      converter = SeedList.Converter.class,
      description =
          "One run per seed of head and data order, for example 1..8 or 1,2,5; of the data order"
              + " alone where the recipe's source varies only that.")
  private @Nullable SeedList seeds;

  @Option(
      names = "--head-seed",
      paramLabel = "SEED",
      description = "Seed of the head's initialisation; with --seeds only the data order varies.")
  private @Nullable Long headSeed;

  @Option(
      names = "--data-seed",
      paramLabel = "SEED",
      description = "Seed of the data order; with --seeds only the head varies.")
  private @Nullable Long dataSeed;

  @Option(
      names = "--checkpoint-every",
      paramLabel = "STEPS",
      description =
          "Keep a checkpoint after every so many steps; the last is always kept. Default: as the"
              + " recipe's source does.")
  private @Nullable Long checkpointEvery;

  @Option(
      names = "--checkpoint-at",
      paramLabel = "STEP",
      split = ",",
      description = "Keep a checkpoint after these steps; 0 is the initial weights.")
  private List<Long> checkpointAt = new ArrayList<>();

  @Option(
      names = "--resume-every",
      paramLabel = "STEPS",
      description = "Save what a killed run resumes from. Default: 200.")
  private @Nullable Long resumeEvery;

  @Option(
      names = "--request-id",
      paramLabel = "ID",
      description = "Makes it safe to repeat the command.")
  private String requestId = "";

  @Option(
      names = "--again",
      description = "Make new runs also where there are such with the same result.")
  private boolean again;

  @Option(names = "--wait", description = "Follow the runs to their end. Ctrl-C detaches.")
  private boolean wait;

  private final CommandContext context;

  TrainCommand(CommandContext context) {
    this.context = context;
    this.server = new ServerOptions(context);
    this.output = new OutputOptions(context);
  }

  @Override
  public Integer call() {
    BatchCreateTrainingRunsRequest request = request();
    BatchCreateTrainingRunsResponse created =
        TrainingServiceGrpc.newBlockingStub(server.channel())
            .withDeadlineAfter(ServerOptions.LOOKUP_SECONDS, TimeUnit.SECONDS)
            .batchCreateTrainingRuns(request);
    if (created.getReusedCount() > 0) {
      output.remark(
          String.format(
              Locale.ROOT,
              "%d of %d runs exist already; --again makes new ones.",
              created.getReusedCount(),
              created.getTrainingRunsCount()));
    }
    RunsCommand.notices(created.getTrainingRunsList())
        .forEach(notice -> output.remark("notice: " + notice));
    if (!wait) {
      if (output.json) {
        output.message(created);
      } else {
        output.table(RunsCommand.table(created.getTrainingRunsList()));
        if (created.getTrainingRunsList().stream()
            .anyMatch(run -> !RunFollower.ended(run.getState()))) {
          output.remark("Follow them with 'watershed runs watch'.");
        }
      }
      return ExitCode.OK;
    }
    List<TrainingRun> ended;
    try (ProgressBoard board = new ProgressBoard(context.terminal());
        Interrupt interrupt =
            new Interrupt(
                context.terminal(),
                "Detached; the runs go on. Follow them with 'watershed runs watch', stop one with"
                    + " 'watershed runs cancel NAME'.",
                () -> {})) {
      ended =
          new RunFollower(server.channel(), board, run -> {}).follow(created.getTrainingRunsList());
    }
    if (output.json) {
      output.message(BatchCreateTrainingRunsResponse.newBuilder().addAllTrainingRuns(ended));
    } else {
      output.table(RunsCommand.table(ended));
    }
    return RunsCommand.exitCode(ended);
  }

  private BatchCreateTrainingRunsRequest request() {
    TrainingRunSpec.Builder spec = spec();
    BatchCreateTrainingRunsRequest.Builder request =
        BatchCreateTrainingRunsRequest.newBuilder()
            .setRequestId(requestId)
            .setReuseExisting(!again);
    if (seeds != null) {
      if (headSeed != null && dataSeed != null) {
        throw CommandException.badInput(
            "--seeds with both --head-seed and --data-seed leaves nothing to vary");
      }
      if (headSeed == null && dataSeed == null) {
        fixSeed(spec.getRecipe().getBasedOn());
      }
      for (long seed : seeds.seeds()) {
        request.addSeeds(
            Seeds.newBuilder()
                .setHeadSeed(headSeed != null ? headSeed : seed)
                .setDataSeed(dataSeed != null ? dataSeed : seed));
      }
    } else {
      if (headSeed == null || dataSeed == null) {
        throw CommandException.badInput(
            "no seeds; give --seeds 1..8, or --head-seed and --data-seed");
      }
      request.addSeeds(Seeds.newBuilder().setHeadSeed(headSeed).setDataSeed(dataSeed));
    }
    return request.setSpec(spec).build();
  }

  /**
   * Fixes the seed that the recipe's source does not vary, to the recipe's own. Never to one of the
   * list, so that a sweep can be extended.
   */
  private void fixSeed(String basedOn) {
    if (basedOn.isEmpty()) {
      return;
    }
    // A name that is not there is refused when the runs are asked for.
    for (NamedRecipe named : RecipesCommand.all(server)) {
      if (!named.getName().equals(basedOn)) {
        continue;
      }
      if (named.getSeedVariation() == SeedVariation.SEED_VARIATION_DATA) {
        headSeed = named.getFixedSeed();
        output.remark(
            basedOn
                + " varies the order of the data only: the head's seed is "
                + headSeed
                + " in all runs; --head-seed chooses another.");
      } else if (named.getSeedVariation() == SeedVariation.SEED_VARIATION_HEAD) {
        dataSeed = named.getFixedSeed();
        output.remark(
            basedOn
                + " varies the head only: the data's seed is "
                + dataSeed
                + " in all runs; --data-seed chooses another.");
      }
    }
  }

  private TrainingRunSpec.Builder spec() {
    TrainingRunSpec.Builder spec = TrainingRunSpec.newBuilder();
    if (specFile != null) {
      spec = Json.parse(read(specFile), spec, "--spec " + specFile);
    } else if (recipeName == null) {
      spec.setRecipe(RecipeOptions.defaults());
    }
    if (recipeName != null) {
      spec.getRecipeBuilder().setBasedOn(recipeName);
    }
    if (name != null) {
      spec.setDisplayName(name);
    }
    applyInitial(spec);
    if (newHead) {
      spec.setNewHead(true);
    }
    applyObjective(spec);
    recipe.applyTo(spec.getRecipeBuilder());
    if (spec.getRecipe().getBasedOn().isEmpty()) {
      needRateAndLength(spec.getRecipe());
    }
    CheckpointPolicy.Builder policy = spec.getCheckpointsBuilder();
    if (checkpointEvery != null) {
      policy.setEverySteps(checkpointEvery);
    }
    if (!checkpointAt.isEmpty()) {
      policy.clearAtSteps().addAllAtSteps(checkpointAt);
    }
    if (resumeEvery != null) {
      policy.setResumeEverySteps(resumeEvery);
    }
    return spec;
  }

  private static void needRateAndLength(Recipe recipe) {
    if (recipe.getLearningRate() <= 0) {
      throw CommandException.badInput(
          "no learning rate; give --lr, for example --lr 2e-5, or a --recipe");
    }
    if (recipe.getLengthCase() == Recipe.LengthCase.LENGTH_NOT_SET) {
      throw CommandException.badInput("no length; give --steps or --epochs, or a --recipe");
    }
  }

  private void applyInitial(TrainingRunSpec.Builder spec) {
    if (initial != null && random.wanted()) {
      throw CommandException.badInput("--initial and --random exclude each other");
    }
    if (initial != null) {
      spec.setInitialCheckpoint(NameArguments.checkpoint(initial));
    } else if (random.wanted()) {
      spec.setRandom(random.initialization(context.workingDirectory()));
    } else if (spec.getInitialCase() == TrainingRunSpec.InitialCase.INITIAL_NOT_SET) {
      throw CommandException.badInput(
          "nothing to begin with; give --initial CHECKPOINT or --random bert");
    }
  }

  private void applyObjective(TrainingRunSpec.Builder spec) {
    Objective chosen =
        objective != null
            ? objective
            : spec.hasMaskedLanguageModel() ? Objective.MLM : Objective.CLASSIFICATION;
    DatasetSplit trainSplit = train == null ? null : split(train);
    DatasetSplit validationSplit = validation == null ? null : split(validation);
    if (chosen == Objective.CLASSIFICATION) {
      if (maskProbability != null || pairMaskProbability != null) {
        throw CommandException.badInput("--mask and --pair-mask belong to --objective mlm");
      }
      ClassificationObjective.Builder classification = spec.getClassificationBuilder();
      if (trainSplit != null) {
        classification.setTrain(trainSplit);
      }
      if (validationSplit != null) {
        classification.setValidation(validationSplit);
      }
      if (!labels.names().isEmpty()) {
        classification.clearLabels().addAllLabels(labels.names());
      }
      needTrain(classification.hasTrain());
    } else {
      if (!labels.names().isEmpty()) {
        throw CommandException.badInput("--labels belongs to --objective classification");
      }
      MaskedLanguageModelObjective.Builder masked = spec.getMaskedLanguageModelBuilder();
      if (trainSplit != null) {
        masked.setTrain(trainSplit);
      }
      if (validationSplit != null) {
        masked.setValidation(validationSplit);
      }
      if (maskProbability != null) {
        masked.setMaskProbability(maskProbability);
      }
      if (pairMaskProbability != null) {
        masked.setPairMaskProbability(pairMaskProbability);
      }
      needTrain(masked.hasTrain());
    }
  }

  private static void needTrain(boolean present) {
    if (!present) {
      throw CommandException.badInput(
          "nothing to train on; give --train, for example --train builtin:miniature/train");
    }
  }

  private DatasetSplit split(String text) {
    return DataArgument.parse(text, context.workingDirectory(), server.tasks()).split();
  }

  private String read(Path file) {
    if (file.equals(Path.of("-"))) {
      return NumbersInput.read(context.in());
    }
    Path path = context.workingDirectory().resolve(file);
    try {
      return Files.readString(path);
    } catch (IOException e) {
      throw CommandException.badInput("cannot read --spec " + path + ": " + Failures.sentence(e));
    }
  }
}
