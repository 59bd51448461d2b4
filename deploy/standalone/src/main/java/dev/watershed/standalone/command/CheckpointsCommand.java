package dev.watershed.standalone.command;

import com.google.protobuf.util.Timestamps;
import dev.watershed.standalone.terminal.ProgressBoard;
import dev.watershed.standalone.terminal.TextTable;
import dev.watershed.trainer.v1.Checkpoint;
import dev.watershed.trainer.v1.CheckpointServiceGrpc;
import dev.watershed.trainer.v1.DownloadCheckpointRequest;
import dev.watershed.trainer.v1.DownloadCheckpointResponse;
import dev.watershed.trainer.v1.GetCheckpointRequest;
import dev.watershed.trainer.v1.ListCheckpointsRequest;
import dev.watershed.trainer.v1.ListCheckpointsResponse;
import dev.watershed.trainer.v1.RegisterCheckpointRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Looks at checkpoints, brings them in and takes them out. */
@Command(
    name = "checkpoints",
    description = "List, show, register and download checkpoints.",
    footer = {
      "",
      "Examples:",
      "  watershed checkpoints list",
      "  watershed checkpoints register models/bert-base-uncased bert-base-uncased",
      "  watershed checkpoints download miniature-pretrained --out miniature-pretrained"
    })
final class CheckpointsCommand {
  private final Surroundings surroundings;

  CheckpointsCommand(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  @Command(description = "List checkpoints, oldest first.")
  int list(
      @Mixin ServerOptions server,
      @Mixin OutputOptions output,
      @Option(names = "--run", description = "Only those that this training run made.")
          String run) {
    ListCheckpointsRequest.Builder request = ListCheckpointsRequest.newBuilder().setPageSize(1000);
    if (run != null) {
      request.setTrainingRun(Names.trainingRun(run));
    }
    List<Checkpoint> checkpoints = new ArrayList<>();
    ListCheckpointsResponse page;
    do {
      page = lookup(server).listCheckpoints(request.build());
      checkpoints.addAll(page.getCheckpointsList());
      request.setPageToken(page.getNextPageToken());
    } while (!page.getNextPageToken().isEmpty());
    if (output.json) {
      output.message(ListCheckpointsResponse.newBuilder().addAllCheckpoints(checkpoints));
    } else {
      output.table(table(checkpoints));
    }
    return ExitCode.OK;
  }

  @Command(description = "Show one checkpoint.")
  int get(
      @Mixin ServerOptions server,
      @Mixin OutputOptions output,
      @Parameters(paramLabel = "CHECKPOINT") String name) {
    GetCheckpointRequest request =
        GetCheckpointRequest.newBuilder().setName(Names.checkpoint(name)).build();
    show(lookup(server).getCheckpoint(request).getCheckpoint(), output);
    return ExitCode.OK;
  }

  @Command(
      description =
          "Copy a Hugging Face directory (config.json, model.safetensors, vocabulary) that lies "
              + "below a data root of the server into its store.")
  int register(
      @Mixin ServerOptions server,
      @Mixin OutputOptions output,
      @Parameters(paramLabel = "DIRECTORY") String directory,
      @Parameters(paramLabel = "ID") String id) {
    Path here = surroundings.workingDirectory().resolve(directory);
    String uri = Files.isDirectory(here) ? here.toAbsolutePath().normalize().toString() : directory;
    RegisterCheckpointRequest request =
        RegisterCheckpointRequest.newBuilder().setUri(uri).setCheckpointId(id).build();
    // Reading every weight of a large model takes as long as it takes: no deadline.
    show(
        CheckpointServiceGrpc.newBlockingStub(server.channel())
            .registerCheckpoint(request)
            .getCheckpoint(),
        output);
    return ExitCode.OK;
  }

  @Command(description = "Write the files of a checkpoint to a directory.")
  int download(
      @Mixin ServerOptions server,
      @Mixin OutputOptions output,
      @Parameters(paramLabel = "CHECKPOINT") String name,
      @Option(names = "--out", paramLabel = "DIR", required = true) Path out) {
    DownloadCheckpointRequest request =
        DownloadCheckpointRequest.newBuilder().setName(Names.checkpoint(name)).build();
    Iterator<DownloadCheckpointResponse> parts =
        CheckpointServiceGrpc.newBlockingStub(server.channel()).downloadCheckpoint(request);
    List<Path> files;
    try (ProgressBoard board = new ProgressBoard(output.terminal());
        ReceivedFiles received = new ReceivedFiles(surroundings.workingDirectory().resolve(out))) {
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

  private static CheckpointServiceGrpc.CheckpointServiceBlockingStub lookup(ServerOptions server) {
    return CheckpointServiceGrpc.newBlockingStub(server.channel())
        .withDeadlineAfter(ServerOptions.LOOKUP_SECONDS, TimeUnit.SECONDS);
  }

  private static void show(Checkpoint checkpoint, OutputOptions output) {
    if (output.json) {
      output.message(checkpoint);
      return;
    }
    output.table(table(List.of(checkpoint)));
    output.line("digest  " + checkpoint.getDigest().getSha256());
    output.line("labels  " + String.join(", ", checkpoint.getLabelsList()));
    output.line("made    " + Timestamps.toString(checkpoint.getCreateTime()));
    checkpoint.getNoticesList().forEach(notice -> output.line("notice  " + notice));
  }

  private static TextTable table(List<Checkpoint> checkpoints) {
    TextTable table =
        new TextTable("checkpoint", "family", "head", "parameters", "step", "run", "digest");
    for (Checkpoint checkpoint : checkpoints) {
      String digest = checkpoint.getDigest().getSha256();
      table.row(
          Names.id(checkpoint.getName()),
          checkpoint.getFamily(),
          checkpoint.getHead().name().replace("HEAD_", "").toLowerCase(Locale.ROOT),
          String.valueOf(checkpoint.getParameterCount()),
          String.valueOf(checkpoint.getStep()),
          Names.id(checkpoint.getTrainingRun()),
          digest.substring(0, Math.min(12, digest.length())));
    }
    return table;
  }
}
