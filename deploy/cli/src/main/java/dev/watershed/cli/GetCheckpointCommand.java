package dev.watershed.cli;

import dev.watershed.trainer.v1.GetCheckpointRequest;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** One checkpoint in short. */
@Command(
    name = "get",
    description = "Print one checkpoint as list does, with digest, labels and notices.")
final class GetCheckpointCommand implements Callable<Integer> {
  @Mixin private ServerOptions server;
  @Mixin private OutputOptions output;

  @Parameters(paramLabel = "CHECKPOINT")
  private String name = "";

  GetCheckpointCommand(CommandContext context) {
    this.server = new ServerOptions(context);
    this.output = new OutputOptions(context);
  }

  @Override
  public Integer call() {
    GetCheckpointRequest request =
        GetCheckpointRequest.newBuilder().setName(NameArguments.checkpoint(name)).build();
    CheckpointText.print(
        StoredCheckpoints.lookup(server).getCheckpoint(request).getCheckpoint(), output);
    return ExitCode.OK;
  }
}
