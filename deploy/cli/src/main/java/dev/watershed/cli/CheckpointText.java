package dev.watershed.cli;

import com.google.protobuf.util.Timestamps;
import dev.watershed.cli.terminal.TextTable;
import dev.watershed.input.ResourceName;
import dev.watershed.trainer.v1.Checkpoint;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Checkpoints as they are shown. */
final class CheckpointText {
  private CheckpointText() {}

  /** One, as it is or in a table with what does not fit into its row. */
  static void print(Checkpoint checkpoint, OutputOptions output) {
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

  /** What the server has to say about one. */
  static void notices(Checkpoint checkpoint, OutputOptions output) {
    checkpoint.getNoticesList().forEach(notice -> output.line("notice  " + notice));
  }

  /** Each notice once, with the checkpoints that it is about unless it is about all. */
  static List<String> notices(List<Checkpoint> checkpoints) {
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

  static TextTable table(List<Checkpoint> checkpoints) {
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

  /** The head as its enum names it, in lower case. */
  static String head(Checkpoint checkpoint) {
    return checkpoint.getHead().name().replace("HEAD_", "").toLowerCase(Locale.ROOT);
  }
}
