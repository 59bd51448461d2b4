package dev.watershed.cli;

import com.google.protobuf.util.Timestamps;
import com.google.rpc.Status;
import dev.watershed.cli.terminal.ProgressBoard;
import dev.watershed.cli.terminal.TextTable;
import dev.watershed.client.AllPages;
import dev.watershed.input.HuggingFaceFiles;
import dev.watershed.input.Quoted;
import dev.watershed.input.ResourceName;
import dev.watershed.input.TrainedSteps;
import dev.watershed.trainer.v1.Checkpoint;
import dev.watershed.trainer.v1.CheckpointServiceGrpc;
import dev.watershed.trainer.v1.CheckpointUpload;
import dev.watershed.trainer.v1.DeleteCheckpointRequest;
import dev.watershed.trainer.v1.DescribeCheckpointRequest;
import dev.watershed.trainer.v1.DescribeCheckpointResponse;
import dev.watershed.trainer.v1.DownloadCheckpointRequest;
import dev.watershed.trainer.v1.DownloadCheckpointResponse;
import dev.watershed.trainer.v1.EncoderDescription;
import dev.watershed.trainer.v1.FileDescription;
import dev.watershed.trainer.v1.FilePart;
import dev.watershed.trainer.v1.GetCheckpointRequest;
import dev.watershed.trainer.v1.ListCheckpointsRequest;
import dev.watershed.trainer.v1.ListCheckpointsResponse;
import dev.watershed.trainer.v1.ParameterGroup;
import dev.watershed.trainer.v1.RegisterCheckpointRequest;
import dev.watershed.trainer.v1.TensorDescription;
import dev.watershed.trainer.v1.UploadCheckpointRequest;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Looks at checkpoints, brings them in and takes them out. */
@Command(
    name = "checkpoints",
    description = "List, show, register, upload, download and delete checkpoints.",
    footer = {
      "",
      "Examples:",
      "  watershed checkpoints list",
      "  watershed checkpoints register models/bert-base-uncased bert-base-uncased",
      "  watershed checkpoints register models/mine mine --labels no,yes",
      "  watershed checkpoints register runs/seed*/checkpoint-* --tokenizer models/bert-base-uncased",
      "  watershed checkpoints upload models/mine --address gpu-server:7878",
      "  watershed checkpoints show bert-base-uncased --tensors",
      "  watershed checkpoints download miniature-pretrained --out miniature-pretrained",
      "  watershed checkpoints delete mine"
    })
final class CheckpointsCommand {
  private final CommandContext context;

  CheckpointsCommand(CommandContext context) {
    this.context = context;
  }

  @Command(description = "List checkpoints, oldest first.")
  int list(
      @Mixin ServerOptions server,
      @Mixin OutputOptions output,
      @Option(names = "--run", description = "Only those that this training run made.")
          String run) {
    List<Checkpoint> checkpoints = all(server, run == null ? "" : NameArguments.trainingRun(run));
    if (output.json) {
      output.message(ListCheckpointsResponse.newBuilder().addAllCheckpoints(checkpoints));
    } else {
      output.table(table(checkpoints));
    }
    return ExitCode.OK;
  }

  private static List<Checkpoint> all(ServerOptions server, String trainingRun) {
    ListCheckpointsRequest.Builder request =
        ListCheckpointsRequest.newBuilder().setPageSize(1000).setTrainingRun(trainingRun);
    return AllPages.of(
        token -> lookup(server).listCheckpoints(request.setPageToken(token).build()),
        ListCheckpointsResponse::getCheckpointsList,
        ListCheckpointsResponse::getNextPageToken);
  }

  /** The ids of all that are in the store. */
  static Set<String> ids(ServerOptions server) {
    Set<String> ids = new LinkedHashSet<>();
    all(server, "").forEach(checkpoint -> ids.add(ResourceName.id(checkpoint.getName())));
    return ids;
  }

  @Command(description = "Print one checkpoint as list does, with digest, labels and notices.")
  int get(
      @Mixin ServerOptions server,
      @Mixin OutputOptions output,
      @Parameters(paramLabel = "CHECKPOINT") String name) {
    GetCheckpointRequest request =
        GetCheckpointRequest.newBuilder().setName(NameArguments.checkpoint(name)).build();
    print(lookup(server).getCheckpoint(request).getCheckpoint(), output);
    return ExitCode.OK;
  }

