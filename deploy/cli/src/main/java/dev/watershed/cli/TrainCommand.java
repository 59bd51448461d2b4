package dev.watershed.cli;

import dev.watershed.cli.terminal.ProgressBoard;
import dev.watershed.trainer.v1.BatchCreateTrainingRunsRequest;
import dev.watershed.trainer.v1.BatchCreateTrainingRunsResponse;
import dev.watershed.trainer.v1.TrainingRun;
import dev.watershed.trainer.v1.TrainingRunSpec;
import dev.watershed.trainer.v1.TrainingServiceGrpc;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Queues training runs, one for each seed. */
@Command(
    name = "train",
    customSynopsis = {
      "watershed train --initial CHECKPOINT --train DATA --seeds 1..8 --recipe NAME [OPTIONS]",
      "   or: watershed train --initial CHECKPOINT --train DATA --seeds 1..8 --lr RATE --epochs N"
          + " [OPTIONS]"
    },
    description = {
      "Queue training runs, one for each seed; follow them with --wait.",
      "",
      "Examples:",
      "  watershed train --recipe paper-mnli --initial bert-base-uncased --train task:mnli/train"
          + " \\",
      "      --seeds 1..8 --name mnli --accumulate 4      ('watershed recipes' lists recipes)",
      "  watershed train --initial miniature-pretrained --train builtin:miniature/train \\",
      "      --validation builtin:miniature/validation --steps 600 --lr 5e-4 --dropout 0 \\",
      "      --seeds 1..8 --name miniature --wait",
      "  watershed train --random bert --tokenizer file:vocab.txt --init-seed 1 --objective mlm \\",
      "      --train file:sentences.tsv,text=3 --epochs 1 --lr 1e-3 --seeds 1",
      "  watershed train --spec run.json --seeds 1..8 --lr 2e-5      (options override the spec)",
      "",
      "Asked for again, a sweep is completed: runs of the same spec, weights and rows that are"
          + " queued, running or have succeeded are not repeated. --again repeats them."
    },
    footer = {"", "DATA is " + DataArgument.SPLIT_SYNTAX + "."})
final class TrainCommand implements Callable<Integer> {
  @Mixin private ServerOptions server;
  @Mixin private OutputOptions output;
  @Mixin private RunSpecOptions spec;
  @Mixin private SeedOptions seeds = new SeedOptions();

  @Option(
      names = "--request-id",
      paramLabel = "ID",
      description = "Makes it safe to repeat the command.")
  private String requestId = "";

  @Option(
      names = "--again",
      description = "Make new runs also where there are such with the same result.")
  private boolean again;

  @Option(names = "--wait", description = "Follow the runs to their end. Ctrl-C detaches.")
  private boolean wait;

  private final CommandContext context;

  TrainCommand(CommandContext context) {
    this.context = context;
    this.server = new ServerOptions(context);
    this.output = new OutputOptions(context);
    this.spec = new RunSpecOptions(context);
  }

  @Override
  public Integer call() {
    BatchCreateTrainingRunsRequest request = request();
    BatchCreateTrainingRunsResponse created =
        TrainingServiceGrpc.newBlockingStub(server.channel())
            .withDeadlineAfter(ServerOptions.LOOKUP_SECONDS, TimeUnit.SECONDS)
            .batchCreateTrainingRuns(request);
    if (created.getReusedCount() > 0) {
      output.remark(
          String.format(
              Locale.ROOT,
              "%d of %d runs exist already; --again makes new ones.",
              created.getReusedCount(),
              created.getTrainingRunsCount()));
    }
    RunsCommand.notices(created.getTrainingRunsList())
        .forEach(notice -> output.remark("notice: " + notice));
    List<TrainingRun> runs = created.getTrainingRunsList();
    if (wait) {
      return follow(runs);
    }
    if (output.json) {
      output.message(created);
    } else {
      output.table(RunsCommand.table(runs));
      if (runs.stream().anyMatch(run -> !RunFollower.ended(run.getState()))) {
        output.remark("Follow them with 'watershed runs watch'.");
      }
    }
    return ExitCode.OK;
  }

  private BatchCreateTrainingRunsRequest request() {
    TrainingRunSpec wanted = spec.spec(server.tasks()).build();
    return BatchCreateTrainingRunsRequest.newBuilder()
        .setRequestId(requestId)
        .setReuseExisting(!again)
        .setSpec(wanted)
        .addAllSeeds(seeds.ofRuns(wanted.getRecipe().getBasedOn(), server, output))
        .build();
  }

  private int follow(List<TrainingRun> runs) {
    List<TrainingRun> ended;
    try (ProgressBoard board = new ProgressBoard(context.terminal());
        Interrupt interrupt =
            new Interrupt(
                context.terminal(),
                "Detached; the runs go on. Follow them with 'watershed runs watch', stop one with"
                    + " 'watershed runs cancel NAME'.",
                () -> {})) {
      ended = new RunFollower(server.channel(), board, run -> {}).follow(runs);
    }
    if (output.json) {
      output.message(BatchCreateTrainingRunsResponse.newBuilder().addAllTrainingRuns(ended));
    } else {
      output.table(RunsCommand.table(ended));
    }
    return RunsCommand.exitCode(ended);
  }
}
