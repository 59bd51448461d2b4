package dev.watershed.cli;

import dev.watershed.cli.terminal.TextTable;
import dev.watershed.trainer.v1.DataServiceGrpc;
import dev.watershed.trainer.v1.DescribeSplitRequest;
import dev.watershed.trainer.v1.DescribeSplitResponse;
import dev.watershed.trainer.v1.DescribedRow;
import dev.watershed.type.v1.DatasetSplit;
import dev.watershed.type.v1.FileSplit;
import dev.watershed.type.v1.LabelCount;
import java.util.Locale;
import java.util.stream.Collectors;

/** What a split holds, as the server tells it. */
final class SplitText {
  /** For the help of the option that says how many rows are shown. */
  static final String ROWS = "First rows to show, at most 100 (3).";

  private static final int MAX_SHOWN_TEXT = 60;
  private static final int MAX_SHOWN_TOKENS = 12;

  private SplitText() {}

  /** Asks the server and writes its answer. Reading a large file takes as long as it takes. */
  static void show(ServerOptions server, OutputOptions output, DatasetSplit split, int rows) {
    if (rows < 0 || rows > 100) {
      throw CommandException.badInput("--rows must be from 0 to 100, got " + rows);
    }
    DescribeSplitResponse described =
        DataServiceGrpc.newBlockingStub(server.channel())
            .describeSplit(
                DescribeSplitRequest.newBuilder().setSplit(split).setFirstRowCount(rows).build());
    if (output.json) {
      output.message(described);
    } else {
      show(described, output);
    }
  }

  private static void show(DescribeSplitResponse described, OutputOptions output) {
    var split = described.getSplit();
    if (described.hasLayout()) {
      output.line("file    " + split.getFile());
      output.line("layout  " + layout(described.getLayout(), split.getFile()));
    }
    output.line("rows    " + split.getRowCount());
    output.line("digest  " + split.getDigest().getSha256());
    if (split.getLabelsCount() > 0) {
      TextTable counts = new TextTable("label", "rows");
      for (LabelCount label : split.getLabelsList()) {
        counts.row(label.getLabel(), String.valueOf(label.getRowCount()));
      }
      output.table(counts);
    }
    split.getNoticesList().forEach(notice -> output.line("notice  " + notice));
    for (DescribedRow row : described.getFirstRowsList()) {
      output.line("");
      output.line("[" + row.getLabel() + "]");
      row.getTextsList().forEach(text -> output.line("  " + shortened(text)));
      if (row.getInputIdsCount() > 0) {
        output.line("  tokens " + tokens(row));
      }
    }
  }

  private static String tokens(DescribedRow row) {
    return row.getInputIdsList().stream()
            .limit(MAX_SHOWN_TOKENS)
            .map(String::valueOf)
            .collect(Collectors.joining(" "))
        + (row.getInputIdsCount() > MAX_SHOWN_TOKENS ? " ..." : "");
  }

  /** Control characters of a file must not reach a terminal. */
  private static String shortened(String text) {
    String plain = text.replaceAll("\\p{Cntrl}", " ");
    return plain.length() <= MAX_SHOWN_TEXT ? plain : plain.substring(0, MAX_SHOWN_TEXT) + "...";
  }

  private static String layout(FileSplit layout, String file) {
    String format =
        layout
            .getFormat()
            .name()
            .replace("FILE_FORMAT_", "")
            .toLowerCase(Locale.ROOT)
            .replace('_', ' ');
    return format + (file.endsWith(".gz") ? " (gzip), " : ", ") + columns(layout);
  }

  private static String columns(FileSplit layout) {
    String texts = "pre-tokenised";
    if (!layout.getTextColumn().isEmpty()) {
      texts =
          layout.getTextPairColumn().isEmpty()
              ? "text " + layout.getTextColumn()
              : "texts " + layout.getTextColumn() + " and " + layout.getTextPairColumn();
    }
    String label = layout.getLabelColumn().isEmpty() ? "" : ", label " + layout.getLabelColumn();
    return texts + label + (layout.getHasHeader() ? "" : ", no header");
  }
}
