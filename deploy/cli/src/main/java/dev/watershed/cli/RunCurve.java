package dev.watershed.cli;

import dev.watershed.cli.terminal.LinePlot;
import dev.watershed.trainer.v1.RunCheckpoint;
import dev.watershed.trainer.v1.TrainingPoint;
import dev.watershed.trainer.v1.TrainingRun;
import dev.watershed.type.v1.ClassificationMetrics;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** The losses of a run over its steps. */
final class RunCurve {
  private RunCurve() {}

  /** The training loss as a picture; the run has a curve. */
  static List<String> plot(TrainingRun run) {
    List<String> lines = new ArrayList<>();
    List<TrainingPoint> curve = run.getCurveList();
    lines.add("training loss (nats) of the steps' batches");
    lines.addAll(
        LinePlot.lines(
            curve.stream().mapToDouble(TrainingPoint::getTrainingLossNats).toArray(),
            "step " + curve.get(0).getStep(),
            String.valueOf(curve.get(curve.size() - 1).getStep())));
    return lines;
  }

  /**
   * A row for each step that has a training loss, validation scores or both. A cell is empty where
   * the step has none of it; numbers are written so that they can be read back exactly.
   */
  static List<List<String>> table(TrainingRun run) {
    SortedMap<Long, TrainingPoint> points = new TreeMap<>();
    run.getCurveList().forEach(point -> points.put(point.getStep(), point));
    SortedMap<Long, ClassificationMetrics> scores = new TreeMap<>();
    run.getCheckpointsList().stream()
        .filter(RunCheckpoint::hasValidation)
        .forEach(written -> scores.put(written.getStep(), written.getValidation()));
    // Masked language modelling is scored by its loss alone.
    boolean lossAlone = run.getSpec().hasMaskedLanguageModel();
    SortedSet<Long> steps = new TreeSet<>(points.keySet());
    steps.addAll(scores.keySet());
    List<List<String>> rows = new ArrayList<>();
    rows.add(
        List.of(
            "step",
            "training_loss_nats",
            "learning_rate",
            "validation_loss_nats",
            "validation_accuracy",
            "validation_f1",
            "validation_matthews_correlation"));
    for (long step : steps) {
      rows.add(row(step, points.get(step), scores.get(step), lossAlone));
    }
    return rows;
  }

  private static List<String> row(
      long step,
      @Nullable TrainingPoint point,
      @Nullable ClassificationMetrics metrics,
      boolean lossAlone) {
    List<String> cells = new ArrayList<>();
    cells.add(String.valueOf(step));
    cells.add(point == null ? "" : String.valueOf(point.getTrainingLossNats()));
    cells.add(point == null ? "" : String.valueOf(point.getLearningRate()));
    if (metrics == null) {
      cells.addAll(List.of("", "", "", ""));
    } else {
      cells.add(String.valueOf(metrics.getMeanLossNats()));
      if (lossAlone) {
        cells.addAll(List.of("", "", ""));
      } else {
        cells.add(String.valueOf(metrics.getAccuracy()));
        cells.add(String.valueOf(metrics.getF1()));
        cells.add(String.valueOf(metrics.getMatthewsCorrelation()));
      }
    }
    return cells;
  }
}
