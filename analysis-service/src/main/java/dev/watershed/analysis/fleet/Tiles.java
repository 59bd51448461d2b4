package dev.watershed.analysis.fleet;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The pairs of a study that are left to measure, handed out in tiles: each goes to one evaluator as
 * a whole, to the one that has to read the fewest models for it. Pure; for one thread at a time.
 *
 * <p>A tile is some <em>anchors</em>, models that stay in the evaluator's memory, and eight models
 * that are streamed past them, one after the other. With memory for m models m - 2 are anchors, so
 * that every model read serves m - 2 pairs. The two places left are of the model that is computed
 * with and of the next, which is read meanwhile.
 *
 * <p>Who finds no tile takes half of what is left of another's, so that all end together.
 */
public final class Tiles {
  private static final int STREAMED = 8;

  /** At most so many anchors, or this share of the models, where memory would allow more. */
  private static final int MOST_ANCHORS = 8;

  private final Set<ModelPair> left;
  private final Set<ModelPair> running = new HashSet<>();
  private final ArrayDeque<ModelPair> putBack = new ArrayDeque<>();
  private final Map<Object, Holder> holders = new LinkedHashMap<>();

  /** Null until the first claim says how much memory there is. */
  private @Nullable List<Tile> open;

  /** Pairs that were not claimed yet. */
  private record Tile(int anchor, BitSet models, ArrayDeque<ModelPair> pairs) {}

  /** An evaluator: what it works on, and the models it is bound to have in memory. */
  private static final class Holder {
    private final LinkedHashSet<Integer> held = new LinkedHashSet<>();
    private Tile tile = new Tile(-1, new BitSet(), new ArrayDeque<>());

    private void use(ModelPair pair, int capacity) {
      for (int model : new int[] {pair.a(), pair.b()}) {
        held.remove(model);
        held.add(model);
      }
      while (held.size() > capacity) {
        held.removeFirst();
      }
    }

    private boolean hasPairs() {
      return !tile.pairs().isEmpty();
    }
  }

  /**
   * @param pairs each once
   */
  public Tiles(Collection<ModelPair> pairs) {
    left = new LinkedHashSet<>(pairs);
    if (left.size() != pairs.size()) {
      throw new IllegalArgumentException("a pair came twice");
    }
  }

  /**
   * Takes the next pair for an evaluator.
   *
   * @param lane names the evaluator
   * @param capacity models that its memory takes
   */
  public Optional<ModelPair> claim(Object lane, int capacity) {
    if (open == null) {
      open = tiles(left, anchorCount(capacity));
    }
    var holder = holders.computeIfAbsent(lane, key -> new Holder());
    var pair = putBack.poll();
    if (pair == null) {
      if (!holder.hasPairs()) {
        var tile = nearest(open, holder).or(() -> half(holder));
        if (tile.isEmpty()) {
          return Optional.empty();
        }
        holder.tile = tile.get();
      }
      pair = holder.tile.pairs().remove();
    }
    holder.use(pair, Math.max(2, capacity));
    running.add(pair);
    return Optional.of(pair);
  }

  /** Whether an evaluator has begun a tile and not claimed all of it. */
  public boolean hasTile(Object lane) {
    var holder = holders.get(lane);
    return holder != null && holder.hasPairs();
  }

  /** Says that a claimed pair is measured. */
  public void done(ModelPair pair) {
    end(pair);
    left.remove(pair);
  }

  /** Gives a claimed pair back; it is the next that anybody gets. */
  public void putBack(ModelPair pair) {
    end(pair);
    putBack.add(pair);
  }

  private void end(ModelPair pair) {
    if (!running.remove(pair)) {
      throw new IllegalStateException(pair + " was not claimed");
    }
  }

  /**
   * Says that an evaluator is gone, or has lost its memory: what it did not claim is open again.
   */
  public void leave(Object lane) {
    var holder = holders.remove(lane);
    if (holder != null && holder.hasPairs() && open != null) {
      open.add(holder.tile);
    }
  }

  /** Whether every pair is done. */
  public boolean isDone() {
    return left.isEmpty();
  }