  @Command(
      description =
          "Show what a checkpoint is made of: architecture, labels, files, and the L2 norm of each "
              + "group of tensors. Reads all weights.")
  int show(
      @Mixin ServerOptions server,
      @Mixin OutputOptions output,
      @Parameters(paramLabel = "CHECKPOINT") String name,
      @Option(
              names = "--tensors",
              description =
                  "List each tensor too: shape, place of its first element in the flat vector, L2 "
                      + "norm. With --json they are there anyway.")
          boolean tensors) {
    DescribeCheckpointRequest request =
        DescribeCheckpointRequest.newBuilder().setName(NameArguments.checkpoint(name)).build();
    // Reading every weight of a large model takes as long as it takes: no deadline.
    DescribeCheckpointResponse described =
        CheckpointServiceGrpc.newBlockingStub(server.channel()).describeCheckpoint(request);
    if (output.json) {
      output.message(described);
      return ExitCode.OK;
    }
    properties(described).forEach((key, value) -> output.line("%-12s%s".formatted(key, value)));
    output.line("");
    output.table(files(described));
    output.line("");
    output.table(groups(described));
    if (tensors) {
      output.line("");
      output.table(tensors(described));
    }
    notices(described.getCheckpoint(), output);
    return ExitCode.OK;
  }

  private static Map<String, String> properties(DescribeCheckpointResponse described) {
    Checkpoint checkpoint = described.getCheckpoint();
    EncoderDescription encoder = described.getEncoder();
    Map<String, String> properties = new LinkedHashMap<>();
    properties.put("checkpoint", ResourceName.id(checkpoint.getName()));
    properties.put("digest", checkpoint.getDigest().getSha256());
    properties.put("made", Timestamps.toString(checkpoint.getCreateTime()));
    if (!checkpoint.getTrainingRun().isEmpty()) {
      properties.put(
          "run",
          String.format(
              Locale.ROOT,
              "%s, step %d",
              ResourceName.id(checkpoint.getTrainingRun()),
              checkpoint.getStep()));
    }
    properties.put(
        "encoder",
        String.format(
            Locale.ROOT,
            "%s: %d layers, hidden size %d, %d heads, feed-forward %d",
            encoder.getFamily(),
            encoder.getLayerCount(),
            encoder.getHiddenSize(),
            encoder.getAttentionHeadCount(),
            encoder.getIntermediateSize()));
    properties.put(
        "input",
        String.format(
            Locale.ROOT,
            "%d tokens at most, vocabulary %d, %d segments",
            encoder.getMaxTokens(),
            encoder.getVocabularySize(),
            encoder.getTypeVocabularySize()));
    properties.put(
        "function",
        "%s, LayerNorm epsilon %s"
            .formatted(encoder.getActivation(), encoder.getLayerNormEpsilon()));
    properties.put(
        "dropout",
        "hidden %s, attention %s, classifier %s"
            .formatted(
                encoder.getHiddenDropout(),
                encoder.getAttentionDropout(),
                encoder.getClassifierDropout()));
    properties.put("head", head(checkpoint));
    if (checkpoint.getLabelsCount() > 0) {
      properties.put("labels", String.join(", ", checkpoint.getLabelsList()));
    }
    properties.put("parameters", String.valueOf(checkpoint.getParameterCount()));
    return properties;
  }

  private static TextTable files(DescribeCheckpointResponse described) {
    TextTable table = new TextTable("file", "bytes", "SHA-256");
    for (FileDescription file : described.getFilesList()) {
      table.row(
          file.getName(),
          String.valueOf(file.getDigest().getSizeBytes()),
          file.getDigest().getSha256());
    }
    return table;
  }

  private static TextTable groups(DescribeCheckpointResponse described) {
    TextTable table = new TextTable("group", "parameters", "L2 norm");
    for (ParameterGroup group : described.getGroupsList()) {
      table.row(
          group.getName(), String.valueOf(group.getParameterCount()), norm(group.getL2Norm()));
    }
    return table;
  }

