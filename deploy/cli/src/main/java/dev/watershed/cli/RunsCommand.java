package dev.watershed.cli;

import dev.watershed.cli.terminal.ProgressBoard;
import dev.watershed.cli.terminal.TextTable;
import dev.watershed.client.AllPages;
import dev.watershed.input.Quoted;
import dev.watershed.input.ResourceName;
import dev.watershed.trainer.v1.CancelTrainingRunRequest;
import dev.watershed.trainer.v1.DeleteTrainingRunRequest;
import dev.watershed.trainer.v1.GetTrainingRunRequest;
import dev.watershed.trainer.v1.ListTrainingRunsRequest;
import dev.watershed.trainer.v1.ListTrainingRunsResponse;
import dev.watershed.trainer.v1.RunCheckpoint;
import dev.watershed.trainer.v1.TrainingRun;
import dev.watershed.trainer.v1.TrainingRunState;
import dev.watershed.trainer.v1.TrainingRunView;
import dev.watershed.trainer.v1.TrainingServiceGrpc;
import dev.watershed.trainer.v1.WatchTrainingRunResponse;
import dev.watershed.type.v1.SplitDescription;
import io.grpc.Channel;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Looks at training runs, follows, stops and deletes them. */
@Command(
    name = "runs",
    description = "List, show, follow, cancel and delete training runs.",
    footer = {
      "",
      "Examples:",
      "  watershed runs list --state running --state queued",
      "  watershed runs watch                     (everything that has not ended)",
      "  watershed runs watch --name mnli         (all runs of a sweep)",
      "  watershed runs show RUN                  (with the curve of its training loss)",
      "  watershed runs show RUN --csv > curve.csv",
      "  watershed runs get RUN --json",
      "  watershed runs cancel RUN",
      "  watershed runs cancel --name mnli        (what of a sweep has not ended)",
      "  watershed runs delete RUN --force        (with its checkpoints)"
    })
final class RunsCommand {
  /** The states by the words that people type. */
  enum State {
    QUEUED,
    RUNNING,
    SUCCEEDED,
    FAILED,
    CANCELLED
  }

  @Command(description = "List runs, oldest first.")
  int list(
      @Mixin ServerOptions server,
      @Mixin OutputOptions output,
      @Option(
              names = "--state",
              description = "Only runs in this state: ${COMPLETION-CANDIDATES}. Repeatable.")
          List<State> states,
      @Option(names = "--name", description = "Only runs of this name for people.") String name) {
    ListTrainingRunsRequest.Builder request = ListTrainingRunsRequest.newBuilder();
    if (states != null) {
      states.forEach(
          state ->
              request.addStates(TrainingRunState.valueOf("TRAINING_RUN_STATE_" + state.name())));
    }
    if (name != null) {
      request.setDisplayName(name);
    }
    if (output.json) {
      request.setView(TrainingRunView.TRAINING_RUN_VIEW_FULL);
    }
    List<TrainingRun> runs = all(server.channel(), request);
    if (output.json) {
      output.message(ListTrainingRunsResponse.newBuilder().addAllTrainingRuns(runs));
    } else {
      output.table(table(runs));
    }
    return ExitCode.OK;
  }

  @Command(
      aliases = "show",
      description =
          "Show one run: its state, the curve of its training loss, the rows it was trained on, and"
              + " its recipe in full with what was overridden. As a table (--csv): only the curve,"
              + " training loss and learning rate of each step that was kept, and validation scores"
              + " where there are such.")
  int get(
      @Mixin ServerOptions server,
      @Mixin OutputOptions output,
      @Mixin TableOptions table,
      @Parameters(paramLabel = "RUN") String name) {
    table.requireAlone(output);
    GetTrainingRunRequest request =
        GetTrainingRunRequest.newBuilder().setName(NameArguments.trainingRun(name)).build();
    TrainingRun run = stub(server).getTrainingRun(request).getTrainingRun();
    if (table.wanted()) {
      RunCurve.table(run).forEach(row -> output.line(table.row(row)));
    } else {
      show(run, output);
    }
    return ExitCode.OK;
  }

