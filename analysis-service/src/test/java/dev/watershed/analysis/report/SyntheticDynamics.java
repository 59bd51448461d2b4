package dev.watershed.analysis.report;

import dev.watershed.analysis.v1.BasinForecast;
import dev.watershed.analysis.v1.Change;
import dev.watershed.analysis.v1.CurveMetrics;
import dev.watershed.analysis.v1.Dynamics;
import dev.watershed.analysis.v1.Interval;
import dev.watershed.analysis.v1.PairDynamics;
import dev.watershed.analysis.v1.StepChange;
import dev.watershed.analysis.v1.StepSummary;
import dev.watershed.analysis.v1.UncertaintyUnit;
import java.util.Random;

/** Comparisons over four steps as the service would make them, from made-up metrics. */
final class SyntheticDynamics {
  private static final long[] STEPS = {0, 100, 300, 600};

  private SyntheticDynamics() {}

  static Dynamics of(int modelCount) {
    var random = new Random(11);
    var dynamics = Dynamics.newBuilder().setFinding("The basins show from step 300 on.");
    for (int i = 0; i < modelCount; i++) {
      dynamics.addLabels("seed " + i);
    }
    for (int s = 0; s < STEPS.length; s++) {
      var step =
          StepSummary.newBuilder()
              .setStudy("studies/step-" + STEPS[s])
              .setStep(STEPS[s])
              .setMeanBarrierHeightNats(.05 * s)
              .setMeanConvexityGapNats(.1 * s)
              .setMeanImprovedConvexityGapNats(.11 * s)
              .setMedianConvexityGapWithinNats(.03 * s)
              .setMedianConvexityGapAcrossNats(.2 * s)
              .setAdjustedRandIndex(s / 3.0)
              .setMeanLossNats(.7 - .15 * s)
              .setMeanAccuracy(.5 + .14 * s)
              .setOneBasin(s == 0);
      if (s < STEPS.length - 1) {
        step.setForecast(
            BasinForecast.newBuilder()
                .setRightCount(modelCount - 1)
                .setModelCount(modelCount)
                .setAccuracy((modelCount - 1.0) / modelCount)
                .setAccuracyInterval(Interval.newBuilder().setLow(.4).setHigh(.98))
                .setBalancedAccuracy(.8)
                .setMajorityAccuracy(2 / 3.)
                .setPBetterThanMajority(.2));
      }
      for (int i = 0; i < modelCount; i++) {
        step.addAssignments(s < 2 ? random.nextInt(2) : basin(i));
      }
      dynamics.addSteps(step);
    }
    for (int a = 0; a < modelCount; a++) {
      for (int b = a + 1; b < modelCount; b++) {
        var pair = PairDynamics.newBuilder().setLabelA("seed " + a).setLabelB("seed " + b);
        for (int s = 0; s < STEPS.length; s++) {
          double gap = (basin(a) == basin(b) ? .05 : .25) * s + .02 * random.nextDouble();
          pair.addMetrics(
              CurveMetrics.newBuilder()
                  .setBarrierHeightNats(.6 * gap)
                  .setBarrierAlpha(.5)
                  .setConvexityGapNats(gap)
                  .setImprovedConvexityGapNats(1.1 * gap)
                  .setAreaNats(.4 * gap));
        }
        dynamics.addPairs(pair);
      }
    }
    for (int from = 0; from < STEPS.length; from++) {
      for (int to = from + 1; to < STEPS.length; to++) {
        var change =
            Change.newBuilder()
                .setMeanNats(.1 * (to - from))
                .setStandardDeviationNats(.02)
                .setMinimumNats(-.01)
                .setMaximumNats(.2 * (to - from))
                .setPairCount(modelCount * (modelCount - 1) / 2)
                .setInterval(
                    Interval.newBuilder().setLow(.1 * (to - from) - .15).setHigh(.1 * to + .05))
                .setDistinguishable(to - from > 1)
                .setP(.03)
                .setUnit(UncertaintyUnit.UNCERTAINTY_UNIT_MODELS);
        dynamics.addChanges(
            StepChange.newBuilder()
                .setFromStep(STEPS[from])
                .setToStep(STEPS[to])
                .setBarrierHeight(change)
                .setConvexityGap(change)
                .setImprovedConvexityGap(change)
                .setArea(change)
                .setConvexityGapWithin(change)
                .setConvexityGapAcross(change));
      }
    }
    return dynamics.build();
  }

  private static int basin(int model) {
    return model % 3 == 1 ? 1 : 0;
  }
}
