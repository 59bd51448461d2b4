package dev.watershed.trainer.engine;

import dev.watershed.classifier.checkpoint.CheckpointStore;
import dev.watershed.classifier.model.StepResult;
import dev.watershed.classifier.model.TrainingProgram;
import dev.watershed.classifier.model.TrainingState;
import dev.watershed.classifier.text.Tokenizer;
import dev.watershed.server.DiskSpace;
import dev.watershed.server.RefusedException;
import dev.watershed.trainer.v1.RunCheckpoint;
import dev.watershed.trainer.v1.Seeds;
import dev.watershed.trainer.v1.TrainingProgress;
import dev.watershed.trainer.v1.TrainingRunSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * One worker's way through the steps of a run.
 *
 * @param state where it begins; not closed here
 * @param tokenizer that checkpoints are given; null where the start has none
 * @param notices that checkpoints are given
 * @param origin that checkpoints are given, but for their step
 * @param validation null where the spec names no validation split
 * @param progress holds the validation scores of earlier attempts
 */
record Attempt(
    String id,
    TrainingRunSpec spec,
    Seeds seeds,
    @Nullable Tokenizer tokenizer,
    List<String> notices,
    Map<String, String> origin,
    TrainingProgram program,
    TrainingState state,
    TrainingBatches batches,
    @Nullable Validation validation,
    CheckpointStore checkpoints,
    WorkDirectory work,
    DiskSpace disk,
    RunObserver observer,
    TrainingProgress.Builder progress) {

  /** Returns whether all steps are done; false where the observer stopped it. */
  boolean run() throws IOException {
    var stages = Stage.of(spec.getRecipe());
    long totalSteps = stages.getLast().end();
    var throughput = new Throughput(System::nanoTime);
    var checkpointSteps = Set.copyOf(spec.getCheckpoints().getAtStepsList());
    progress
        .setStep(state.step())
        .setTotalSteps(totalSteps)
        .setStage(Stage.after(state.step(), stages).kind());
    if (state.step() == 0 && checkpointSteps.contains(0L) && !writeCheckpoint()) {
      return false;
    }
    while (state.step() < totalSteps) {
      var stage = Stage.after(state.step(), stages);
      var batch = batches.batch(state.step());
      double rate = stage.rate(state.step());
      progress.setStage(stage.kind());
      var result =
          program.step(
              state, batch, stage.settings(), rate, StepSeed.of(seeds.getDataSeed(), state.step()));
      refuseDiverged(result, rate);
      throughput.add(batch.examples().size());
      report(result, rate, throughput.perSecond());
      if (isCheckpoint(checkpointSteps) && !writeCheckpoint()) {
        return false;
      }
      if (isLast()) {
        return true;
      }
      var signal = observer.signal();
      if (signal == RunObserver.Signal.SAVE_AND_STOP || isResumePoint()) {
        observer.saving();
        if (!saveState()) {
          return false;
        }
        observer.saved();
      }
      if (signal != RunObserver.Signal.GO_ON) {
        return false;
      }
    }
    return true;
  }

  private void refuseDiverged(StepResult result, double rate) {
    if (result.taken() && !result.overflowed()) {
      return;
    }
    long step = progress.getStep() + 1;
    throw RefusedException.refused(
        RefusedException.Kind.ABORTED,
        "TRAINING_DIVERGED",
        String.format(
            Locale.ROOT,
            "The run diverged at step %d of %d: loss %s, gradient norm %s, learning rate %s%s. Lower the learning rate, warm up longer or clip the gradient.",
            step,
            progress.getTotalSteps(),
            result.lossNats(),
            result.gradientNorm(),
            rate,
            result.overflowed() ? ", weights beyond what fp32 holds" : ""),
        Map.of("step", Long.toString(step)));
  }

  private void report(StepResult result, double rate, double examplesPerSecond) {
    long left = progress.getTotalSteps() - state.step();
    progress
        .setStep(state.step())
        .setTrainingLossNats(result.lossNats())
        .setGradientNorm(result.gradientNorm())
        .setLearningRate(rate)
        .setExamplesPerSecond(examplesPerSecond)
        .setRemainingSeconds(
            examplesPerSecond > 0 ? left * spec.getRecipe().getBatchSize() / examplesPerSecond : 0);
    observer.progressed(progress.build());
  }

  private boolean isLast() {
    return state.step() == progress.getTotalSteps();
  }

  private boolean isCheckpoint(Set<Long> atSteps) {
    long every = spec.getCheckpoints().getEverySteps();
    return isLast() || atSteps.contains(state.step()) || (every > 0 && state.step() % every == 0);
  }

  private boolean isResumePoint() {
    return state.step() % spec.getCheckpoints().getResumeEverySteps() == 0;
  }

  /** Returns false where the observer stopped the run while it waited for room. */
  private boolean saveState() throws IOException {
    // Weights and both moments, beside those of the last time.
    return disk.write(
        "The state of run " + id + " at step " + state.step(),
        work.path(),
        3 * weightBytes(),
        this::isStopped,
        () -> state.save(work.stateFile()));
  }

  private boolean isStopped() {
    return observer.signal() != RunObserver.Signal.GO_ON;
  }

  private long weightBytes() {
    return Float.BYTES * state.weights().layout().size();
  }

  /** Returns false where the observer stopped the run while it waited for room, or the store. */
  private boolean writeCheckpoint() throws IOException {
    String checkpoint = id + "-step-" + state.step();
    String what = "Checkpoint " + checkpoint;
    boolean written =
        StoreWait.run(
            what,
            StoreWait.RETRY,
            this::isStopped,
            () ->
                disk.write(
                    what,
                    checkpoints.place(),
                    weightBytes(),
                    this::isStopped,
                    () -> putCheckpoint(checkpoint)));
    if (!written) {
      return false;
    }
    var told =
        RunCheckpoint.newBuilder().setCheckpoint("checkpoints/" + checkpoint).setStep(state.step());
    if (validation != null) {
      told.setValidation(validation.score(state.weights()));
    }
    observer.checkpointed(told.build(), progress.build());
    return true;
  }

  private void putCheckpoint(String checkpoint) throws IOException {
    var tokenizerDirectory = work.fresh("tokenizer");
    if (tokenizer != null) {
      tokenizer.copyTo(
          tokenizerDirectory, state.weights().layout().architecture().encoder().maxTokens());
    }
    var facts = new TreeMap<>(origin);
    facts.put("step", Long.toString(state.step()));
    checkpoints.write(
        checkpoint,
        "trainingRuns/" + id,
        state.step(),
        state.weights(),
        filesIn(tokenizerDirectory),
        notices,
        facts);
    WorkDirectory.delete(tokenizerDirectory);
  }

  private static List<Path> filesIn(Path directory) throws IOException {
    try (var files = Files.list(directory)) {
      return files.sorted().toList();
    }
  }
}
