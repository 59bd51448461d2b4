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
  private final LongAdder prefetchingNanos = new LongAdder();

  // Replaced as a whole, so that its parts always add up. Guarded by this.
  private DeviceWork deviceWork = DeviceWork.NONE;

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

  /** Nanoseconds of reading weights ahead, beside the device's threads. */
  public long prefetchingNanos() {
    return prefetchingNanos.sum();
  }

  /** What the device's threads have done, units that have ended. */
  public synchronized DeviceWork deviceWork() {
    return deviceWork;
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

  void addPrefetching(long nanos) {
    prefetchingNanos.add(nanos);
  }

  synchronized void add(DeviceWork work) {
    deviceWork = deviceWork.plus(work);
  }
}
