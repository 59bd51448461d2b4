package dev.watershed.analysis.fleet;

import dev.watershed.eval.v1.EvaluationServiceGrpc;
import dev.watershed.eval.v1.EvaluationServiceGrpc.EvaluationServiceBlockingStub;
import io.grpc.ManagedChannel;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/**
 * The way to one evaluator: a plain channel, how much it takes, and when it may be asked again.
 * Guarded by the lock of {@link Lanes}, but for the calls themselves.
 */
final class Lane {
  /** Where an evaluator does not say. */
  private static final int PLACES = 2;

  private final String name;
  private final ManagedChannel channel;
  private final EvaluatorConfiguration configuration;

  private Duration backoff;
  private long restedAt = System.nanoTime();
  private boolean ready;
  private boolean leaving;
  private int workers;
  private long memoryBytes;
  private int inFlight;

  Lane(String name, ManagedChannel channel, EvaluatorConfiguration configuration) {
    this.name = name;
    this.channel = channel;
    this.configuration = configuration;
    this.backoff = configuration.firstBackoff();
  }

  ManagedChannel channel() {
    return channel;
  }

  EvaluationServiceBlockingStub stub(Duration deadline) {
    return EvaluationServiceGrpc.newBlockingStub(channel)
        .withDeadlineAfter(deadline.toNanos(), TimeUnit.NANOSECONDS);
  }

  /** Whether it has answered a probe and failed in nothing since. */
  boolean isReady() {
    return ready;
  }

  /**
   * It has answered.
   *
   * @param workers that compute, 0 where it does not say
   * @param memoryBytes that it has for models and scratch, 0 where it does not say
   */
  void isThere(int workers, long memoryBytes) {
    ready = true;
    this.workers = workers;
    this.memoryBytes = memoryBytes;
  }

  /** It is to be probed before it gets more. */
  void doubt() {
    ready = false;
  }

  /** It brought something. */
  void progressed() {
    backoff = configuration.firstBackoff();
  }

  /** It gets nothing for a while: what it wants, or longer each time. */
  Duration rest(Duration wanted) {
    long nanos = backoff.toNanos();
    var wait = Duration.ofNanos(ThreadLocalRandom.current().nextLong(nanos / 2, nanos + 1));
    backoff = min(backoff.multipliedBy(2), configuration.longestBackoff());
    var asked = min(wanted, configuration.patience());
    var rest = asked.compareTo(wait) > 0 ? asked : wait;
    restedAt = System.nanoTime() + rest.toNanos();
    return rest;
  }

  long restNanos() {
    return restedAt - System.nanoTime();
  }

  boolean hasPlace() {
    int places = configuration.concurrency();
    if (places == 0) {
      places = workers == 0 ? PLACES : workers + 1;
    }
    return inFlight < places;
  }

  void begin() {
    inFlight++;
  }

  void end() {
    inFlight--;
  }

  void leave() {
    leaving = true;
  }

  boolean isLeaving() {
    return leaving;
  }

  /**
   * How many models its memory takes beside what each of its workers computes with: a combination,
   * that rounded, and a sample.
   */
  int capacity(long modelBytes) {
    if (memoryBytes == 0 || modelBytes == 0) {
      return Integer.MAX_VALUE;
    }
    double models = (double) memoryBytes / modelBytes - 1.5 * Math.max(1, workers);
    return (int) Math.clamp(models, 0, Integer.MAX_VALUE);
  }

  private static Duration min(Duration a, Duration b) {
    return a.compareTo(b) < 0 ? a : b;
  }

  @Override
  public String toString() {
    return name;
  }
}