  private static TextTable tensors(DescribeCheckpointResponse described) {
    TextTable table = new TextTable("tensor", "shape", "offset", "L2 norm");
    for (TensorDescription tensor : described.getTensorsList()) {
      table.row(
          tensor.getName(),
          tensor.getShapeList().stream().map(String::valueOf).collect(Collectors.joining(" x ")),
          String.valueOf(tensor.getOffset()),
          norm(tensor.getL2Norm()));
    }
    return table;
  }

  private static String norm(double value) {
    return String.format(Locale.ROOT, "%.6g", value);
  }

  private static String head(Checkpoint checkpoint) {
    return checkpoint.getHead().name().replace("HEAD_", "").toLowerCase(Locale.ROOT);
  }

  @Command(
      customSynopsis = {
        "watershed checkpoints register DIRECTORY ID [OPTIONS]",
        "   or: watershed checkpoints register DIRECTORY... [OPTIONS]"
      },
      description = {
        "Copy Hugging Face directories (config.json, model.safetensors or its shards, tokenizer) that"
            + " lie below a data root of the server into its store.",
        "Without an ID they are called after their folders: runs/seed2/checkpoint-600 becomes"
            + " seed2-step-600. The step is read from trainer_state.json, else from the folder's name."
            + " What cannot be registered does not keep the others from it."
      })
  int register(
      @Mixin ServerOptions server,
      @Mixin OutputOptions output,
      @Parameters(
              paramLabel = "DIRECTORY",
              arity = "1..*",
              description = "A path, or a file: URI; or one, and what it will be called.")
          List<String> words,
      @Option(
              names = "--labels",
              paramLabel = "A,B",
              converter = LabelList.Converter.class,
              description =
                  "Names for the labels in the order of the logits, where config.json has LABEL_0, "
                      + "LABEL_1, ... or others; in quotes where one holds a comma. The weights stay"
                      + " as they are.")
          LabelList labels,
      @Option(
              names = "--tokenizer",
              paramLabel = "DIR",
              description =
                  "For directories without a tokenizer: a directory that has one, or its"
                      + " tokenizer.json, vocab.txt or vocab.json.")
          String tokenizer,
      @Option(
              names = "--prefix",
              paramLabel = "TEXT",
              defaultValue = "",
              description = "Goes before ids that are made of folders, for example mnli-.")
          String prefix) {
    RegisterCheckpointRequest.Builder request = RegisterCheckpointRequest.newBuilder();
    if (labels != null) {
      request.addAllLabels(labels.names());
    }
    if (tokenizer != null) {
      Path here = context.workingDirectory().resolve(tokenizer);
      request.setTokenizerUri(
          Files.exists(here) ? here.toAbsolutePath().normalize().toString() : tokenizer);
    }
    List<NewCheckpoint> wanted = NewCheckpoint.of(words, prefix, context.workingDirectory());
    if (wanted.size() == 1) {
      print(register(server, request, wanted.get(0)), output);
      return ExitCode.OK;
    }
    return registerAll(server, request, wanted, output);
  }

  private static Checkpoint register(
      ServerOptions server, RegisterCheckpointRequest.Builder request, NewCheckpoint wanted) {
    // Reading every weight of a large model takes as long as it takes: no deadline.
    return CheckpointServiceGrpc.newBlockingStub(server.channel())
        .registerCheckpoint(
            request.clone().setUri(wanted.uri()).setCheckpointId(wanted.id()).build())
        .getCheckpoint();
  }