  @Command(
      description = {
        "Follow runs to their end: those named, all of a sweep (--name), or all that have not ended."
            + " Ctrl-C detaches.",
        "With --json every change is one line."
      })
  int watch(
      @Mixin ServerOptions server,
      @Mixin OutputOptions output,
      @Parameters(paramLabel = "RUN", arity = "0..*") List<String> names,
      @Option(names = "--name", description = "All runs of this name for people.")
          String sweepName) {
    if (names != null && sweepName != null) {
      throw CommandException.badInput("give either runs or --name, not both");
    }
    List<TrainingRun> runs =
        sweepName != null
            ? sweep(server, sweepName)
            : watched(server, names == null ? List.of() : names);
    List<TrainingRun> ended;
    try (ProgressBoard board = new ProgressBoard(output.terminal());
        Interrupt interrupt =
            new Interrupt(
                output.terminal(),
                "Detached; the runs go on. Stop one with 'watershed runs cancel NAME'.",
                () -> {})) {
      RunFollower follower =
          new RunFollower(
              server.channel(),
              board,
              run -> {
                if (output.json) {
                  output.streamed(WatchTrainingRunResponse.newBuilder().setTrainingRun(run));
                }
              });
      ended = follower.follow(runs);
    }
    if (!output.json) {
      output.table(table(ended));
    }
    return exitCode(ended);
  }

  @Command(
      description = {
        "Ask runs to stop after their current step: those named, or all of a sweep (--name) that have"
            + " not ended.",
        "Asked for again with 'watershed train', a cancelled run goes on from where it was stopped."
      })
  int cancel(
      @Mixin ServerOptions server,
      @Mixin OutputOptions output,
      @Parameters(paramLabel = "RUN", arity = "0..*") List<String> names,
      @Option(names = "--name", description = "All runs of this name for people.")
          String sweepName) {
    if ((names == null || names.isEmpty()) == (sweepName == null)) {
      throw CommandException.badInput("give either runs or --name");
    }
    List<String> chosen =
        sweepName == null
            ? names
            : sweep(server, sweepName).stream()
                .filter(run -> !RunFollower.ended(run.getState()))
                .map(TrainingRun::getName)
                .toList();
    List<TrainingRun> runs = new ArrayList<>();
    for (String name : chosen) {
      CancelTrainingRunRequest request =
          CancelTrainingRunRequest.newBuilder().setName(NameArguments.trainingRun(name)).build();
      runs.add(stub(server).cancelTrainingRun(request).getTrainingRun());
    }
    if (output.json) {
      output.message(ListTrainingRunsResponse.newBuilder().addAllTrainingRuns(runs));
    } else {
      output.table(table(runs));
    }
    return ExitCode.OK;
  }

  @Command(
      description = {
        "Delete runs that have ended: those named, or all of a sweep (--name). What is refused does not"
            + " keep the others from it.",
        "A run that has checkpoints is deleted once they are (watershed checkpoints delete), or with"
            + " --force. There is no way back."
      })
  int delete(
      @Mixin ServerOptions server,
      @Mixin OutputOptions output,
      @Parameters(paramLabel = "RUN", arity = "0..*") List<String> names,
      @Option(names = "--name", description = "All runs of this name for people.") String sweepName,
      @Option(
              names = "--force",
              description =
                  "Delete their checkpoints too; cancel those that have not ended, and wait until they"
                      + " have stopped.")
          boolean force) {
    if ((names == null || names.isEmpty()) == (sweepName == null)) {
      throw CommandException.badInput("give either runs or --name");
    }
    List<String> chosen =
        sweepName == null
            ? names.stream().map(NameArguments::trainingRun).distinct().toList()
            : sweep(server, sweepName).stream().map(TrainingRun::getName).toList();
    return DeleteSeries.run(
        chosen,
        name ->
            // A run that is trained is waited for: no deadline.
            TrainingServiceGrpc.newBlockingStub(server.channel())
                .deleteTrainingRun(
                    DeleteTrainingRunRequest.newBuilder().setName(name).setForce(force).build())
                .getDeletedCheckpointsList(),
        output);
  }

  private static List<TrainingRun> sweep(ServerOptions server, String name) {
    List<TrainingRun> runs =
        all(server.channel(), ListTrainingRunsRequest.newBuilder().setDisplayName(name));
    if (runs.isEmpty()) {
      throw CommandException.badInput(
          "there is no run with the name '" + name + "'; see 'watershed runs list'");
    }
    return runs;
  }

  private static List<TrainingRun> watched(ServerOptions server, List<String> names) {
    if (names.isEmpty()) {
      return all(
          server.channel(),
          ListTrainingRunsRequest.newBuilder()
              .addStates(TrainingRunState.TRAINING_RUN_STATE_QUEUED)
              .addStates(TrainingRunState.TRAINING_RUN_STATE_RUNNING));
    }
    List<TrainingRun> runs = new ArrayList<>();
    for (String name : names) {
      GetTrainingRunRequest request =
          GetTrainingRunRequest.newBuilder().setName(NameArguments.trainingRun(name)).build();
      runs.add(stub(server).getTrainingRun(request).getTrainingRun());
    }
    return runs;
  }