  /** A pair that is not done. */
  public Optional<ModelPair> anyLeft() {
    return left.stream().findFirst();
  }

  /**
   * How many models one evaluator reads for all pairs of a study by this plan: each group of
   * anchors itself, and all models beyond it.
   *
   * @param capacity models that its memory takes
   */
  public static long plannedReads(int models, int capacity) {
    if (models <= capacity) {
      return models;
    }
    int anchors = anchorCount(models, capacity);
    return IntStream.iterate(0, first -> first < models - 1, first -> first + anchors)
        .mapToLong(first -> models - first)
        .sum();
  }

  private int anchorCount(int capacity) {
    return anchorCount(left.stream().mapToInt(ModelPair::b).max().orElse(0) + 1, capacity);
  }

  private static int anchorCount(int models, int capacity) {
    return Math.clamp(capacity - 2, 1, Math.max(MOST_ANCHORS, models / MOST_ANCHORS));
  }

  /** By anchors, those among themselves first; each streamed model with all its anchors. */
  private static List<Tile> tiles(Collection<ModelPair> pairs, int anchors) {
    record Place(int anchor, int streamed) {}
    var tiles =
        new TreeMap<Place, Tile>(
            Comparator.comparingInt(Place::anchor).thenComparingInt(Place::streamed));
    pairs.stream()
        .sorted(Comparator.comparingInt(ModelPair::b).thenComparingInt(ModelPair::a))
        .forEach(
            pair -> {
              int anchor = pair.a() / anchors;
              int beyond = pair.b() - (anchor + 1) * anchors;
              var tile =
                  tiles.computeIfAbsent(
                      new Place(anchor, beyond < 0 ? -1 : beyond / STREAMED),
                      place -> new Tile(anchor, new BitSet(), new ArrayDeque<>()));
              tile.models().set(pair.a());
              tile.models().set(pair.b());
              tile.pairs().add(pair);
            });
    return new ArrayList<>(tiles.values());
  }

  /** Removes the tile that has the fewest models to be read for each of its pairs. */
  private Optional<Tile> nearest(List<Tile> tiles, Holder holder) {
    record Candidate(int index, double cost, boolean otherAnchor, int sharers) {}
    var held = new BitSet();
    holder.held.forEach(held::set);
    var sharers = sharers(holder);
    return IntStream.range(0, tiles.size())
        .mapToObj(
            index -> {
              var tile = tiles.get(index);
              var unread = (BitSet) tile.models().clone();
              unread.andNot(held);
              return new Candidate(
                  index,
                  (double) unread.cardinality() / tile.pairs().size(),
                  tile.anchor() != holder.tile.anchor(),
                  sharers.getOrDefault(tile.anchor(), 0));
            })
        .min(
            Comparator.comparingDouble(Candidate::cost)
                .thenComparing(Candidate::otherAnchor)
                .thenComparingInt(Candidate::sharers)
                .thenComparingInt(Candidate::index))
        .map(candidate -> tiles.remove(candidate.index()));
  }

  /** By anchor, how many others work on a tile of it. */
  private Map<Integer, Integer> sharers(Holder but) {
    var sharers = new HashMap<Integer, Integer>();
    for (var holder : holders.values()) {
      if (holder != but && holder.hasPairs()) {
        sharers.merge(holder.tile.anchor(), 1, Integer::sum);
      }
    }
    return sharers;
  }

  /** Takes the later half of the pairs of whoever has most. */
  private Optional<Tile> half(Holder taker) {
    return holders.values().stream()
        .filter(holder -> holder != taker && holder.hasPairs())
        .max(Comparator.comparingInt(holder -> holder.tile.pairs().size()))
        .map(holder -> halved(holder.tile));
  }

  private static Tile halved(Tile tile) {
    var taken = new ArrayDeque<ModelPair>();
    for (int count = (tile.pairs().size() + 1) / 2; count > 0; count--) {
      taken.addFirst(tile.pairs().removeLast());
    }
    return new Tile(tile.anchor(), tile.models(), taken);
  }
}
