package dev.watershed.bench;

import dev.watershed.analysis.fleet.ModelPair;
import dev.watershed.analysis.fleet.Tiles;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.PriorityQueue;
import java.util.stream.IntStream;

/**
 * A study on evaluators that are simulated event by event: the pairs are handed out by the tiles of
 * the analysis service themselves; how long an evaluator computes and reads is given.
 */
final class FleetSimulation {
  /** Share of a model's reading that goes on behind computing. */
  private static final double HIDDEN = .9;

  /** Until a lost evaluator is noticed, by keepalive at the latest. */
  private static final double NOTICED_SECONDS = 20;

  /**
   * A kind of evaluator, and of model.
   *
   * @param name for people
   * @param pairSeconds to compute a pair
   * @param loadSeconds to read a model
   * @param modelGigabytes what a model takes
   * @param held models that its memory takes
   */
  record Machine(
      String name, double pairSeconds, double loadSeconds, double modelGigabytes, int held) {}

  /**
   * One evaluator.
   *
   * @param speed 1 for what the machine says
   * @param joins seconds after the study began
   * @param leaves seconds after the study began; infinite where it stays
   */
  record Evaluator(double speed, double joins, double leaves) {
    /** One that is there all the time. */
    static final Evaluator STEADY = new Evaluator(1, 0, Double.POSITIVE_INFINITY);

    double capacityBy(double seconds) {
      return speed * Math.max(0, Math.min(seconds, leaves) - joins);
    }
  }

  /**
   * What came of it.
   *
   * @param seconds until the last pair was done
   * @param idealSeconds if nobody ever waited or read
   * @param reads of models, over all evaluators
   * @param plannedReads of one evaluator that does it all, by the anchored plan
   * @param pairs done; each once
   */
  record Outcome(double seconds, double idealSeconds, long reads, long plannedReads, long pairs) {
    double overIdeal() {
      return seconds / idealSeconds;
    }
  }

  private enum Kind {
    FREE,
    DONE,
    LOST
  }

  private record Event(double time, long order, int evaluator, Kind kind, ModelPair pair) {}

  private static final ModelPair NONE = new ModelPair(0, 0);

  private final Machine machine;
  private final List<Evaluator> fleet;
  private final Tiles tiles;
  private final int models;
  private final PriorityQueue<Event> events =
      new PriorityQueue<>(Comparator.comparingDouble(Event::time).thenComparingLong(Event::order));
  private final List<LinkedHashSet<Integer>> memories = new ArrayList<>();
  private final ArrayDeque<Integer> idle = new ArrayDeque<>();
  private long order;
  private long reads;
  private long pairs;

  private FleetSimulation(int models, Machine machine, List<Evaluator> fleet) {
    this.models = models;
    this.machine = machine;
    this.fleet = fleet;
    this.tiles = new Tiles(pairs(models));
    for (int i = 0; i < fleet.size(); i++) {
      memories.add(new LinkedHashSet<>());
      at(fleet.get(i).joins(), i, Kind.FREE, NONE);
    }
  }

  /** Runs a study of so many models to its end. */
  static Outcome run(int models, Machine machine, List<Evaluator> fleet) {
    return new FleetSimulation(models, machine, fleet).run();
  }

  /** The same without tiles: each pair, row by row, goes to the next evaluator in turn. */
  static Outcome roundRobin(int models, Machine machine, int evaluators) {
    var simulation = new FleetSimulation(models, machine, steady(evaluators));
    var seconds = new double[evaluators];
    int turn = 0;
    for (var pair : pairs(models)) {
      seconds[turn] += simulation.seconds(turn, pair);
      turn = (turn + 1) % evaluators;
    }
    simulation.pairs = (long) models * (models - 1) / 2;
    return simulation.outcome(
        IntStream.range(0, evaluators).mapToDouble(i -> seconds[i]).max().orElse(0));
  }

  /** So many that are there all the time. */
  static List<Evaluator> steady(int count) {
    return new ArrayList<>(Collections.nCopies(count, Evaluator.STEADY));
  }

  private static List<ModelPair> pairs(int models) {
    return IntStream.range(0, models)
        .boxed()
        .flatMap(a -> IntStream.range(a + 1, models).mapToObj(b -> new ModelPair(a, b)))
        .toList();
  }

  private void at(double time, int evaluator, Kind kind, ModelPair pair) {
    events.add(new Event(time, order++, evaluator, kind, pair));
  }

  private Outcome run() {
    double last = 0;
    while (!tiles.isDone()) {
      var event = events.remove();
      switch (event.kind()) {
        case FREE -> pull(event.evaluator(), event.time());
        case DONE -> {
          tiles.done(event.pair());
          pairs++;
          last = event.time();
          pull(event.evaluator(), event.time());
        }
        case LOST -> {
          tiles.putBack(event.pair());
          tiles.leave(event.evaluator());
          while (!idle.isEmpty()) {
            at(event.time(), idle.remove(), Kind.FREE, NONE);
          }
        }
      }
    }
    return outcome(last);
  }

  private void pull(int evaluator, double now) {
    if (now >= fleet.get(evaluator).leaves()) {
      tiles.leave(evaluator);
      return;
    }
    var claimed = tiles.claim(evaluator, machine.held());
    if (claimed.isEmpty()) {
      idle.add(evaluator);
      return;
    }
    double end = now + seconds(evaluator, claimed.get());
    double leaves = fleet.get(evaluator).leaves();
    if (end > leaves) {
      at(leaves + NOTICED_SECONDS, evaluator, Kind.LOST, claimed.get());
    } else {
      at(end, evaluator, Kind.DONE, claimed.get());
    }
  }

  /** What a pair takes there, with the reading that shows; it is in memory afterwards. */
  private double seconds(int evaluator, ModelPair pair) {
    var memory = memories.get(evaluator);
    int read = 0;
    for (int model : new int[] {pair.a(), pair.b()}) {
      if (!memory.remove(model)) {
        read++;
      }
      memory.add(model);
      if (memory.size() > machine.held()) {
        memory.removeFirst();
      }
    }
    reads += read;
    return machine.pairSeconds() / fleet.get(evaluator).speed()
        + read * machine.loadSeconds() * (1 - HIDDEN);
  }

  private Outcome outcome(double seconds) {
    return new Outcome(
        seconds, idealSeconds(), reads, Tiles.plannedReads(models, machine.held()), pairs);
  }

  /** When the evaluators could have done all if they did nothing but compute. */
  private double idealSeconds() {
    double work = (double) models * (models - 1) / 2 * machine.pairSeconds();
    double low = 0;
    double high = 1;
    while (capacityBy(high) < work) {
      high *= 2;
    }
    for (int i = 0; i < 100; i++) {
      double middle = (low + high) / 2;
      if (capacityBy(middle) < work) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return high;
  }

  private double capacityBy(double seconds) {
    return fleet.stream().mapToDouble(each -> each.capacityBy(seconds)).sum();
  }
}
