package dev.watershed.classifier.data;

import static dev.watershed.input.InvalidInputException.invalid;

import dev.watershed.input.Quoted;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What a look at the beginning of a file tells.
 *
 * @param names its columns or, where they have no names, the cells of its first line
 * @param classNames of a Parquet file: names of the integers in a column, as far as it says
 */
record FileColumns(FileFormat format, List<String> names, Map<String, List<String>> classNames) {
  private static final byte[] PARQUET = "PAR1".getBytes(StandardCharsets.US_ASCII);
  private static final int MAX_SHOWN = 30;

  /** Tells the format by the first bytes; commas from tabs by the name of the file. */
  static FileColumns of(Path file, ReadingBounds bounds) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw invalid("FILE_NOT_REGULAR", "uri", "'%s' is no file".formatted(file.getFileName()));
    }
    if (isParquet(file)) {
      try (ParquetRows rows = ParquetRows.open(file, bounds)) {
        return new FileColumns(FileFormat.PARQUET, rows.columns(), rows.classNames());
      }
    }
    String name = file.toString().replaceFirst("\\.gz$", "");
    FileFormat byName = name.endsWith(".csv") ? FileFormat.CSV : FileFormat.TSV;
    try (TextFile text = TextFile.open(file, bounds);
        BufferedReader lines = new BufferedReader(text)) {
      String first = lines.readLine();
      while (first != null && first.isBlank()) {
        text.startRow();
        first = lines.readLine();
      }
      if (first == null) {
        throw invalid("SPLIT_EMPTY", "uri", "'%s' has no rows".formatted(file.getFileName()));
      }
      if (first.stripLeading().startsWith("{")) {
        return new FileColumns(FileFormat.JSON_LINES, JsonLinesReader.names(first), Map.of());
      }
      return new FileColumns(byName, DelimitedReader.cells(first, byName), Map.of());
    } catch (IOException e) {
      throw MalformedFile.at(1, e);
    }
  }

  /** The columns for a message, however many and long they are. */
  String shown() {
    return shown(names);
  }

  static String shown(List<String> names) {
    List<String> shown = new ArrayList<>();
    names.stream()
        .limit(MAX_SHOWN)
        .map(name -> Quoted.of(name.length() <= 40 ? name : name.substring(0, 40) + "..."))
        .forEach(shown::add);
    if (names.size() > MAX_SHOWN) {
      shown.add(String.format(Locale.ROOT, "and %d more", names.size() - MAX_SHOWN));
    }
    return shown.toString();
  }

  private static boolean isParquet(Path file) throws IOException {
    try (InputStream bytes = Files.newInputStream(file)) {
      return Arrays.equals(bytes.readNBytes(PARQUET.length), PARQUET);
    }
  }
}
