package dev.watershed.trainer.store;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import com.google.protobuf.UnknownFieldSet.Field;
import dev.watershed.trainer.v1.RunCheckpoint;
import dev.watershed.trainer.v1.Seeds;
import dev.watershed.trainer.v1.TrainingProgress;
import dev.watershed.trainer.v1.TrainingRun;
import dev.watershed.trainer.v1.TrainingRunSpec;
import dev.watershed.type.v1.ClassificationMetrics;
import org.junit.jupiter.api.Test;

final class OlderRunsTest {
  private static final ClassificationMetrics SCORED =
      ClassificationMetrics.newBuilder().setMeanLossNats(.25).setAccuracy(.9).build();

  private static ByteString score(long step) {
    return UnknownFieldSet.newBuilder()
        .addField(1, Field.newBuilder().addVarint(step).build())
        .addField(2, Field.newBuilder().addLengthDelimited(SCORED.toByteString()).build())
        .build()
        .toByteString();
  }

  @Test
  void upgraded_namesAndScoresApart_areToldTogether() throws Exception {
    var old =
        TrainingRun.newBuilder()
            .setName("trainingRuns/a")
            .setProgress(
                TrainingProgress.newBuilder()
                    .setStep(20)
                    .setUnknownFields(
                        UnknownFieldSet.newBuilder()
                            .addField(7, Field.newBuilder().addLengthDelimited(score(20)).build())
                            .build()))
            .setUnknownFields(
                UnknownFieldSet.newBuilder()
                    .addField(
                        5,
                        Field.newBuilder()
                            .addLengthDelimited(ByteString.copyFromUtf8("checkpoints/a-step-10"))
                            .addLengthDelimited(ByteString.copyFromUtf8("checkpoints/a-step-20"))
                            .build())
                    .build())
            .build();

    var run = OlderRuns.upgraded(TrainingRun.parseFrom(old.toByteString()));

    assertThat(run.getCheckpointsList())
        .containsExactly(
            RunCheckpoint.newBuilder().setCheckpoint("checkpoints/a-step-10").setStep(10).build(),
            RunCheckpoint.newBuilder()
                .setCheckpoint("checkpoints/a-step-20")
                .setStep(20)
                .setValidation(SCORED)
                .build());
    assertThat(run.getProgress().getStep()).isEqualTo(20);
    assertThat(OlderRuns.upgraded(run)).isSameAs(run);
  }

  @Test
  void upgraded_seedsInTheSpec_standBesideIt() throws Exception {
    var old =
        TrainingRun.newBuilder()
            .setName("trainingRuns/a")
            .setSpec(
                TrainingRunSpec.newBuilder()
                    .setDisplayName("before")
                    .setUnknownFields(
                        UnknownFieldSet.newBuilder()
                            .addField(6, Field.newBuilder().addVarint(-3).build())
                            .addField(7, Field.newBuilder().addVarint(4).build())
                            .build()))
            .build();

    var run = OlderRuns.upgraded(TrainingRun.parseFrom(old.toByteString()));

    assertThat(run)
        .isEqualTo(
            TrainingRun.newBuilder()
                .setName("trainingRuns/a")
                .setSpec(TrainingRunSpec.newBuilder().setDisplayName("before"))
                .setSeeds(Seeds.newBuilder().setHeadSeed(-3).setDataSeed(4))
                .build());
    assertThat(OlderRuns.upgraded(run)).isSameAs(run);
  }
}
