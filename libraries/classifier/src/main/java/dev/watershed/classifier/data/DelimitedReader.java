package dev.watershed.classifier.data;

import static dev.watershed.input.InvalidInputException.invalid;
import static java.util.Objects.requireNonNull;

import dev.watershed.input.InvalidInputException;
import dev.watershed.input.Quoted;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVRecord;

/** Reads tab- and comma-separated values. */
final class DelimitedReader {
  /** GLUE's files: quotation marks are text and nothing is escaped. */
  private static final CSVFormat TSV =
      CSVFormat.DEFAULT.builder().setDelimiter('\t').setQuote(null).setIgnoreEmptyLines(true).get();

  private static final CSVFormat CSV = CSVFormat.RFC4180.builder().setIgnoreEmptyLines(true).get();

  private final FileReading reading;
  private final FileSplit split;
  private final DatasetBuilder dataset;
  private List<String> header = List.of();
  private int[] filters = {};
  private int width;
  private int text;
  private int pair;
  private int label;

  DelimitedReader(FileReading reading, DatasetBuilder dataset) {
    this.reading = reading;
    this.split = reading.columns();
    if (split.textColumn().isEmpty()) {
      throw invalid(
          "COLUMN_MISSING",
          "text_column",
          "%s needs a text_column; only JSON Lines can be pre-tokenised".formatted(split.format()));
    }
    this.dataset = dataset;
  }

  /** Returns the cells of one line. */
  static List<String> cells(String line, FileFormat format) throws IOException {
    try (CSVParser parser = CSVParser.parse(line, format == FileFormat.CSV ? CSV : TSV)) {
      return parser.stream().findFirst().map(CSVRecord::toList).orElse(List.of());
    } catch (UncheckedIOException e) {
      throw requireNonNull(e.getCause());
    }
  }

  void read(TextFile file) throws IOException {
    try (CSVParser parser =
        CSVParser.builder()
            .setReader(file)
            .setFormat(split.format() == FileFormat.CSV ? CSV : TSV)
            .get()) {
      long line = 1;
      boolean first = true;
      Iterator<CSVRecord> records = parser.iterator();
      while (!dataset.isFull() && hasNext(records, line)) {
        CSVRecord record = records.next();
        if (first) {
          begin(record);
        }
        if (!first || !split.hasHeader()) {
          add(record, line);
        }
        first = false;
        file.startRow();
        line = parser.getCurrentLineNumber() + 1;
      }
    }
  }

  private static boolean hasNext(Iterator<CSVRecord> records, long line) throws IOException {
    try {
      return records.hasNext();
    } catch (UncheckedIOException e) {
      throw MalformedFile.at(line, requireNonNull(e.getCause()));
    }
  }

  private void begin(CSVRecord record) {
    width = record.size();
    header = split.hasHeader() ? record.toList() : List.of();
    text = column(split.textColumn(), "text_column");
    pair = column(split.textPairColumn(), "text_pair_column");
    label = column(split.labelColumn(), "label_column");
    filters = new int[reading.filters().size()];
    for (int i = 0; i < filters.length; i++) {
      filters[i] =
          column(
              reading.filterColumns().get(i), String.format(Locale.ROOT, "filters[%d].column", i));
    }
  }

  private void add(CSVRecord record, long line) {
    dataset.countRow();
    if (record.size() != width && reading.lenient()) {
      dataset.leaveOutMalformed(line);
      return;
    }
    if (record.size() != width) {
      throw invalid(
          "ROW_MALFORMED",
          "uri",
          String.format(
              Locale.ROOT,
              "line %d has %d columns where the first line has %d; repair or remove it, or is the format another one?",
              line,
              record.size(),
              width));
    }
    int index = label < 0 ? -1 : dataset.labels().index(record.get(label), line);
    for (int i = 0; i < filters.length; i++) {
      if (!dataset.passes(i, record.get(filters[i]))) {
        return;
      }
    }
    dataset.add(new Row.TextRow(record.get(text), pair < 0 ? null : record.get(pair), index));
  }

  /** Returns the number of a column, -1 where none is named. */
  private int column(String name, String parameter) {
    if (name.isEmpty()) {
      return -1;
    }
    if (!split.hasHeader()) {
      if (isNumber(name)) {
        return Integer.parseInt(name);
      }
      throw missing(
          parameter,
          String.format(
              Locale.ROOT,
              "without a header a column is a number, here 0 to %d, not '%s'",
              width - 1,
              Quoted.of(name)));
    }
    int index = header.indexOf(name);
    if (index < 0 && isNumber(name)) {
      return Integer.parseInt(name);
    }
    if (index < 0) {
      throw missing(
          parameter,
          "there is no column '%s'; there are %s"
              .formatted(Quoted.of(name), FileColumns.shown(header)));
    }
    if (Collections.frequency(header, name) > 1) {
      throw missing(
          parameter,
          "'%s' names several of the columns %s".formatted(name, FileColumns.shown(header)));
    }
    return index;
  }

  private boolean isNumber(String column) {
    return column.matches("[0-9]{1,5}") && Integer.parseInt(column) < width;
  }

  private static InvalidInputException missing(String parameter, String message) {
    return invalid("COLUMN_MISSING", parameter, message);
  }
}
