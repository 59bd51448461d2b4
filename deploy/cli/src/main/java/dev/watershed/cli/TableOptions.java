package dev.watershed.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVPrinter;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Tables for other programs: one line a row, numbers that can be read back exactly. */
final class TableOptions {
  /** What stands between two cells. */
  enum Form {
    CSV(CSVFormat.RFC4180),
    TSV(CSVFormat.TDF);

    private final CSVFormat format;

    Form(CSVFormat format) {
      this.format = format.builder().setRecordSeparator("").get();
    }

    /** A line of a table, without what ends it. */
    String row(List<String> cells) {
      StringBuilder line = new StringBuilder();
      // Not CSVFormat.format, which cuts empty cells off the end.
      try (CSVPrinter printer = format.print(line)) {
        printer.printRecord(cells);
      } catch (IOException e) {
        throw new UncheckedIOException("cannot happen in memory", e);
      }
      return line.toString();
    }
  }

  @Option(names = "--csv", description = "Write a table of comma-separated values.")
  private boolean csv;

  @Option(
      names = "--output",
      paramLabel = "csv|tsv",
      description =
          "csv as --csv, or tsv: with tabs, as spreadsheets want it where decimals have a comma.")
  private @Nullable Form form;

  /** Whether such a table was asked for, in place of what people read. */
  boolean wanted() {
    return csv || form != null;
  }

  /**
   * Throws where two forms are asked for.
   *
   * @throws CommandException of bad input
   */
  void requireAlone(OutputOptions output) {
    if (wanted() && output.json) {
      throw CommandException.badInput("--csv or --output and --json exclude each other");
    }
    if (csv && form == Form.TSV) {
      throw CommandException.badInput("--csv and --output tsv exclude each other");
    }
  }

  /** A line of the table. */
  String row(List<String> cells) {
    return (form == null ? Form.CSV : form).row(cells);
  }
}
