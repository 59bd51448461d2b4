package dev.watershed.cli;

import dev.watershed.cli.terminal.TextTable;
import dev.watershed.trainer.v1.ListRecipesRequest;
import dev.watershed.trainer.v1.ListRecipesResponse;
import dev.watershed.trainer.v1.NamedRecipe;
import dev.watershed.trainer.v1.Recipe;
import dev.watershed.trainer.v1.SeedVariation;
import dev.watershed.trainer.v1.TrainingServiceGrpc;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** The recipes that the server knows by name. */
@Command(
    name = "recipes",
    description = "List the recipes known by name, for 'watershed train --recipe'.",
    footer = {
      "",
      "Examples:",
      "  watershed recipes",
      "  watershed recipes show paper-mnli",
      "  watershed recipes show paper-mnli --json"
    })
final class RecipesCommand implements Callable<Integer> {
  @Mixin private ServerOptions server;
  @Mixin private OutputOptions output;

  RecipesCommand(CommandContext context) {
    this.server = new ServerOptions(context);
    this.output = new OutputOptions(context);
  }

  @Override
  public Integer call() {
    List<NamedRecipe> recipes = all(server);
    if (output.json) {
      output.message(ListRecipesResponse.newBuilder().addAllRecipes(recipes));
      return ExitCode.OK;
    }
    TextTable table =
        new TextTable("recipe", "rate", "schedule", "batch", "length", "seeds vary", "description");
    for (NamedRecipe named : recipes) {
      Recipe recipe = named.getRecipe();
      table.row(
          named.getName(),
          RecipeText.number(recipe.getLearningRate()),
          RecipeText.word(recipe.getSchedule().getValueDescriptor()),
          String.valueOf(recipe.getBatchSize()),
          length(recipe),
          seeds(named),
          named.getDescription());
    }
    output.table(table);
    output.remark("Every field of one: 'watershed recipes show NAME'.");
    return ExitCode.OK;
  }

  @Command(description = "Show every field of one recipe, and where it is from.")
  int show(
      @Mixin ServerOptions server,
      @Mixin OutputOptions output,
      @Parameters(paramLabel = "NAME") String name) {
    List<NamedRecipe> recipes = all(server);
    NamedRecipe named =
        recipes.stream()
            .filter(recipe -> recipe.getName().equals(name))
            .findFirst()
            .orElseThrow(
                () ->
                    CommandException.badInput(
                        "there is no recipe '%s'; there are %s"
                            .formatted(
                                name,
                                String.join(
                                    ", ", recipes.stream().map(NamedRecipe::getName).toList()))));
    if (output.json) {
      output.message(named);
      return ExitCode.OK;
    }
    output.line(named.getName() + ": " + named.getDescription());
    output.line("source: " + named.getSource());
    boolean both = named.getSeedVariation() == SeedVariation.SEED_VARIATION_BOTH;
    output.line(
        "seeds of a sweep vary: "
            + seeds(named)
            + (both ? "" : "; the other is " + named.getFixedSeed() + " in all runs"));
    output.line("");
    RecipeText.lines(named.getRecipe(), named.getCheckpoints()).forEach(output::line);
    return ExitCode.OK;
  }

  /** All recipes of a server, by name. */
  static List<NamedRecipe> all(ServerOptions server) {
    return TrainingServiceGrpc.newBlockingStub(server.channel())
        .withDeadlineAfter(ServerOptions.LOOKUP_SECONDS, TimeUnit.SECONDS)
        .listRecipes(ListRecipesRequest.getDefaultInstance())
        .getRecipesList();
  }

  private static String length(Recipe recipe) {
    String length =
        recipe.hasSteps() ? recipe.getSteps() + " steps" : recipe.getEpochs() + " epochs";
    return recipe.hasLinearProbe() ? "probe + " + length : length;
  }

  private static String seeds(NamedRecipe named) {
    return switch (named.getSeedVariation()) {
      case SEED_VARIATION_DATA -> "data";
      case SEED_VARIATION_HEAD -> "head";
      default -> "head and data";
    };
  }
}
