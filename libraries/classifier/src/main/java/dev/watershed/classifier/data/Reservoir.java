package dev.watershed.classifier.data;

import dev.watershed.classifier.RandomStream;
import java.util.Arrays;
import java.util.Comparator;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/**
 * The rows of a sample, drawn while they go by: those that {@link EncodedSample} chooses of all,
 * without holding all. The first {@code size} places of a permutation made by Fisher and Yates from
 * the inside out are a reservoir: later rows only ever displace what lies in them.
 */
final class Reservoir implements AutoCloseable {
  /** Displaced rows take memory until the rest is copied, which fewer than these are not worth. */
  private static final int TOLERATED = 1024;

  private static final int FIRST_SLOTS = 1024;

  private final int size;
  private final RandomGenerator random;
  private final DataMemory memory;
  private StoredList<Row> stored;
  // Of each place in the permutation: the row's number, and where it is stored.
  private int[] numbers = new int[FIRST_SLOTS];
  private int[] places = new int[FIRST_SLOTS];
  private int filled;
  private int seen;

  Reservoir(int size, long seed, DataMemory memory) {
    this.size = size;
    this.random = RandomStream.of(seed);
    this.memory = memory;
    this.stored = new StoredList<>(new RowForm(), memory);
  }

  void add(Row row) {
    int slot = random.nextInt(seen + 1);
    if (filled < size) {
      // As long as there is room the new row's own place is the last one, and takes what was there.
      grow();
      numbers[filled] = numbers[slot];
      places[filled] = places[slot];
      filled++;
    }
    if (slot < size) {
      numbers[slot] = seen;
      places[slot] = stored.size();
      stored.add(row);
      compact();
    }
    seen++;
  }

  /** Rows that went by. */
  int seen() {
    return seen;
  }

  /** Rows held, displaced ones included: at most twice as many as are drawn, and some. */
  int held() {
    return stored.size();
  }

  /**
   * Returns the rows drawn, under the numbers that they had among all; the others cannot be read.
   *
   * @param labels the canonical number of each label as it is stored; empty for unlabelled rows
   */
  StoredRows rows(int[] labels) {
    int[] order =
        IntStream.range(0, filled)
            .boxed()
            .sorted(Comparator.comparingInt(slot -> numbers[slot]))
            .mapToInt(Integer::intValue)
            .toArray();
    return StoredRows.drawn(
        stored,
        labels,
        Arrays.stream(order).map(slot -> places[slot]).toArray(),
        Arrays.stream(order).map(slot -> numbers[slot]).toArray(),
        seen);
  }

  private void grow() {
    if (filled == numbers.length) {
      int length = (int) Math.min(size, 2L * filled);
      numbers = Arrays.copyOf(numbers, length);
      places = Arrays.copyOf(places, length);
    }
  }

  private void compact() {
    if (stored.size() - TOLERATED <= 2L * filled) {
      return;
    }
    StoredList<Row> kept = new StoredList<>(new RowForm(), memory);
    boolean done = false;
    try {
      for (int slot = 0; slot < filled; slot++) {
        kept.add(stored.get(places[slot]));
        places[slot] = slot;
      }
      done = true;
    } finally {
      if (!done) {
        kept.close();
      }
    }
    stored.close();
    stored = kept;
  }

  @Override
  public void close() {
    stored.close();
  }
}
