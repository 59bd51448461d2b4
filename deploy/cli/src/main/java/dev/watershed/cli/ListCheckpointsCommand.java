package dev.watershed.cli;

import dev.watershed.trainer.v1.Checkpoint;
import dev.watershed.trainer.v1.CheckpointView;
import dev.watershed.trainer.v1.ListCheckpointsResponse;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What there is. */
@Command(name = "list", description = "List checkpoints, oldest first.")
final class ListCheckpointsCommand implements Callable<Integer> {
  @Mixin private ServerOptions server;
  @Mixin private OutputOptions output;

  @Option(names = "--run", description = "Only those that this training run made.")
  private @Nullable String run;

  ListCheckpointsCommand(CommandContext context) {
    this.server = new ServerOptions(context);
    this.output = new OutputOptions(context);
  }

  @Override
  public Integer call() {
    List<Checkpoint> checkpoints =
        StoredCheckpoints.all(
            server,
            run == null ? "" : NameArguments.trainingRun(run),
            output.json
                ? CheckpointView.CHECKPOINT_VIEW_FULL
                : CheckpointView.CHECKPOINT_VIEW_BASIC);
    if (output.json) {
      output.message(ListCheckpointsResponse.newBuilder().addAllCheckpoints(checkpoints));
    } else {
      output.table(CheckpointText.table(checkpoints));
    }
    return ExitCode.OK;
  }
}
