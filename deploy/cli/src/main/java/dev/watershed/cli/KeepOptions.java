package dev.watershed.cli;

import dev.watershed.trainer.v1.CheckpointPolicy;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What a run keeps on its way; what is not given keeps the value of the spec. */
final class KeepOptions {
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

  void applyTo(CheckpointPolicy.Builder policy) {
    if (checkpointEvery != null) {
      policy.setEverySteps(checkpointEvery);
    }
    if (!checkpointAt.isEmpty()) {
      policy.clearAtSteps().addAllAtSteps(checkpointAt);
    }
    if (resumeEvery != null) {
      policy.setResumeEverySteps(resumeEvery);
    }
  }
}