  /** Every run that the request asks for, over as many pages as it takes. */
  static List<TrainingRun> all(Channel channel, ListTrainingRunsRequest.Builder request) {
    return AllPages.of(
        token ->
            TrainingServiceGrpc.newBlockingStub(channel)
                .withDeadlineAfter(ServerOptions.LOOKUP_SECONDS, TimeUnit.SECONDS)
                .listTrainingRuns(request.setPageSize(1000).setPageToken(token).build()),
        ListTrainingRunsResponse::getTrainingRunsList,
        ListTrainingRunsResponse::getNextPageToken);
  }

  private static TrainingServiceGrpc.TrainingServiceBlockingStub stub(ServerOptions server) {
    return TrainingServiceGrpc.newBlockingStub(server.channel())
        .withDeadlineAfter(ServerOptions.LOOKUP_SECONDS, TimeUnit.SECONDS);
  }

  private static void show(TrainingRun run, OutputOptions output) {
    if (output.json) {
      output.message(run);
      return;
    }
    output.table(table(List.of(run)));
    for (RunCheckpoint written : run.getCheckpointsList()) {
      if (!written.hasValidation()) {
        continue;
      }
      var score = written.getValidation();
      output.line(
          String.format(
              Locale.ROOT,
              "step %d: validation loss %.4f nats, accuracy %.4f, F1%s %.4f (%d examples)",
              written.getStep(),
              score.getMeanLossNats(),
              score.getAccuracy(),
              score.getPositiveLabel().isEmpty()
                  ? ""
                  : " of '" + Quoted.of(score.getPositiveLabel()) + "'",
              score.getF1(),
              score.getExampleCount()));
    }
    if (run.getCurveCount() > 0) {
      output.line("");
      RunCurve.plot(run).forEach(output::line);
      output.line("");
    }
    notices(List.of(run)).forEach(notice -> output.line("notice: " + notice));
    run.getCheckpointsList().forEach(written -> output.line(written.getCheckpoint()));
    if (run.getSplitsCount() > 0) {
      output.line("");
      output.table(splits(run.getSplitsList()));
    }
    output.line("");
    RecipeText.lines(run.getSpec().getRecipe(), run.getSpec().getCheckpoints())
        .forEach(output::line);
    if (run.hasError()) {
      output.line("");
      ErrorReport.lines(run.getError()).forEach(output::line);
    }
  }

  /** What was noticed about the start and the rows of any of the runs, once. */
  static List<String> notices(List<TrainingRun> runs) {
    Set<String> notices = new LinkedHashSet<>();
    for (TrainingRun run : runs) {
      run.getNoticesList().forEach(notice -> notices.add(FieldWords.inText(notice)));
      for (SplitDescription split : run.getSplitsList()) {
        split.getNoticesList().forEach(notice -> notices.add(split.getName() + ": " + notice));
      }
    }
    return List.copyOf(notices);
  }

  private static TextTable splits(List<SplitDescription> splits) {
    TextTable table = new TextTable("split", "rows", "labels", "file", "digest");
    for (SplitDescription split : splits) {
      table.row(
          split.getName(),
          String.valueOf(split.getRowCount()),
          split.getLabelsCount() == 0
              ? "-"
              : split.getLabelsList().stream()
                  .map(label -> label.getLabel() + " " + label.getRowCount())
                  .collect(Collectors.joining(", ")),
          split.getFile().isEmpty() ? "built-in" : split.getFile(),
          split.getDigest().getSha256());
    }
    return table;
  }

  /** One line for each run. */
  static TextTable table(List<TrainingRun> runs) {
    TextTable table =
        new TextTable("run", "name", "seed", "state", "step", "of", "loss", "checkpoint");
    for (TrainingRun run : runs) {
      int checkpoints = run.getCheckpointsCount();
      table.row(
          ResourceName.id(run.getName()),
          run.getSpec().getDisplayName(),
          RunFollower.seeds(run),
          RunFollower.word(run.getState()),
          String.valueOf(run.getProgress().getStep()),
          String.valueOf(run.getProgress().getTotalSteps()),
          run.getProgress().getStep() == 0
              ? "-"
              : String.format(Locale.ROOT, "%.4f", run.getProgress().getTrainingLossNats()),
          checkpoints == 0
              ? "-"
              : ResourceName.id(run.getCheckpoints(checkpoints - 1).getCheckpoint()));
    }
    return table;
  }

  /** Failed if any failed, else cancelled if any was cancelled. */
  static int exitCode(List<TrainingRun> ended) {
    if (ended.stream()
        .anyMatch(run -> run.getState() == TrainingRunState.TRAINING_RUN_STATE_FAILED)) {
      return ExitCode.FAILED;
    }
    return ended.stream()
            .anyMatch(run -> run.getState() == TrainingRunState.TRAINING_RUN_STATE_CANCELLED)
        ? ExitCode.CANCELLED
        : ExitCode.OK;
  }
}
