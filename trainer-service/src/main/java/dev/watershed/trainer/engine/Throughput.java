package dev.watershed.trainer.engine;

import java.util.ArrayDeque;
import java.util.function.LongSupplier;

/** How many examples a second, over the last seconds. Used by one thread. */
final class Throughput {
  private static final long WINDOW_NANOS = 5_000_000_000L;

  private record Mark(long nanos, long examples) {}

  private final LongSupplier nanoTime;
  private final ArrayDeque<Mark> marks = new ArrayDeque<>();
  private long examples;

  Throughput(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
    marks.add(new Mark(nanoTime.getAsLong(), 0));
  }

  /** Counts examples that were just trained on. */
  void add(int count) {
    examples += count;
    long now = nanoTime.getAsLong();
    marks.add(new Mark(now, examples));
    while (marks.size() > 2 && now - marks.getFirst().nanos() > WINDOW_NANOS) {
      marks.removeFirst();
    }
  }

  /** Returns examples per second; 0 before anything was counted. */
  double perSecond() {
    var first = marks.getFirst();
    var last = marks.getLast();
    long nanos = last.nanos() - first.nanos();
    return nanos > 0 ? (last.examples() - first.examples()) * 1e9 / nanos : 0;
  }
}
