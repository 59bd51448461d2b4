package dev.watershed.trainer.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.watershed.classifier.checkpoint.HuggingFaceCheckpoint;
import dev.watershed.classifier.checkpoint.ParameterVector;
import dev.watershed.jobs.kit.TestDatabase;
import dev.watershed.trainer.v1.CancelTrainingRunRequest;
import dev.watershed.trainer.v1.CheckpointPolicy;
import dev.watershed.trainer.v1.GetCheckpointRequest;
import dev.watershed.trainer.v1.LinearProbe;
import dev.watershed.trainer.v1.TrainingRun;
import dev.watershed.trainer.v1.TrainingRunState;
import dev.watershed.trainer.v1.TrainingStage;
import dev.watershed.trainer.v1.WatchTrainingRunRequest;
import dev.watershed.type.v1.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs with a linear probe, with accumulated gradients and in bfloat16. */
final class StagedRunTest {
  private Trainer trainer;

  @BeforeEach
  void serve(@TempDir Path directory) throws Exception {
    Files.createDirectories(directory.resolve("data"));
    trainer = new Trainer(directory, TestDatabase.h2("classpath:db/trainer"), false);
  }

  @AfterEach
  void stop() {
    trainer.close();
  }

  @Test
  void create_linearProbe_trainsTheHeadAndThenEverything() throws Exception {
    var spec =
        Specs.classification(10)
            .setCheckpoints(CheckpointPolicy.newBuilder().addAtSteps(0).addAtSteps(10));
    spec.getRecipeBuilder()
        .setLinearProbe(LinearProbe.newBuilder().setLearningRate(.1).setSteps(10));
    var created = trainer.create(spec.build());
    assertThat(created.getProgress().getTotalSteps()).isEqualTo(20);
    trainer.start();

    var run = trainer.await(created);

    assertThat(run.getState()).isEqualTo(TrainingRunState.TRAINING_RUN_STATE_SUCCEEDED);
    assertThat(run.getProgress().getStep()).isEqualTo(20);
    assertThat(run.getProgress().getStage()).isEqualTo(TrainingStage.TRAINING_STAGE_ALL_PARAMETERS);
    assertThat(run.getCheckpointsList()).hasSize(3);
    assertThat(changed(run, 0, 1))
        .containsExactlyInAnyOrder("classifier.weight", "classifier.bias");
    assertThat(changed(run, 1, 2))
        .contains("classifier.weight", "bert.embeddings.word_embeddings.weight");
  }

  @Test
  void watch_runInItsProbe_tellsTheStage() {
    trainer.start();
    var spec = Specs.classification(5);
    spec.getRecipeBuilder()
        .setLinearProbe(LinearProbe.newBuilder().setLearningRate(.1).setSteps(1_000_000));
    var created = trainer.create(spec.build());
    var answers =
        trainer.training.watchTrainingRun(
            WatchTrainingRunRequest.newBuilder().setName(created.getName()).build());
    var progress = answers.next().getTrainingRun().getProgress();
    while (progress.getStep() == 0) {
      progress = answers.next().getTrainingRun().getProgress();
    }
    assertThat(progress.getStage()).isEqualTo(TrainingStage.TRAINING_STAGE_LINEAR_PROBE);
    assertThat(progress.getTotalSteps()).isEqualTo(1_000_005);
    trainer.training.cancelTrainingRun(
        CancelTrainingRunRequest.newBuilder().setName(created.getName()).build());
    assertThat(trainer.await(created).getState())
        .isEqualTo(TrainingRunState.TRAINING_RUN_STATE_CANCELLED);
  }

  /** Names of the tensors in which two of a run's checkpoints differ. */
  private Set<String> changed(TrainingRun run, int first, int second) throws IOException {
    var names = new LinkedHashSet<String>();
    try (var a = weights(run, first);
        var b = weights(run, second)) {
      for (var p : a.layout().parameters()) {
        if (!java.util.Arrays.equals(a.copyOf(p.name()), b.copyOf(p.name()))) {
          names.add(p.name());
        }
      }
    }
    return names;
  }

  private ParameterVector weights(TrainingRun run, int checkpoint) throws IOException {
    String id = run.getCheckpoints(checkpoint).getCheckpoint().substring("checkpoints/".length());
    return HuggingFaceCheckpoint.open(trainer.checkpoints.hold(id).directory()).read();
  }

  @Test
  void create_accumulating_isTheSameRunButForRounding() throws Exception {
    trainer.start();
    var spec = Specs.classification(10);
    spec.getRecipeBuilder()
        .setDropout(0)
        .setAdamw(spec.getRecipe().getAdamw().toBuilder().setEpsilon(1e-3));
    var whole = trainer.train(spec.build());
    spec.getRecipeBuilder().setAccumulationSteps(5);
    var parts = trainer.train(spec.build());

    assertThat(parts.getState()).isEqualTo(TrainingRunState.TRAINING_RUN_STATE_SUCCEEDED);
    assertThat(parts.getProgress().getTrainingLossNats())
        .isCloseTo(whole.getProgress().getTrainingLossNats(), within(1e-5));
    try (var a = weights(whole, 0);
        var b = weights(parts, 0)) {
      assertThat(a.euclideanDistance(b)).isBetween(1e-12, 1e-5);
    }
  }

  @Test
  void create_bf16_saysSoAndWritesFp32() throws Exception {
    trainer.start();
    var spec = Specs.classification(10);
    spec.getRecipeBuilder()
        .setDropout(0)
        .setAdamw(spec.getRecipe().getAdamw().toBuilder().setEpsilon(1e-3));
    var single = trainer.train(spec.build());
    spec.getRecipeBuilder().setPrecision(Precision.PRECISION_BF16);
    var brain = trainer.train(spec.build());

    assertThat(brain.getState()).isEqualTo(TrainingRunState.TRAINING_RUN_STATE_SUCCEEDED);
    assertThat(single.getProvenance().getPrecision()).isEqualTo(Precision.PRECISION_FP32);
    assertThat(brain.getProvenance().getPrecision()).isEqualTo(Precision.PRECISION_BF16);
    assertThat(brain.getProgress().getTrainingLossNats())
        .isCloseTo(single.getProgress().getTrainingLossNats(), within(.02));
    try (var a = weights(single, 0);
        var b = weights(brain, 0)) {
      assertThat(a.euclideanDistance(b)).isBetween(1e-6, .1);
    }
    var checkpoint =
        trainer
            .checkpointService
            .getCheckpoint(
                GetCheckpointRequest.newBuilder()
                    .setName(brain.getCheckpoints(0).getCheckpoint())
                    .build())
            .getCheckpoint();
    assertThat(checkpoint.getSizeBytes()).isGreaterThan(4 * checkpoint.getParameterCount());
  }
}
