package dev.watershed.trainer.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.watershed.trainer.v1.CheckpointPolicy;
import dev.watershed.trainer.v1.ClassificationObjective;
import dev.watershed.trainer.v1.Recipe;
import dev.watershed.trainer.v1.Seeds;
import dev.watershed.trainer.v1.TrainingRunSpec;
import dev.watershed.type.v1.DatasetSplit;
import dev.watershed.type.v1.Digest;
import dev.watershed.type.v1.SplitDescription;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

final class ResolvedSpecTest {
  private static final TrainingRunSpec SPEC =
      TrainingRunSpec.newBuilder()
          .setDisplayName("anything")
          .setInitialCheckpoint("checkpoints/base")
          .setClassification(
              ClassificationObjective.newBuilder()
                  .setTrain(DatasetSplit.newBuilder().setBuiltin("miniature/train")))
          .setRecipe(Recipe.newBuilder().setLearningRate(.5).setSteps(3))
          .setCheckpoints(CheckpointPolicy.newBuilder().addAtSteps(0))
          .setNewHead(true)
          .build();

  private static ResolvedSpec resolved(TrainingRunSpec spec) {
    var split =
        SplitDescription.newBuilder()
            .setName("train")
            .setDigest(Digest.newBuilder().setSha256("ab"))
            .build();
    return new ResolvedSpec(spec, List.of(split), "cd", List.of());
  }

  private static Seeds seeds(long head, long data) {
    return Seeds.newBuilder().setHeadSeed(head).setDataSeed(data).build();
  }

  @Test
  void identity_spec_isThatOfVersionsWhoseSpecsHeldTheSeeds() {
    // Computed by such a version, with head_seed -1 and data_seed 2 in the spec.
    assertThat(resolved(SPEC).identity(seeds(-1, 2)))
        .isEqualTo("c60eee8d474ce4dc6ab129ad473bf0f270a34900d4966bd2295bec457141f09b");
  }

  @Test
  void identity_seeds_tellRunsApartAndNamesDoNot() {
    assertThat(
            Stream.of(seeds(1, 2), seeds(2, 1), seeds(1, 1), seeds(0, 0))
                .map(resolved(SPEC)::identity))
        .doesNotHaveDuplicates();
    assertThat(resolved(SPEC.toBuilder().setDisplayName("other").build()).identity(seeds(1, 2)))
        .isEqualTo(resolved(SPEC).identity(seeds(1, 2)));
    assertThat(resolved(SPEC.toBuilder().setNewHead(false).build()).identity(seeds(1, 2)))
        .isNotEqualTo(resolved(SPEC).identity(seeds(1, 2)));
  }
}
