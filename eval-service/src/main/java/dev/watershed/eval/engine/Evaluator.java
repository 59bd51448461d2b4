package dev.watershed.eval.engine;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.watershed.classifier.TorchSettings;
import dev.watershed.classifier.checkpoint.CheckpointStore;
import dev.watershed.classifier.data.Datasets;
import dev.watershed.classifier.model.ClassificationScores;
import dev.watershed.classifier.model.ComputePrecision;
import dev.watershed.eval.plan.AffineCombination;
import dev.watershed.eval.plan.PointKey;
import dev.watershed.server.CallLimits;
import dev.watershed.server.RefusedException;
import jakarta.annotation.PreDestroy;
import jakarta.inject.Singleton;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.Semaphore;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Evaluates combinations of models on samples, with one device, and remembers what it found.
 *
 * <p>A call is admitted, opens an {@link Evaluation} and asks for one combination after the other.
 * Only while a combination is computed does the call hold the device and the models' weights.
 */
@Singleton
public final class Evaluator implements AutoCloseable {
  private static final int KNOWN_DISTANCES = 100_000;

  /** Of a sample: a mebibyte, as the contract says. */
  private static final int MOST_PROBABILITIES = 1 << 18;

  private final EvaluationConfiguration configuration;
  private final EvaluationCounters counters;
  private final Models models;
  private final SampleReader reader;
  private final Device device;
  private final Prefetcher prefetcher;
  private final int workers;
  private final Schedule schedule;
  private final Semaphore places;
  private final ConcurrentMap<SocketAddress, Integer> placesTaken = new ConcurrentHashMap<>();
  private final PointCache points;
  private final Cache<List<String>, Double> distances =
      Caffeine.newBuilder().maximumSize(KNOWN_DISTANCES).build();

  /** A call's place, from its admission until it is closed. */
  public interface Place extends AutoCloseable {
    @Override
    void close();
  }

  public Evaluator(
      EvaluationConfiguration configuration,
      TorchSettings torch,
      CheckpointStore store,
      Datasets datasets,
      EvaluationCounters counters) {
    this.configuration = configuration;
    this.counters = counters;
    models = new Models(store);
    reader =
        new SampleReader(
            datasets,
            models,
            counters,
            configuration.sampleMemory().bytes(),
            configuration.paddedTokensPerBatch());
    device =
        new Device(
            models, counters, configuration.memory().bytes(), configuration.paddedTokensPerBatch());
    prefetcher = new Prefetcher(device);
    workers = workers(configuration, torch);
    schedule = new Schedule("eval-device", workers, configuration.memory().bytes());
    places = new Semaphore(configuration.maxQueuedCalls());
    points = new PointCache(configuration.pointMemory().bytes());
  }

  private static int workers(EvaluationConfiguration configuration, TorchSettings torch) {
    if (configuration.workers() > 0) {
      return configuration.workers();
    }
    int processors = Runtime.getRuntime().availableProcessors();
    return torch.isCpu() ? Math.max(1, processors / torch.threads()) : 1;
  }

  /**
   * Admits a call.
   *
   * @throws RefusedException RESOURCE_EXHAUSTED, with when to come back, where there are as many
   *     calls as there may be, or its connection has as many as one may; UNAVAILABLE where this
   *     evaluator is stopping
   */
  public Place admit() {
    schedule.requireRunning();
    var connection = CallLimits.connection();
    connection.ifPresent(this::countIn);
    if (!places.tryAcquire()) {
      connection.ifPresent(this::countOut);
      throw RefusedException.resourceExhausted(
          "QUEUE_FULL",
          "This evaluator has "
              + configuration.maxQueuedCalls()
              + " calls already (watershed.eval.max-queued-calls); come back later or ask another"
              + " evaluator.",
          configuration.retryAfter());
    }
    return () -> {
      connection.ifPresent(this::countOut);
      places.release();
    };
  }

  /** One that asks for much must not shut the evaluator to everybody else. */
  private void countIn(SocketAddress connection) {
    placesTaken.compute(
        connection,
        (key, taken) -> {
          int before = taken == null ? 0 : taken;
          if (before == configuration.maxCallsPerConnection()) {
            throw RefusedException.resourceExhausted(
                "CONNECTION_FULL",
                "This connection has "
                    + before
                    + " calls at this evaluator already (watershed.eval.max-calls-per-connection);"
                    + " read them to their end first.",
                configuration.retryAfter());
          }
          return before + 1;
        });
  }

