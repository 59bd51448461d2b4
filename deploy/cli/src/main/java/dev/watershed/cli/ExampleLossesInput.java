package dev.watershed.cli;

import dev.watershed.analysis.v1.AnalyzeCurveRequest;
import dev.watershed.analysis.v1.LossRow;
import dev.watershed.eval.v1.EvaluateInterpolationResponse;
import dev.watershed.eval.v1.ExampleLosses;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.apache.commons.csv.CSVRecord;

/**
 * A curve on standard input with the loss of every example, in any of three shapes: JSON with
 * "alphas" and "example_losses", a line of CSV for each alpha and example, or what {@code evaluate
 * --json --example-losses} wrote.
 */
final class ExampleLossesInput {
  private static final String WHERE = "standard input";

  private ExampleLossesInput() {}

  /** Returns the curve to analyse; a curve of means where no losses of examples are told. */
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
    Map<Double, LossRow.Builder> losses = new TreeMap<>();
    Map<Double, List<String>> examples = new TreeMap<>();
    for (CSVRecord row : rows) {
      if (row.size() <= Math.max(alpha, Math.max(example, loss))) {
        throw CommandException.badInput("line " + row.getRecordNumber() + " has too few columns");
      }
      double at = NumbersInput.number(row, alpha);
      losses
          .computeIfAbsent(at, unseen -> LossRow.newBuilder())
          .addLossesNats((float) NumbersInput.number(row, loss));
      examples.computeIfAbsent(at, unseen -> new ArrayList<>()).add(row.get(example));
    }
    AnalyzeCurveRequest.Builder request = AnalyzeCurveRequest.newBuilder();
    List<String> first = examples.values().stream().findFirst().orElse(List.of());
    examples.forEach(
        (at, seen) -> {
          if (!seen.equals(first)) {
            throw CommandException.badInput(
                "the examples at alpha "
                    + at
                    + " are not those at the first alpha in the same order; losses of one example"
                    + " must be told from those of another");
          }
        });
    losses.forEach(
        (at, row) -> {
          request.getCurveBuilder().addAlphas(at);
          request.addExampleLosses(row);
        });
    return request;
  }

  private static int column(List<String> names, String name) {
    int column = names.indexOf(name);
    if (column < 0) {
      throw CommandException.badInput("the columns " + names + " lack '" + name + "'");
    }
    return column;
  }
}
