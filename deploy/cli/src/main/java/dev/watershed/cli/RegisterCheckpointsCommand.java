package dev.watershed.cli;

import com.google.rpc.Status;
import dev.watershed.trainer.v1.Checkpoint;
import dev.watershed.trainer.v1.CheckpointServiceGrpc;
import dev.watershed.trainer.v1.ListCheckpointsResponse;
import dev.watershed.trainer.v1.RegisterCheckpointRequest;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Brings in what lies below a data root of the server. */
@Command(
    name = "register",
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
final class RegisterCheckpointsCommand implements Callable<Integer> {
  @Mixin private ServerOptions server;
  @Mixin private OutputOptions output;

  @Parameters(
      paramLabel = "DIRECTORY",
      arity = "1..*",
      description = "A path, or a file: URI; or one, and what it will be called.")
  private List<String> words = List.of();

  @Option(
      names = "--labels",
      paramLabel = "A,B",
      converter = LabelList.Converter.class,
      description =
          "Names for the labels in the order of the logits, where config.json has LABEL_0, "
              + "LABEL_1, ... or others; in quotes where one holds a comma. The weights stay"
              + " as they are.")
  private @Nullable LabelList labels;

  @Option(
      names = "--tokenizer",
      paramLabel = "DIR",
      description =
          "For directories without a tokenizer: a directory that has one, or its"
              + " tokenizer.json, vocab.txt or vocab.json.")
  private @Nullable String tokenizer;

  @Option(
      names = "--prefix",
      paramLabel = "TEXT",
      defaultValue = "",
      description = "Goes before ids that are made of folders, for example mnli-.")
  private String prefix = "";

  private final CommandContext context;

  RegisterCheckpointsCommand(CommandContext context) {
    this.context = context;
    this.server = new ServerOptions(context);
    this.output = new OutputOptions(context);
  }

  @Override
  public Integer call() {
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
      CheckpointText.print(register(request, wanted.getFirst()), output);
      return ExitCode.OK;
    }
    return registerAll(request, wanted);
  }

  private Checkpoint register(RegisterCheckpointRequest.Builder request, NewCheckpoint wanted) {
    // Reading every weight of a large model takes as long as it takes: no deadline.
    return CheckpointServiceGrpc.newBlockingStub(server.channel())
        .registerCheckpoint(
            request.clone().setUri(wanted.uri()).setCheckpointId(wanted.id()).build())
        .getCheckpoint();
  }

  /** One that cannot be used does not keep the others out. */
  private int registerAll(RegisterCheckpointRequest.Builder request, List<NewCheckpoint> wanted) {
    List<Checkpoint> registered = new ArrayList<>();
    Map<Status, List<String>> refused = new LinkedHashMap<>();
    for (NewCheckpoint checkpoint : wanted) {
      try {
        registered.add(register(request, checkpoint));
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
      output.table(CheckpointText.table(registered));
      CheckpointText.notices(registered).forEach(output::line);
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
}
