package dev.watershed.cli;

import dev.watershed.trainer.v1.Recipe;
import dev.watershed.trainer.v1.TrainingRunSpec;
import dev.watershed.type.v1.DatasetSplit;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What a run is of: a spec from a file, a recipe by name, and what the options say over them. */
final class RunSpecOptions {
  @Mixin private RecipeOptions recipe = new RecipeOptions();
  @Mixin private RandomOptions random = new RandomOptions();
  @Mixin private ObjectiveOptions objective = new ObjectiveOptions();
  @Mixin private KeepOptions keep = new KeepOptions();

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
      names = "--new-head",
      description =
          "Leave out the head that the checkpoint was trained with, and draw one from the head seed."
              + " Without this a trained head is never lost.")
  private boolean newHead;

  private final CommandContext context;

  RunSpecOptions(CommandContext context) {
    this.context = context;
  }

  /**
   * The spec, without seeds.
   *
   * @param tasks those that data can be of
   */
  TrainingRunSpec.Builder spec(TaskCatalogue tasks) {
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
    objective.applyTo(spec, text -> split(text, tasks));
    recipe.applyTo(spec.getRecipeBuilder());
    if (spec.getRecipe().getBasedOn().isEmpty()) {
      needRateAndLength(spec.getRecipe());
    }
    keep.applyTo(spec.getCheckpointsBuilder());
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

  private DatasetSplit split(String text, TaskCatalogue tasks) {
    return DataArgument.parse(text, context.workingDirectory(), tasks).split();
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
