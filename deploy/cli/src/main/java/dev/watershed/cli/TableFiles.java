package dev.watershed.cli;

import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVRecord;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** In what form the tables are among the files that a command writes. */
final class TableFiles {
  private static final String CSV = ".csv";

  @Option(
      names = "--output",
      paramLabel = "csv|tsv",
      description =
          "Form of the tables among the files: csv, or tsv: with tabs, as spreadsheets want it"
              + " where decimals have a comma. Default: csv.")
  private TableOptions.@Nullable Form form;

  /** Throws where a form is asked for and there are no files. */
  void requireFiles(@Nullable Path out) {
    if (form != null && out == null) {
      throw CommandException.badInput("--output is for the files that --out DIR writes");
    }
  }

  /** Brings tables into the form asked for; returns the files that there are then. */
  List<Path> written(List<Path> files) {
    if (form != TableOptions.Form.TSV) {
      return files;
    }
    List<Path> written = new ArrayList<>();
    for (Path file : files) {
      String name = String.valueOf(file.getFileName());
      written.add(name.endsWith(CSV) ? withTabs(file, name) : file);
    }
    return List.copyOf(written);
  }

  private static Path withTabs(Path file, String name) {
    Path target = file.resolveSibling(name.substring(0, name.length() - CSV.length()) + ".tsv");
    Path aside = file.resolveSibling("." + target.getFileName() + ".part");
    try {
      try (CSVParser records = CSVParser.parse(file, StandardCharsets.UTF_8, CSVFormat.RFC4180);
          BufferedWriter out = Files.newBufferedWriter(aside)) {
        for (CSVRecord record : records) {
          out.write(TableOptions.Form.TSV.row(record.toList()));
          out.write('\n');
        }
      }
      Files.move(
          aside, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      Files.delete(file);
      return target;
    } catch (IOException e) {
      throw CommandException.badInput("cannot write " + target + ": " + Failures.sentence(e));
    }
  }
}