  private void countOut(SocketAddress connection) {
    placesTaken.computeIfPresent(connection, (key, taken) -> taken == 1 ? null : taken - 1);
  }

  /**
   * Finds models and draws samples.
   *
   * @param names resource names of the models
   * @param fields of the request that name each model, for errors
   * @param precision of the forward passes
   * @param details wanted of every example
   * @throws RefusedException and {@code InvalidInputException} where something is missing, damaged
   *     or does not fit
   */
  public Evaluation open(
      List<String> names,
      List<String> fields,
      List<AskedSample> samples,
      ComputePrecision precision,
      ExampleDetails details,
      BooleanSupplier cancelled)
      throws InterruptedException {
    List<Model> found = new ArrayList<>();
    for (int k = 0; k < names.size(); k++) {
      found.add(models.resolve(names.get(k), fields.get(k)));
    }
    Models.requireFitting(found);
    List<MeasuredSample> drawn = new ArrayList<>();
    for (int s = 0; s < samples.size(); s++) {
      drawn.add(reader.draw(samples.get(s), "samples[" + s + "]", found, cancelled));
      reader.requireFitting(drawn);
      if (details.probabilities()) {
        requireFewProbabilities(drawn.get(s), "samples[" + s + "].size");
      }
    }
    return new Evaluation(
        found, drawn, precision, details, device.requireRoom(found, drawn, precision));
  }

  private static void requireFewProbabilities(MeasuredSample sample, String field) {
    int examples = sample.encoded().examples().size();
    int labels = sample.mapping().dataLabels().size();
    if ((long) examples * labels > MOST_PROBABILITIES) {
      throw RefusedException.invalidArgument(
          "PROBABILITIES_TOO_MANY",
          field,
          String.format(
              Locale.ROOT,
              "%d examples of %d labels have more than %d probabilities; take fewer examples, or"
                  + " leave probabilities out",
              examples,
              labels,
              MOST_PROBABILITIES));
    }
  }

  /** Returns the Euclidean distance of the weights of two models that fit each other. */
  public double distance(Model a, Model b, BooleanSupplier cancelled) throws InterruptedException {
    boolean ordered = a.key().compareTo(b.key()) <= 0;
    List<String> pair = ordered ? List.of(a.key(), b.key()) : List.of(b.key(), a.key());
    Double known = distances.getIfPresent(pair);
    if (known == null) {
      try (Prefetcher.Announcement needed = prefetcher.announce(List.of(a, b))) {
        known =
            schedule.run(
                new Schedule.Needs(Device.distanceBytes(a), Set.of()),
                cancelled,
                turn -> counted(meter -> device.distance(a, b, meter)));
      }
      distances.put(pair, known);
    }
    return known;
  }

  /**
   * Returns the points of one combination, one for each sample: those known at once, the others
   * when it is this call's turn at the device.
   *
   * @param next what the caller will ask for after this, whose models may be read meanwhile; null
   *     where there is nothing
   * @param cancelled polled while waiting and between batches
   * @throws java.util.concurrent.CancellationException when {@code cancelled} says so
   */
  public List<Point> measure(
      Evaluation evaluation,
      AffineCombination weights,
      @Nullable AffineCombination next,
      BooleanSupplier cancelled)
      throws InterruptedException {
    List<PointKey> keys = keys(evaluation, weights);
    Map<PointKey, Point> found = known(keys, evaluation.details());
    if (!found.keySet().containsAll(keys)) {
      try (Prefetcher.Announcement now = prefetcher.announce(models(evaluation, weights));
          Prefetcher.Announcement later = prefetcher.announceLater(unknown(evaluation, next))) {
        found =
            schedule.run(
                new Schedule.Needs(evaluation.footprint().bytes(), keys),
                cancelled,
                turn -> counted(meter -> compute(evaluation, weights, keys, turn, now, meter)));
      }
    }
    List<Point> answer = new ArrayList<>();
    for (PointKey key : keys) {
      Point point = found.get(key);
      if (point == null) {
        throw new IllegalStateException("not computed: " + key);
      }
      if (point.cached()) {
        counters.countPointFromCache();
      }
      answer.add(point);
    }
    return answer;
  }

  /** To be called when a call was cancelled: it waits no longer. */
  public void wake() {
    schedule.wake();
    reader.wake();
  }

