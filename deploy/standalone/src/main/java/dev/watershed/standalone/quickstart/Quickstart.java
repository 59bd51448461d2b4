package dev.watershed.standalone.quickstart;

import dev.watershed.analysis.v1.CreateStudyRequest;
import dev.watershed.analysis.v1.Study;
import dev.watershed.analysis.v1.StudyReport;
import dev.watershed.analysis.v1.StudyServiceGrpc;
import dev.watershed.analysis.v1.StudyState;
import dev.watershed.cli.CommandException;
import dev.watershed.cli.ExitCode;
import dev.watershed.cli.RunFollower;
import dev.watershed.cli.StudyExport;
import dev.watershed.cli.StudyFollower;
import dev.watershed.cli.WholeReport;
import dev.watershed.cli.terminal.ProgressBoard;
import dev.watershed.cli.terminal.Terminal;
import dev.watershed.standalone.process.ProcessMemory;
import dev.watershed.trainer.v1.TrainingRun;
import dev.watershed.trainer.v1.TrainingRunState;
import dev.watershed.trainer.v1.TrainingServiceGrpc;
import io.grpc.Channel;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Seeds, curves, basins: the whole of Watershed on the miniature task, through gRPC. */
public final class Quickstart {
  private final Channel channel;
  private final Terminal terminal;
  private final Path out;
  private final Map<String, Double> seconds = new LinkedHashMap<>();
  private long lastMillis;

  /**
   * @param channel to a server with the three services
   * @param terminal shows progress
   * @param out where the report goes
   * @param startMillis when the command began, for the split of the time
   */
  public Quickstart(Channel channel, Terminal terminal, Path out, long startMillis) {
    this.channel = channel;
    this.terminal = terminal;
    this.out = out;
    this.lastMillis = startMillis;
    lap("start");
  }

  /** What was found, and the report that says it at length. */
  public record Outcome(QuickstartResult result, StudyReport report) {}

  /**
   * Fine-tunes, studies and writes the report.
   *
   * @param seedCount fine-tunes
   * @param steps optimiser steps of each
   */
  public Outcome run(int seedCount, int steps) {
    List<TrainingRun> runs = train(seedCount, steps);
    lap("training");
    StudyReport report = study(runs);
    lap("study");
    StudyExport.write(channel, report.getStudy(), out);
    lap("report");
    return new Outcome(
        QuickstartResult.of(
            report, out.toString(), Map.copyOf(seconds), ProcessMemory.peakResidentBytes()),
        report);
  }

  private List<TrainingRun> train(int seedCount, int steps) {
    List<TrainingRun> created =
        TrainingServiceGrpc.newBlockingStub(channel)
            .batchCreateTrainingRuns(MiniatureExperiment.training(seedCount, steps))
            .getTrainingRunsList();
    try (ProgressBoard board = new ProgressBoard(terminal)) {
      List<TrainingRun> ended = new RunFollower(channel, board, run -> {}).follow(created);
      for (TrainingRun run : ended) {
        if (run.getState() != TrainingRunState.TRAINING_RUN_STATE_SUCCEEDED) {
          throw new CommandException(
              ExitCode.FAILED, run.getName() + " did not succeed: " + run.getError().getMessage());
        }
      }
      return ended;
    }
  }

  private StudyReport study(List<TrainingRun> runs) {
    StudyServiceGrpc.StudyServiceBlockingStub studies = StudyServiceGrpc.newBlockingStub(channel);
    String name =
        studies
            .createStudy(
                CreateStudyRequest.newBuilder().setSpec(MiniatureExperiment.study(runs)).build())
            .getStudy()
            .getName();
    try (ProgressBoard board = new ProgressBoard(terminal)) {
      Study ended = StudyFollower.follow(channel, name, board, study -> {});
      if (ended.getState() != StudyState.STUDY_STATE_SUCCEEDED) {
        throw new CommandException(
            ExitCode.FAILED, name + " did not succeed: " + ended.getError().getMessage());
      }
    }
    return WholeReport.of(channel, name);
  }

  private void lap(String part) {
    long now = System.currentTimeMillis();
    seconds.put(part, (now - lastMillis) / 1000.0);
    lastMillis = now;
  }
}