  /** One that cannot be used does not keep the others out. */
  private static int registerAll(
      ServerOptions server,
      RegisterCheckpointRequest.Builder request,
      List<NewCheckpoint> wanted,
      OutputOptions output) {
    List<Checkpoint> registered = new ArrayList<>();
    Map<Status, List<String>> refused = new LinkedHashMap<>();
    for (NewCheckpoint checkpoint : wanted) {
      try {
        registered.add(register(server, request, checkpoint));
      } catch (StatusRuntimeException e) {
        Status status = StatusProto.fromThrowable(e);
        if (status == null || ErrorReport.exitCode(status) != ExitCode.BAD_INPUT) {
          throw e; // not this directory's fault
        }
        refused.computeIfAbsent(status, unused -> new ArrayList<>()).add(checkpoint.uri());
      }
    }
    if (output.json) {
      output.message(ListCheckpointsResponse.newBuilder().addAllCheckpoints(registered));
    } else {
      output.table(table(registered));
      notices(registered).forEach(output::line);
    }
    // One reason for many is said once.
    refused.forEach(
        (status, directories) -> {
          output.remark("not registered: " + String.join(", ", directories));
          ErrorReport.lines(status).forEach(output::remark);
          if (output.json) {
            output.line("{\"error\":" + Json.line(status) + "}");
          }
        });
    output.remark(
        String.format(
            Locale.ROOT, "%d of %d directories are registered.", registered.size(), wanted.size()));
    return refused.isEmpty() ? ExitCode.OK : ExitCode.BAD_INPUT;
  }

  /** Each notice once, with the checkpoints that it is about unless it is about all. */
  private static List<String> notices(List<Checkpoint> checkpoints) {
    Map<String, List<String>> about = new LinkedHashMap<>();
    for (Checkpoint checkpoint : checkpoints) {
      for (String notice : checkpoint.getNoticesList()) {
        about
            .computeIfAbsent(notice, unused -> new ArrayList<>())
            .add(ResourceName.id(checkpoint.getName()));
      }
    }
    List<String> lines = new ArrayList<>();
    about.forEach(
        (notice, ids) ->
            lines.add(
                "notice  "
                    + (ids.size() == checkpoints.size() ? "all" : String.join(", ", ids))
                    + ": "
                    + notice));
    return lines;
  }

