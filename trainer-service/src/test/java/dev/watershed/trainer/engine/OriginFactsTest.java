package dev.watershed.trainer.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.watershed.trainer.v1.Seeds;
import dev.watershed.trainer.v1.TrainingRunSpec;
import dev.watershed.type.v1.SplitDescription;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class OriginFactsTest {
  private static final SplitDescription ROWS = split("0123456789abcdef");

  @Test
  void of_specAndSeeds_areFactsByPath() {
    var spec = TrainingRunSpec.newBuilder().setInitialCheckpoint("checkpoints/base");
    spec.setDisplayName("mine").getCheckpointsBuilder().setEverySteps(7);
    spec.getRecipeBuilder().setBasedOn("paper-qqp").setLearningRate(2e-5).setEpochs(3);
    spec.getRecipeBuilder().getAdamwBuilder().setWeightDecay(.01).setBeta1(0);
    spec.getClassificationBuilder().addLabels("no").addLabels("y\u202Ees");
    assertThat(
            OriginFacts.of(
                spec.build(),
                Seeds.newBuilder().setHeadSeed(1).setDataSeed(2).build(),
                20_000,
                List.of(ROWS, split("ffffffffffff"))))
        .containsExactlyInAnyOrderEntriesOf(
            Map.of(
                "initial_checkpoint", "checkpoints/base",
                "initial_step", "20000",
                "recipe.learning_rate", "2e-5",
                "recipe.epochs", "3",
                "recipe.adamw.weight_decay", "0.01",
                "recipe.adamw.beta1", "0",
                "classification.labels", "no, y\\u202ees",
                "seeds.head_seed", "1",
                "seeds.data_seed", "2",
                "train_rows", "0123456789ab"));
  }

  @Test
  void of_namesAndCheckpointPolicies_doNotMatter() {
    var one = TrainingRunSpec.newBuilder().setDisplayName("one");
    one.getCheckpointsBuilder().addAtSteps(1);
    assertThat(OriginFacts.of(one.build(), Seeds.getDefaultInstance(), 0, List.of(ROWS)))
        .containsOnlyKeys("train_rows");
  }

  private static SplitDescription split(String sha256) {
    var split = SplitDescription.newBuilder();
    split.getDigestBuilder().setSha256(sha256);
    return split.build();
  }
}
