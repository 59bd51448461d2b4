package dev.watershed.cli;

import dev.watershed.input.HuggingFaceFiles;
import dev.watershed.input.Quoted;
import dev.watershed.input.TrainedSteps;
import dev.watershed.trainer.v1.CheckpointServiceGrpc;
import dev.watershed.trainer.v1.CheckpointUpload;
import dev.watershed.trainer.v1.FilePart;
import dev.watershed.trainer.v1.UploadCheckpointRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Brings in what lies on this machine. */
@Command(
    name = "upload",
    description = {
      "Send a Hugging Face directory to the server, for one whose disk is not this one's, and"
          + " register it there.",
      "Sent are config.json, model.safetensors or its shards, the tokenizer, and"
          + " trainer_state.json, which says the step. Without --id it is called after its folder, as"
          + " 'checkpoints register' does."
    })
final class UploadCheckpointCommand implements Callable<Integer> {
  @Mixin private ServerOptions server;
  @Mixin private OutputOptions output;

  @Parameters(paramLabel = "DIRECTORY")
  private String directory = "";

  @Option(names = "--id", paramLabel = "ID", description = "What it will be called.")
  private @Nullable String id;

  @Option(
      names = "--labels",
      paramLabel = "A,B",
      converter = LabelList.Converter.class,
      description = "Names for the labels in the order of the logits, as for register.")
  private @Nullable LabelList labels;

  @Option(
      names = "--tokenizer",
      paramLabel = "DIR",
      description = "For a directory without a tokenizer: a directory that has one.")
  private @Nullable Path tokenizer;

  private final CommandContext context;

  UploadCheckpointCommand(CommandContext context) {
    this.context = context;
    this.server = new ServerOptions(context);
    this.output = new OutputOptions(context);
  }

  @Override
  public Integer call() {
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
                        .getFirst()
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
      CheckpointText.print(upload.answer().getCheckpoint(), output);
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
}