  /** Points computed at the same time at most. */
  public int workers() {
    return workers;
  }

  /** Calls that are computed, or wait for it. */
  int callCount() {
    return configuration.maxQueuedCalls() - places.availablePermits();
  }

  /** Bytes of native memory held now. */
  public long heldBytes() {
    return device.memory().heldBytes();
  }

  /** The most bytes that were held at once. */
  public long peakHeldBytes() {
    return device.memory().peakBytes();
  }

  /** The most bytes that may be held. */
  public long memoryLimitBytes() {
    return device.memory().maximumBytes();
  }

  private static List<PointKey> keys(Evaluation evaluation, AffineCombination weights) {
    List<PointKey> keys = new ArrayList<>();
    for (MeasuredSample sample : evaluation.samples()) {
      keys.add(
          new PointKey(
              weights,
              sample.encoded().digest().sha256(),
              sample.mappingAsked(),
              sample.mapping().positiveLabel(),
              evaluation.precision()));
    }
    return keys;
  }

  private static List<Model> models(Evaluation evaluation, AffineCombination weights) {
    return weights.terms().stream().map(term -> evaluation.model(term.model())).toList();
  }

  /** Models that a combination will be computed from; none where it is known already. */
  private List<Model> unknown(Evaluation evaluation, @Nullable AffineCombination weights) {
    if (weights == null) {
      return List.of();
    }
    List<PointKey> keys = keys(evaluation, weights);
    boolean isKnown = known(keys, evaluation.details()).keySet().containsAll(keys);
    return isKnown ? List.of() : models(evaluation, weights);
  }

  /** Work of the device, which tells a meter what it takes. */
  @FunctionalInterface
  private interface Metered<T> {
    T run(WorkMeter meter) throws InterruptedException;
  }

  private <T> T counted(Metered<T> work) throws InterruptedException {
    WorkMeter meter = new WorkMeter();
    try {
      return work.run(meter);
    } finally {
      counters.add(meter.end());
    }
  }

  /**
   * Computes what is missing now, at this call's turn: others may have computed it meanwhile, and
   * nobody does now.
   */
  private Map<PointKey, Point> compute(
      Evaluation evaluation,
      AffineCombination weights,
      List<PointKey> keys,
      Schedule.Turn turn,
      Prefetcher.Announcement announced,
      WorkMeter meter)
      throws InterruptedException {
    Map<PointKey, Point> found = known(keys, evaluation.details());
    Map<PointKey, MeasuredSample> missing = new LinkedHashMap<>();
    for (int s = 0; s < keys.size(); s++) {
      if (!found.containsKey(keys.get(s))) {
        missing.put(keys.get(s), evaluation.samples().get(s));
      }
    }
    if (missing.isEmpty()) {
      return found;
    }
    List<float[]> logits =
        device.logits(
            evaluation, weights, List.copyOf(missing.values()), turn, announced::close, meter);
    int s = 0;
    for (Map.Entry<PointKey, MeasuredSample> entry : missing.entrySet()) {
      Point point = score(entry.getValue(), logits.get(s++), evaluation.details());
      counters.countPointComputed();
      points.put(entry.getKey(), point);
      found.put(entry.getKey(), point);
    }
    return found;
  }

  private Map<PointKey, Point> known(List<PointKey> keys, ExampleDetails wanted) {
    Map<PointKey, Point> known = new LinkedHashMap<>();
    for (PointKey key : keys) {
      Point point = points.find(key, wanted);
      if (point != null) {
        known.put(key, point);
      }
    }
    return known;
  }

  private static Point score(MeasuredSample sample, float[] logits, ExampleDetails wanted) {
    double[] reduced = sample.mapping().reduce(logits);
    int labelCount = sample.mapping().dataLabels().size();
    int[] labels = sample.labels();
    return new Point(
        ClassificationScores.of(reduced, labelCount, labels, sample.mapping().positive()),
        wanted.losses() ? ClassificationScores.exampleLosses(reduced, labelCount, labels) : null,
        wanted.probabilities() ? ClassificationScores.probabilities(reduced, labelCount) : null,
        false);
  }

  /** Stops: what is being computed ends within one batch, then all native memory is freed. */
  @Override
  @PreDestroy
  public void close() {
    // In this order: nothing is freed before the passes over it have ended.
    schedule.close();
    prefetcher.close();
    device.close();
    reader.close();
  }
}
