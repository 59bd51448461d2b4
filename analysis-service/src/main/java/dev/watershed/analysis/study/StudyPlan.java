package dev.watershed.analysis.study;

import dev.watershed.analysis.v1.StudySpec;
import dev.watershed.type.v1.EvaluationSample;
import java.util.ArrayList;
import java.util.List;

/**
 * What a study needs measured: each model alone on every sample, and each pair between its ends.
 * The ends of all curves of a model are one evaluation.
 */
record StudyPlan(StudySpec spec, AlphaGrid grid) {
  /**
   * Pairs are taken in square tiles of this many models, so that an evaluator finds them loaded.
   */
  private static final int TILE = 8;

  /** Two models, by index; {@code a < b}. */
  record Pair(int a, int b) {}

  static StudyPlan of(StudySpec spec) {
    return new StudyPlan(spec, AlphaGrid.of(spec));
  }

  int modelCount() {
    return spec.getModelsCount();
  }

  int pairCount() {
    return modelCount() * (modelCount() - 1) / 2;
  }

  /** Each model on each sample, and each pair's points of the first round. */
  long pointCount() {
    return pointCount(grid.firstInteriorCount());
  }

  /** What the study needs at most. */
  long mostPointCount() {
    return pointCount(grid.mostInteriorCount());
  }

  /** What it would need with so many points between the ends of each curve. */
  private long pointCount(int interior) {
    return (long) pairCount() * interior + (long) modelCount() * samples().size();
  }

  String checkpoint(int model) {
    return spec.getModels(model).getCheckpoint();
  }

  /** The in-domain sample, then the diagnostics'. */
  List<EvaluationSample> samples() {
    var samples = new ArrayList<EvaluationSample>();
    samples.add(spec.getInDomain());
    spec.getDiagnosticsList().forEach(diagnostic -> samples.add(diagnostic.getSample()));
    return samples;
  }

  /** Every pair once, those of a tile together. */
  List<Pair> pairs() {
    var pairs = new ArrayList<Pair>(pairCount());
    for (int row = 0; row < modelCount(); row += TILE) {
      for (int column = row; column < modelCount(); column += TILE) {
        for (int a = row; a < Math.min(row + TILE, modelCount()); a++) {
          for (int b = Math.max(a + 1, column); b < Math.min(column + TILE, modelCount()); b++) {
            pairs.add(new Pair(a, b));
          }
        }
      }
    }
    return pairs;
  }
}
