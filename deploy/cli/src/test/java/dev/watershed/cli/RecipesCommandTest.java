package dev.watershed.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.util.JsonFormat;
import dev.watershed.trainer.v1.ListRecipesResponse;
import dev.watershed.trainer.v1.NamedRecipe;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class RecipesCommandTest {
  private CommandLineFixture line;

  @BeforeEach
  void serve(@TempDir Path directory) {
    line = new CommandLineFixture(directory, new CannedTrainer());
  }

  @AfterEach
  void stop() throws InterruptedException {
    line.close();
  }

  @Test
  void recipes_all_areATable() {
    assertThat(line.run("recipes")).isEqualTo(ExitCode.OK);
    assertThat(line.out().lines())
        .containsExactly(
            "recipe     rate  schedule    batch  length    seeds vary     description",
            "data-only  2e-5  polynomial     32  3 epochs  data           a recipe that is data-only",
            "whole      2e-5  polynomial     32  3 epochs  head and data  a recipe that is whole");
  }

  @Test
  void recipes_json_isTheAnswer() throws Exception {
    assertThat(line.run("recipes", "--json")).isEqualTo(ExitCode.OK);
    var recipes = ListRecipesResponse.newBuilder();
    JsonFormat.parser().merge(line.out(), recipes);
    assertThat(recipes.getRecipesList())
        .extracting(NamedRecipe::getName)
        .containsExactly("data-only", "whole");
  }

  @Test
  void show_one_printsEveryField() {
    assertThat(line.run("recipes", "show", "data-only")).isEqualTo(ExitCode.OK);
    assertThat(line.out().lines().map(text -> text.replaceAll(" {2,}", " | ")))
        .containsExactly(
            "data-only: a recipe that is data-only",
            "source: nobody 2026",
            "seeds of a sweep vary: data; the other is 17 in all runs",
            "",
            "field | value",
            "adamw.beta1 | 0.9",
            "adamw.beta2 | 0.98",
            "adamw.epsilon | 1e-6",
            "adamw.weight_decay | 0",
            "adamw.bias_correction | true",
            "adamw.decay_all_parameters | false",
            "learning_rate | 2e-5",
            "schedule | polynomial",
            "epochs | 3",
            "batch_size | 32",
            "max_tokens | 128 or the model's limit",
            "clip_norm | no clipping",
            "dropout | the checkpoint's own",
            "end_learning_rate | 0",
            "polynomial_power | 1",
            "accumulation_steps | 1",
            "precision | fp32",
            "linear_probe | none",
            "shuffle_buffer | none: every epoch is a permutation of the rows",
            "drop_remainder | false",
            "head_initialization | normal",
            "checkpoints: every 100 steps; at the end");
  }

  @Test
  void show_oneAsJson_isTheRecipe() throws Exception {
    assertThat(line.run("recipes", "show", "whole", "--json")).isEqualTo(ExitCode.OK);
    var named = NamedRecipe.newBuilder();
    JsonFormat.parser().merge(line.out(), named);
    assertThat(named.getRecipe().getEpochs()).isEqualTo(3);
  }

  @Test
  void show_unknown_namesThoseThereAre() {
    assertThat(line.run("recipes", "show", "hole")).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(line.err()).contains("no recipe 'hole'; there are data-only, whole");
  }
}
