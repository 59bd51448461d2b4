package dev.watershed.cli;

import static java.util.Objects.requireNonNull;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Value;
import com.google.protobuf.util.JsonFormat;
import dev.watershed.analysis.v1.ClusterModelsRequest;
import dev.watershed.analysis.v1.Curve;
import dev.watershed.analysis.v1.Row;
import dev.watershed.input.CsvFault;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVRecord;

/** Numbers that a caller brings on standard input, as JSON or CSV. */
final class NumbersInput {
  /** A matrix of 2,000 models takes some 80 MB of text. */
  private static final int MAXIMUM_BYTES = 128 << 20;

  private static final String STANDARD_INPUT = "standard input";

  private NumbersInput() {}

  /** Everything on standard input, as text. */
  static String read(InputStream in) {
    return read(in, STANDARD_INPUT);
  }

  /**
   * Everything on a stream, as text.
   *
   * @param where the stream comes from, for errors
   */
  static String read(InputStream in, String where) {
    return text(bytes(in, where), where);
  }

  /** Everything on standard input, whatever it is. */
  static byte[] bytes(InputStream in) {
    return bytes(in, STANDARD_INPUT);
  }

  private static byte[] bytes(InputStream in, String where) {
    try {
      byte[] bytes = in.readNBytes(MAXIMUM_BYTES + 1);
      if (bytes.length > MAXIMUM_BYTES) {
        throw CommandException.badInput(where + " has more than " + MAXIMUM_BYTES + " bytes");
      }
      return bytes;
    } catch (IOException e) {
      throw CommandException.badInput("cannot read " + where + ": " + Failures.sentence(e));
    }
  }

  /** Bytes as text, without what surrounds it. */
  static String text(byte[] bytes, String where) {
    // Spreadsheets begin with a byte order mark.
    String text = new String(bytes, StandardCharsets.UTF_8).replaceFirst("^\uFEFF", "").strip();
    if (text.isEmpty()) {
      throw CommandException.badInput(where + " is empty");
    }
    return text;
  }

  /**
   * A curve: JSON with "alphas" and "losses_nats" (or "lossesNats"), or CSV with the columns alpha
   * and loss, found by the names "alpha" and "loss" or "mean_loss_nats", else the first two.
   */
  static Curve curve(String text) {
    if (text.startsWith("{")) {
      return Json.parse(text, Curve.newBuilder(), "standard input").build();
    }
    List<CSVRecord> records = records(text);
    CSVRecord first = records.get(0);
    boolean header = !isNumber(first.get(0));
    int alphaColumn = 0;
    int lossColumn = 1;
    if (header) {
      List<String> names = first.stream().map(name -> name.toLowerCase(Locale.ROOT)).toList();
      alphaColumn = names.indexOf("alpha");
      lossColumn = names.contains("loss") ? names.indexOf("loss") : names.indexOf("mean_loss_nats");
      if (alphaColumn < 0 || lossColumn < 0) {
        throw CommandException.badInput(
            "the columns " + names + " lack 'alpha' or 'loss' (or 'mean_loss_nats')");
      }
    }
    Curve.Builder curve = Curve.newBuilder();
    for (CSVRecord row : header ? records.subList(1, records.size()) : records) {
      if (row.size() <= Math.max(alphaColumn, lossColumn)) {
        throw CommandException.badInput("line " + row.getRecordNumber() + " has too few columns");
      }
      curve.addAlphas(number(row, alphaColumn)).addLossesNats(number(row, lossColumn));
    }
    return curve.build();
  }

  /**
   * A matrix: a JSON array of arrays, a ClusterModelsRequest in JSON, or CSV with one row a line
   * and optionally a line of names.
   */
  static ClusterModelsRequest.Builder distances(String text) {
    return distances(text, STANDARD_INPUT);
  }

  /**
   * The same of a file.
   *
   * @param where the text comes from, for errors
   */
  static ClusterModelsRequest.Builder distances(String text, String where) {
    ClusterModelsRequest.Builder request = ClusterModelsRequest.newBuilder();
    if (text.startsWith("{")) {
      return Json.parse(text, request, where);
    }
    if (text.startsWith("[")) {
      for (Value row : jsonArray(text, where)) {
        Row.Builder values = request.addDistancesBuilder();
        for (Value value : row.getListValue().getValuesList()) {
          if (value.getKindCase() != Value.KindCase.NUMBER_VALUE) {
            throw CommandException.badInput(
                where + ": the matrix holds something that is not a number");
          }
          values.addValues(value.getNumberValue());
        }
      }
      return request;
    }
    List<CSVRecord> records = records(text, where);
    boolean header = !isNumber(records.get(0).get(0));
    for (CSVRecord record : header ? records.subList(1, records.size()) : records) {
      Row.Builder row = request.addDistancesBuilder();
      for (int column = 0; column < record.size(); column++) {
        row.addValues(number(record, column));
      }
    }
    return request;
  }

  private static List<Value> jsonArray(String text, String where) {
    Json.requireOne(text, where);
    try {
      Value.Builder value = Value.newBuilder();
      JsonFormat.parser().merge(text, value);
      return value.getListValue().getValuesList();
    } catch (InvalidProtocolBufferException e) {
      throw CommandException.badInput(where + " is no JSON that can be used: " + e.getMessage());
    }
  }

  static List<CSVRecord> records(String text) {
    return records(text, STANDARD_INPUT);
  }

  private static List<CSVRecord> records(String text, String where) {
    CSVFormat format = CSVFormat.DEFAULT.builder().setIgnoreEmptyLines(true).setTrim(true).get();
    try (CSVParser parser = CSVParser.parse(new StringReader(text), format)) {
      return parser.getRecords();
    } catch (UncheckedIOException e) {
      throw notCsv(requireNonNull(e.getCause()), where);
    } catch (IOException e) {
      throw notCsv(e, where);
    }
  }

  private static CommandException notCsv(IOException e, String where) {
    return CommandException.badInput(where + " is not CSV: " + CsvFault.of(e));
  }

  static boolean isNumber(String text) {
    try {
      Double.parseDouble(text);
      return true;
    } catch (NumberFormatException e) {
      return false;
    }
  }

  static double number(CSVRecord row, int column) {
    String text = row.get(column);
    if (!isNumber(text)) {
      throw CommandException.badInput(
          "line "
              + row.getRecordNumber()
              + ", column "
              + (column + 1)
              + ": '"
              + text
              + "' is not a number");
    }
    return Double.parseDouble(text);
  }
}
