package dev.watershed.analysis.study.comparison;

import dev.watershed.analysis.bootstrap.CurveUncertainty;
import dev.watershed.analysis.bootstrap.Resampled;
import dev.watershed.analysis.v1.CurveMetrics;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/** What a curve says of its two models, in nats, under the names that answers and tables have. */
public enum PairMetric {
  CONVEXITY_GAP(
      "convexity_gap",
      CurveMetrics::getConvexityGapNats,
      found -> Optional.of(found.convexityGap())),
  BARRIER_HEIGHT(
      "barrier_height",
      CurveMetrics::getBarrierHeightNats,
      found -> Optional.of(found.barrierHeight())),
  IMPROVED_CONVEXITY_GAP(
      "improved_convexity_gap",
      CurveMetrics::getImprovedConvexityGapNats,
      CurveUncertainty::improvedConvexityGap),
  AREA("area", CurveMetrics::getAreaNats, found -> Optional.of(found.area()));

  private final String word;
  private final ToDoubleFunction<CurveMetrics> value;
  private final Function<CurveUncertainty, Optional<Resampled>> resampled;

  PairMetric(
      String word,
      ToDoubleFunction<CurveMetrics> value,
      Function<CurveUncertainty, Optional<Resampled>> resampled) {
    this.word = word;
    this.value = value;
    this.resampled = resampled;
  }

  /** Returns the name in answers, in snake_case. */
  public String word() {
    return word;
  }

  /** Returns the name in sentences. */
  public String inWords() {
    return word.replace('_', ' ');
  }

  public double of(CurveMetrics metrics) {
    return value.applyAsDouble(metrics);
  }

  /** Returns its resamples; empty for the improved gap of a grid that is not nested. */
  public Optional<Resampled> of(CurveUncertainty found) {
    return resampled.apply(found);
  }
}
