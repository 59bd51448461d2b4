package dev.watershed.cli;

import dev.watershed.trainer.v1.CheckpointServiceGrpc;
import dev.watershed.trainer.v1.DeleteCheckpointRequest;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Takes checkpoints away. */
@Command(
    name = "delete",
    description =
        "Delete checkpoints. One that a run begins with which has not ended is refused; studies are"
            + " no hindrance. What is refused does not keep the others from it. There is no way"
            + " back.")
final class DeleteCheckpointsCommand implements Callable<Integer> {
  @Mixin private ServerOptions server;
  @Mixin private OutputOptions output;

  @Parameters(paramLabel = "CHECKPOINT", arity = "1..*")
  private List<String> names = List.of();

  DeleteCheckpointsCommand(CommandContext context) {
    this.server = new ServerOptions(context);
    this.output = new OutputOptions(context);
  }

  @Override
  public Integer call() {
    return DeleteSeries.run(
        names.stream().map(NameArguments::checkpoint).distinct().toList(),
        name -> {
          // Large files may take their time: no deadline.
          var unused =
              CheckpointServiceGrpc.newBlockingStub(server.channel())
                  .deleteCheckpoint(DeleteCheckpointRequest.newBuilder().setName(name).build());
          return List.of();
        },
        output);
  }
}
