package dev.watershed.eval.engine;

import jakarta.inject.Singleton;
import java.util.concurrent.atomic.LongAdder;

/** What was computed since the process started, and what did not have to be. */
@Singleton
public final class EvaluationCounters {
  private final LongAdder pointsComputed = new LongAdder();
  private final LongAdder pointsFromCache = new LongAdder();
  private final LongAdder vectorsRead = new LongAdder();
  private final LongAdder samplesDrawn = new LongAdder();

  /** Forward passes of one combination over one sample. */
  public long pointsComputed() {
    return pointsComputed.sum();
  }

  /** Points answered that were known already. */
  public long pointsFromCache() {
    return pointsFromCache.sum();
  }

  /** Models whose weights were read from the store. */
  public long vectorsRead() {
    return vectorsRead.sum();
  }

  /** Samples drawn and encoded. */
  public long samplesDrawn() {
    return samplesDrawn.sum();
  }

  void countPointComputed() {
    pointsComputed.increment();
  }

  void countPointFromCache() {
    pointsFromCache.increment();
  }

  void countVectorRead() {
    vectorsRead.increment();
  }

  void countSampleDrawn() {
    samplesDrawn.increment();
  }
}
