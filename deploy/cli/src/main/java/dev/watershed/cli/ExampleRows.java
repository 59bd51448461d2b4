package dev.watershed.cli;

import dev.watershed.analysis.v1.AnalyzeCurveRequest;
import dev.watershed.analysis.v1.LossRow;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A curve with its losses of examples, of a table that has one row an alpha and example. */
final class ExampleRows {
  private final Map<Double, LossRow.Builder> losses = new TreeMap<>();
  private final Map<Double, List<String>> examples = new TreeMap<>();

  /**
   * @param example what tells it from others; the same at every alpha
   * @param loss in nats
   */
  void add(double alpha, String example, double loss) {
    losses.computeIfAbsent(alpha, unseen -> LossRow.newBuilder()).addLossesNats((float) loss);
    examples.computeIfAbsent(alpha, unseen -> new ArrayList<>()).add(example);
  }

  /**
   * Returns the curve to analyse, by ascending alpha.
   *
   * @throws CommandException if an alpha has other examples than the first, or another order
   */
  AnalyzeCurveRequest.Builder request() {
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
    AnalyzeCurveRequest.Builder request = AnalyzeCurveRequest.newBuilder();
    losses.forEach(
        (at, row) -> {
          request.getCurveBuilder().addAlphas(at);
          request.addExampleLosses(row);
        });
    return request;
  }
}
