package dev.watershed.cli;

import com.google.protobuf.util.Timestamps;
import dev.watershed.cli.terminal.TextTable;
import dev.watershed.input.ResourceName;
import dev.watershed.trainer.v1.Checkpoint;
import dev.watershed.trainer.v1.CheckpointServiceGrpc;
import dev.watershed.trainer.v1.DescribeCheckpointRequest;
import dev.watershed.trainer.v1.DescribeCheckpointResponse;
import dev.watershed.trainer.v1.EncoderDescription;
import dev.watershed.trainer.v1.FileDescription;
import dev.watershed.trainer.v1.ParameterGroup;
import dev.watershed.trainer.v1.TensorDescription;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What a checkpoint is made of. */
@Command(
    name = "show",
    description =
        "Show what a checkpoint is made of: architecture, labels, files, and the L2 norm of each "
            + "group of tensors. Reads all weights.")
final class ShowCheckpointCommand implements Callable<Integer> {
  @Mixin private ServerOptions server;
  @Mixin private OutputOptions output;

  @Parameters(paramLabel = "CHECKPOINT")
  private String name = "";

  @Option(
      names = "--tensors",
      description =
          "List each tensor too: shape, place of its first element in the flat vector, L2 "
              + "norm. With --json they are there anyway.")
  private boolean tensors;

  ShowCheckpointCommand(CommandContext context) {
    this.server = new ServerOptions(context);
    this.output = new OutputOptions(context);
  }

  @Override
  public Integer call() {
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
    CheckpointText.notices(described.getCheckpoint(), output);
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
    properties.put("head", CheckpointText.head(checkpoint));
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
}
