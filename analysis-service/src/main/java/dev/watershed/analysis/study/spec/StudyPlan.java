package dev.watershed.analysis.study.spec;

import dev.watershed.analysis.fleet.ModelPair;
import dev.watershed.analysis.v1.StudySpec;
import dev.watershed.eval.v1.SampleDescription;
import dev.watershed.type.v1.EvaluationSample;
import java.util.ArrayList;
import java.util.List;

/**
 * What a study needs measured: each model alone on every sample, and each pair between its ends.
 * The ends of all curves of a model are one evaluation.
 */
public record StudyPlan(StudySpec spec, AlphaGrid grid) {
  /** Of a spec whose defaults are filled in. */
  public static StudyPlan of(StudySpec spec) {
    return new StudyPlan(spec, AlphaGrid.of(spec));
  }

  public int modelCount() {
    return spec.getModelsCount();
  }

  public int pairCount() {
    return modelCount() * (modelCount() - 1) / 2;
  }

  /** Each model on each sample, and each pair's points of the first round. */
  public long pointCount() {
    return pointCount(grid.firstInteriorCount());
  }

  /** What the study needs at most. */
  public long mostPointCount() {
    return pointCount(grid.mostInteriorCount());
  }

  /** What it would need with so many points between the ends of each curve. */
  private long pointCount(int interior) {
    long along = (long) samplesAlongCurves().size() * grid.firstInteriorCount();
    return pairCount() * (interior + along) + (long) modelCount() * samples().size();
  }

  /** Whether the loss of every in-domain example is kept, for intervals. */
  public boolean keepsLosses() {
    return spec.getResampling().getResampleCount() > 0;
  }

  /** How many losses of examples are kept of a point on the in-domain sample. */
  public int keptLosses(SampleDescription inDomain) {
    return keepsLosses() ? inDomain.getExampleCount() : 0;
  }

  /** Whether the chosen distance is one of predictions. */
  public boolean needsProbabilities() {
    return switch (spec.getDistance()) {
      case DISTANCE_METRIC_DISAGREEMENT, DISTANCE_METRIC_JENSEN_SHANNON -> true;
      default -> false;
    };
  }

  /** The resource name of a model's checkpoint. */
  public String checkpoint(int model) {
    return spec.getModels(model).getCheckpoint();
  }

  /** The in-domain sample, then the diagnostics'. */
  public List<EvaluationSample> samples() {
    var samples = new ArrayList<EvaluationSample>();
    samples.add(spec.getInDomain());
    spec.getDiagnosticsList().forEach(diagnostic -> samples.add(diagnostic.getSample()));
    return samples;
  }

  /** Which samples, by their index, are measured between the ends of curves besides the first. */
  public List<Integer> samplesAlongCurves() {
    var along = new ArrayList<Integer>();
    for (int d = 0; d < spec.getDiagnosticsCount(); d++) {
      if (spec.getDiagnostics(d).getAlongCurves()) {
        along.add(d + 1);
      }
    }
    return along;
  }

  /** Every pair once. */
  public List<ModelPair> pairs() {
    var pairs = new ArrayList<ModelPair>(pairCount());
    for (int a = 0; a < modelCount(); a++) {
      for (int b = a + 1; b < modelCount(); b++) {
        pairs.add(new ModelPair(a, b));
      }
    }
    return pairs;
  }
}
