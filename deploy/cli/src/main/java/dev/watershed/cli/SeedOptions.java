package dev.watershed.cli;

import dev.watershed.trainer.v1.NamedRecipe;
import dev.watershed.trainer.v1.SeedVariation;
import dev.watershed.trainer.v1.Seeds;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which seeds the runs of a sweep have. */
final class SeedOptions {
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

  /**
   * The seeds of each run.
   *
   * @param basedOn the name of the recipe that the runs are based on, or empty
   * @param server knows the recipes
   * @param output is told of a seed that the recipe fixes
   */
  List<Seeds> ofRuns(String basedOn, ServerOptions server, OutputOptions output) {
    if (seeds == null) {
      if (headSeed == null || dataSeed == null) {
        throw CommandException.badInput(
            "no seeds; give --seeds 1..8, or --head-seed and --data-seed");
      }
      return List.of(Seeds.newBuilder().setHeadSeed(headSeed).setDataSeed(dataSeed).build());
    }
    if (headSeed != null && dataSeed != null) {
      throw CommandException.badInput(
          "--seeds with both --head-seed and --data-seed leaves nothing to vary");
    }
    if (headSeed == null && dataSeed == null) {
      fixSeed(basedOn, server, output);
    }
    return seeds.seeds().stream().map(this::ofRun).toList();
  }

  private Seeds ofRun(long seed) {
    return Seeds.newBuilder()
        .setHeadSeed(headSeed != null ? headSeed : seed)
        .setDataSeed(dataSeed != null ? dataSeed : seed)
        .build();
  }

  /**
   * Fixes the seed that the recipe's source does not vary, to the recipe's own. Never to one of the
   * list, so that a sweep can be extended.
   */
  private void fixSeed(String basedOn, ServerOptions server, OutputOptions output) {
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
}
