package dev.watershed.cli;

import dev.watershed.cli.terminal.ProgressBoard;
import dev.watershed.trainer.v1.CheckpointServiceGrpc;
import dev.watershed.trainer.v1.DownloadCheckpointRequest;
import dev.watershed.trainer.v1.DownloadCheckpointResponse;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Takes a checkpoint out. */
@Command(name = "download", description = "Write the files of a checkpoint to a directory.")
final class DownloadCheckpointCommand implements Callable<Integer> {
  @Mixin private ServerOptions server;
  @Mixin private OutputOptions output;

  @Parameters(paramLabel = "CHECKPOINT")
  private String name = "";

  @Option(
      names = "--out",
      paramLabel = "DIR",
      required = true,
      description = "A directory that is empty or does not exist yet.")
  private Path out = Path.of("");

  private final CommandContext context;

  DownloadCheckpointCommand(CommandContext context) {
    this.context = context;
    this.server = new ServerOptions(context);
    this.output = new OutputOptions(context);
  }

  @Override
  public Integer call() {
    DownloadCheckpointRequest request =
        DownloadCheckpointRequest.newBuilder().setName(NameArguments.checkpoint(name)).build();
    Iterator<DownloadCheckpointResponse> parts =
        CheckpointServiceGrpc.newBlockingStub(server.channel()).downloadCheckpoint(request);
    List<Path> files;
    try (ProgressBoard board = new ProgressBoard(output.terminal());
        ReceivedFiles received = ReceivedFiles.intoEmpty(context.workingDirectory().resolve(out))) {
      while (parts.hasNext()) {
        DownloadCheckpointResponse part = parts.next();
        received.add(
            part.getFileName(), part.getContent(), part.getOffsetBytes(), part.getFileSizeBytes());
        long done = part.getOffsetBytes() + part.getContent().size();
        boolean ended = done == part.getFileSizeBytes();
        board.update(
            part.getFileName(),
            new ProgressBoard.Row(
                part.getFileName(),
                ended ? "done" : "downloading",
                done,
                part.getFileSizeBytes(),
                "",
                ended));
      }
      files = received.complete();
    }
    for (Path file : files) {
      if (output.json) {
        output.line("{\"file\":" + Json.quoted(file.toString()) + "}");
      } else {
        output.line(file.toString());
      }
    }
    return ExitCode.OK;
  }
}
