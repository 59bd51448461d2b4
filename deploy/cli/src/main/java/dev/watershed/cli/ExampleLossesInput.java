package dev.watershed.cli;

import dev.watershed.analysis.v1.AnalyzeCurveRequest;
import dev.watershed.analysis.v1.Curve;
import dev.watershed.analysis.v1.LossRow;
import dev.watershed.cli.parquet.ParquetTable;
import dev.watershed.eval.v1.EvaluateInterpolationResponse;
import dev.watershed.eval.v1.ExampleLosses;
import dev.watershed.input.Quoted;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.apache.commons.csv.CSVRecord;

/**
 * A curve on standard input with the loss of every example, in any of these shapes: JSON with
 * "alphas" and "example_losses", a line of CSV or a row of Parquet for each alpha and example, or
 * what {@code evaluate --json --example-losses} wrote.
 */
final class ExampleLossesInput {
  private static final String WHERE = "standard input";

  private ExampleLossesInput() {}

  /** Returns the curve to analyse; a curve of means where no losses of examples are told. */
  static AnalyzeCurveRequest.Builder read(byte[] bytes) {
    return ParquetTable.isParquet(bytes) ? ofParquet(bytes) : read(NumbersInput.text(bytes, WHERE));
  }

  /** The same of text. */
  static AnalyzeCurveRequest.Builder read(String text) {
    if (!text.startsWith("{")) {
      List<CSVRecord> records = NumbersInput.records(text);
      List<String> names =
          records.get(0).stream().map(name -> name.toLowerCase(Locale.ROOT)).toList();
      return names.contains("example")
          ? ofRows(records.subList(1, records.size()), names)
          : AnalyzeCurveRequest.newBuilder().setCurve(NumbersInput.curve(text));
    }
    String beginning = text.substring(0, Math.min(text.length(), 200));
    if (beginning.matches("(?s)\\{\\s*\"header\".*")) {
      return ofEvaluation(text.lines().filter(line -> !line.isBlank()).toList());
    }
    if (text.contains("\"example_losses\"") || text.contains("\"exampleLosses\"")) {
      return Json.parse(text, AnalyzeCurveRequest.newBuilder(), WHERE);
    }
    return AnalyzeCurveRequest.newBuilder().setCurve(NumbersInput.curve(text));
  }

  private static AnalyzeCurveRequest.Builder ofEvaluation(List<String> lines) {
    AnalyzeCurveRequest.Builder request = AnalyzeCurveRequest.newBuilder();
    LossRow.Builder row = LossRow.newBuilder();
    boolean ended = false;
    for (int i = 0; i < lines.size(); i++) {
      EvaluateInterpolationResponse response =
          Json.parse(
                  lines.get(i),
                  EvaluateInterpolationResponse.newBuilder(),
                  WHERE + ", line " + (i + 1))
              .build();
      switch (response.getPayloadCase()) {
        case POINT -> {
          if (response.getPoint().getSampleIndex() != 0) {
            throw CommandException.badInput(
                "the losses are of several samples; evaluate one sample at a time");
          }
          request.getCurveBuilder().addAlphas(response.getPoint().getAlpha());
          row = request.addExampleLossesBuilder();
          ended = true;
        }
        case EXAMPLE_LOSSES -> {
          ExampleLosses losses = response.getExampleLosses();
          if (losses.getFirstExample() != row.getLossesNatsCount()) {
            throw CommandException.badInput(
                "line "
                    + (i + 1)
                    + " goes on with example "
                    + losses.getFirstExample()
                    + " after "
                    + row.getLossesNatsCount()
                    + " examples; give the whole output");
          }
          for (double loss : losses.getLossesNatsList()) {
            row.addLossesNats((float) loss);
          }
        }
        default -> {
          // What the points are about.
        }
      }
    }
    if (!ended || request.getExampleLosses(0).getLossesNatsCount() == 0) {
      throw CommandException.badInput(
          "the evaluation has no losses of examples; ask for them with --example-losses");
    }
    return request;
  }

  private static AnalyzeCurveRequest.Builder ofRows(List<CSVRecord> rows, List<String> names) {
    int alpha = column(names, "alpha");
    int example = column(names, "example");
    int loss = column(names, names.contains("loss") ? "loss" : "loss_nats");
    ExampleRows table = new ExampleRows();
    for (CSVRecord row : rows) {
      if (row.size() <= Math.max(alpha, Math.max(example, loss))) {
        throw CommandException.badInput("line " + row.getRecordNumber() + " has too few columns");
      }
      table.add(NumbersInput.number(row, alpha), row.get(example), NumbersInput.number(row, loss));
    }
    return table.request();
  }

  /** A table with the columns of CSV: alpha, loss and, of examples, example. */
  private static AnalyzeCurveRequest.Builder ofParquet(byte[] file) {
    try (ParquetTable table = ParquetTable.open(file)) {
      List<String> names =
          table.columns().stream().map(name -> name.toLowerCase(Locale.ROOT)).toList();
      List<String> wanted = new ArrayList<>();
      wanted.add(table.columns().get(column(names, "alpha")));
      wanted.add(
          table
              .columns()
              .get(
                  column(
                      names,
                      names.contains("loss_nats")
                          ? "loss_nats"
                          : names.contains("mean_loss_nats") ? "mean_loss_nats" : "loss")));
      if (!names.contains("example")) {
        Curve.Builder curve = Curve.newBuilder();
        Set<Double> alphas = new HashSet<>();
        table.read(
            wanted,
            row -> {
              double alpha = number(row[0], "alpha");
              if (!alphas.add(alpha)) {
                throw CommandException.badInput(
                    "alpha "
                        + alpha
                        + " has more than one loss: give one curve, such as one pair of"
                        + " points.parquet, or tell the losses of examples apart by a column"
                        + " 'example'");
              }
              curve.addAlphas(alpha).addLossesNats(number(row[1], "loss"));
            });
        return AnalyzeCurveRequest.newBuilder().setCurve(curve);
      }
      wanted.add(table.columns().get(names.indexOf("example")));
      ExampleRows rows = new ExampleRows();
      table.read(
          wanted,
          row -> rows.add(number(row[0], "alpha"), String.valueOf(row[2]), number(row[1], "loss")));
      return rows.request();
    }
  }

  private static double number(Object value, String column) {
    if (value instanceof Number number) {
      return number.doubleValue();
    }
    throw CommandException.badInput(
        "column '" + column + "' holds '" + Quoted.of(value.toString()) + "', which is no number");
  }

  private static int column(List<String> names, String name) {
    int column = names.indexOf(name);
    if (column < 0) {
      throw CommandException.badInput("the columns " + names + " lack '" + name + "'");
    }
    return column;
  }
}
