package dev.watershed.cli;

import dev.watershed.cli.terminal.Durations;
import dev.watershed.cli.terminal.ProgressBoard;
import dev.watershed.client.Reattach;
import dev.watershed.input.ResourceName;
import dev.watershed.trainer.v1.Seeds;
import dev.watershed.trainer.v1.TrainingProgress;
import dev.watershed.trainer.v1.TrainingRun;
import dev.watershed.trainer.v1.TrainingRunState;
import dev.watershed.trainer.v1.TrainingServiceGrpc;
import dev.watershed.trainer.v1.WatchTrainingRunRequest;
import dev.watershed.trainer.v1.WatchTrainingRunResponse;
import io.grpc.Channel;
import io.grpc.StatusRuntimeException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;

/** Follows training runs until all have ended, with a bar for each. */
public final class RunFollower {
  /** Runs compute in the order of the queue, so the later ones can wait for a stream. */
  private static final int MAXIMUM_STREAMS = 32;

  private final TrainingServiceGrpc.TrainingServiceBlockingStub trainer;
  private final ProgressBoard board;
  private final Consumer<TrainingRun> show;
  private final Absence absence;

  /**
   * @param channel to the trainer
   * @param board shows a bar for each run
   * @param show sees every message; called from several threads, one call at a time
   */
  public RunFollower(Channel channel, ProgressBoard board, Consumer<TrainingRun> show) {
    this.trainer = TrainingServiceGrpc.newBlockingStub(channel);
    this.board = board;
    this.show = show;
    this.absence = new Absence(board::say);
  }

  /** Returns the ended runs in the order of the names. */
  public List<TrainingRun> follow(List<TrainingRun> runs) {
    runs.forEach(run -> board.update(run.getName(), row(run)));
    Semaphore streams = new Semaphore(MAXIMUM_STREAMS, true);
    List<Future<TrainingRun>> ends = new ArrayList<>();
    ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    try {
      for (TrainingRun run : runs) {
        ends.add(threads.submit(() -> follow(run.getName(), streams)));
      }
      List<TrainingRun> ended = new ArrayList<>();
      for (Future<TrainingRun> end : ends) {
        ended.add(end.get());
      }
      return ended;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof StatusRuntimeException status) {
        throw status;
      }
      throw new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CommandException(ExitCode.CANCELLED, "interrupted while following runs");
    } finally {
      threads.shutdownNow();
    }
  }

  private TrainingRun follow(String name, Semaphore streams) throws InterruptedException {
    streams.acquire();
    try {
      WatchTrainingRunRequest request = WatchTrainingRunRequest.newBuilder().setName(name).build();
      return Reattach.untilEnded(
              absence,
              true, // it told us of the run
              () -> trainer.watchTrainingRun(request),
              response -> ended(response.getTrainingRun().getState()),
              this::show)
          .getTrainingRun();
    } finally {
      streams.release();
    }
  }

  private synchronized void show(WatchTrainingRunResponse response) {
    board.update(response.getTrainingRun().getName(), row(response.getTrainingRun()));
    show.accept(response.getTrainingRun());
  }

  /** Whether a run in this state changes no more. */
  public static boolean ended(TrainingRunState state) {
    return state == TrainingRunState.TRAINING_RUN_STATE_SUCCEEDED
        || state == TrainingRunState.TRAINING_RUN_STATE_FAILED
        || state == TrainingRunState.TRAINING_RUN_STATE_CANCELLED;
  }

  /** "succeeded", "running" and so on. */
  public static String word(TrainingRunState state) {
    return state.name().replace("TRAINING_RUN_STATE_", "").toLowerCase(Locale.ROOT);
  }

  /** What a person calls a run: its display name, or its id, and its seeds. */
  public static String label(TrainingRun run) {
    String name = run.getSpec().getDisplayName();
    return (name.isEmpty() ? ResourceName.id(run.getName()) : name) + " seed " + seeds(run);
  }

  /** "3", or "3/7" where the head's and the data's seeds differ. */
  public static String seeds(TrainingRun run) {
    Seeds seeds = run.getSeeds();
    return seeds.getHeadSeed() == seeds.getDataSeed()
        ? String.valueOf(seeds.getHeadSeed())
        : seeds.getHeadSeed() + "/" + seeds.getDataSeed();
  }

  /** " 7.3 s left"; nothing while that is unknown. */
  public static String left(double seconds) {
    return seconds > 0 ? "  " + Durations.text(seconds) + " left" : "";
  }

  private static ProgressBoard.Row row(TrainingRun run) {
    TrainingProgress progress = run.getProgress();
    String detail = "";
    if (run.hasError()) {
      detail = run.getError().getMessage();
    } else if (progress.getStep() > 0) {
      detail = String.format(Locale.ROOT, "loss %.4f", progress.getTrainingLossNats());
      if (!ended(run.getState())) {
        detail +=
            String.format(Locale.ROOT, "  %.0f examples/s", progress.getExamplesPerSecond())
                + left(progress.getRemainingSeconds());
      }
    }
    return new ProgressBoard.Row(
        label(run),
        word(run.getState()),
        progress.getStep(),
        progress.getTotalSteps(),
        detail,
        ended(run.getState()));
  }
}