  @Command(
      description =
          "Delete checkpoints. One that a run begins with which has not ended is refused; studies are"
              + " no hindrance. What is refused does not keep the others from it. There is no way"
              + " back.")
  int delete(
      @Mixin ServerOptions server,
      @Mixin OutputOptions output,
      @Parameters(paramLabel = "CHECKPOINT", arity = "1..*") List<String> names) {
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

  @Command(
      description = {
        "Send a Hugging Face directory to the server, for one whose disk is not this one's, and"
            + " register it there.",
        "Sent are config.json, model.safetensors or its shards, the tokenizer, and"
            + " trainer_state.json, which says the step. Without --id it is called after its folder, as"
            + " 'checkpoints register' does."
      })
  int upload(
      @Mixin ServerOptions server,
      @Mixin OutputOptions output,
      @Parameters(paramLabel = "DIRECTORY") String directory,
      @Option(names = "--id", paramLabel = "ID", description = "What it will be called.")
          @Nullable String id,
      @Option(
              names = "--labels",
              paramLabel = "A,B",
              converter = LabelList.Converter.class,
              description = "Names for the labels in the order of the logits, as for register.")
          @Nullable LabelList labels,
      @Option(
              names = "--tokenizer",
              paramLabel = "DIR",
              description = "For a directory without a tokenizer: a directory that has one.")
          @Nullable Path tokenizer) {
    Path here = context.workingDirectory().resolve(directory);
    Map<String, Path> files = checkpointFiles(directory, here);
    if (tokenizer != null && !HuggingFaceFiles.hasTokenizer(here)) {
      Path from = context.workingDirectory().resolve(tokenizer);
      if (!HuggingFaceFiles.hasTokenizer(from)) {
        throw CommandException.badInput("there is no tokenizer in " + tokenizer);
      }
      files.keySet().removeAll(HuggingFaceFiles.TOKENIZER);
      HuggingFaceFiles.TOKENIZER.stream()
          .filter(name -> Files.isRegularFile(from.resolve(name)))
          .forEach(name -> files.put(name, from.resolve(name)));
    }
    String folder = String.valueOf(here.toAbsolutePath().normalize().getFileName());
    CheckpointUpload.Builder said =
        CheckpointUpload.newBuilder()
            .setCheckpointId(
                id != null
                    ? NameArguments.newCheckpoint(id)
                    : NewCheckpoint.of(List.of(directory), "", context.workingDirectory())
                        .get(0)
                        .id())
            .setDirectoryName(Quoted.isPlain(folder) ? folder : "")
            .setSizeBytes(files.values().stream().mapToLong(DataCommand::size).sum());
    if (labels != null) {
      said.addAllLabels(labels.names());
    }
    var call = CheckpointServiceGrpc.newBlockingV2Stub(server.channel()).uploadCheckpoint();
    try (var upload = new Upload<>(call, output.terminal())) {
      upload.send(UploadCheckpointRequest.newBuilder().setCheckpoint(said).build());
      files.forEach(
          (name, file) ->
              upload.send(
                  name,
                  file,
                  part ->
                      UploadCheckpointRequest.newBuilder()
                          .addParts(FilePart.newBuilder().setFileName(name).setContent(part))
                          .build()));
      print(upload.answer().getCheckpoint(), output);
    }
    return ExitCode.OK;
  }

  /**
   * The files of a directory that are sent, by name; small ones first, so that errors come early.
   */
  private static Map<String, Path> checkpointFiles(String said, Path directory) {
    List<Path> there;
    try (var entries = Files.list(directory)) {
      there =
          entries
              .filter(Files::isRegularFile)
              .filter(
                  file -> {
                    String name = String.valueOf(file.getFileName());
                    return HuggingFaceFiles.isFile(name) || name.equals(TrainedSteps.STATE);
                  })
              .sorted(
                  Comparator.<Path>comparingLong(DataCommand::size)
                      .thenComparing(Comparator.naturalOrder()))
              .toList();
    } catch (IOException e) {
      throw CommandException.badInput("cannot read " + said + ": " + Failures.sentence(e));
    }
    Map<String, Path> files = new LinkedHashMap<>();
    there.forEach(file -> files.put(String.valueOf(file.getFileName()), file));
    if (files.keySet().stream().noneMatch(name -> name.endsWith(".safetensors"))) {
      throw CommandException.badInput(
          said
              + " holds no model.safetensors, nor shards of one; pickles are not read. 'checkpoints"
              + " register' says how to convert them");
    }
    return files;
  }

  @Command(description = "Write the files of a checkpoint to a directory.")
  int download(
      @Mixin ServerOptions server,
      @Mixin OutputOptions output,
      @Parameters(paramLabel = "CHECKPOINT") String name,
      @Option(
              names = "--out",
              paramLabel = "DIR",
              required = true,
              description = "A directory that is empty or does not exist yet.")
          Path out) {
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

  private static CheckpointServiceGrpc.CheckpointServiceBlockingStub lookup(ServerOptions server) {
    return CheckpointServiceGrpc.newBlockingStub(server.channel())
        .withDeadlineAfter(ServerOptions.LOOKUP_SECONDS, TimeUnit.SECONDS);
  }

  private static void print(Checkpoint checkpoint, OutputOptions output) {
    if (output.json) {
      output.message(checkpoint);
      return;
    }
    output.table(table(List.of(checkpoint)));
    output.line("digest  " + checkpoint.getDigest().getSha256());
    output.line("labels  " + String.join(", ", checkpoint.getLabelsList()));
    output.line("made    " + Timestamps.toString(checkpoint.getCreateTime()));
    notices(checkpoint, output);
  }

  private static void notices(Checkpoint checkpoint, OutputOptions output) {
    checkpoint.getNoticesList().forEach(notice -> output.line("notice  " + notice));
  }

  private static TextTable table(List<Checkpoint> checkpoints) {
    TextTable table =
        new TextTable("checkpoint", "family", "head", "parameters", "step", "run", "digest");
    for (Checkpoint checkpoint : checkpoints) {
      String digest = checkpoint.getDigest().getSha256();
      table.row(
          ResourceName.id(checkpoint.getName()),
          checkpoint.getFamily(),
          head(checkpoint),
          String.valueOf(checkpoint.getParameterCount()),
          String.valueOf(checkpoint.getStep()),
          ResourceName.id(checkpoint.getTrainingRun()),
          digest.substring(0, Math.min(12, digest.length())));
    }
    return table;
  }
}
