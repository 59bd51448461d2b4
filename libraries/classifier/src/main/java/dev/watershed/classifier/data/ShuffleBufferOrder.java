package dev.watershed.classifier.data;

import dev.watershed.classifier.RandomStream;
import java.util.Arrays;
import java.util.Locale;

/**
 * The examples in the order of their file, over and over, through a buffer: each time one place of
 * it is drawn, its example taken, and the next of the file put there. So TensorFlow's {@code
 * repeat()} and {@code shuffle(n)} order them: an example comes up to {@code n - 1} places early
 * and, now and then, much later, on average in its own place; epochs run into each other, and every
 * batch is full.
 *
 * <p>Which place is drawn is a function of the seed and of how many were drawn before. So what lies
 * in the buffer at any time follows from the last draw of each place, and is found by looking back
 * until every place was seen: about {@code n ln n} draws, whatever the step.
 */
public final class ShuffleBufferOrder implements BatchOrder {
  private final int exampleCount;
  private final int batchSize;
  private final long seed;
  private final boolean dropRemainder;

  /** The example in each place, counted over all epochs; as it is after {@link #drawn} draws. */
  private final long[] buffer;

  private long drawn;

  /**
   * @param bufferSize places of the buffer
   * @param dropRemainder whether what does not fill a batch at the end of all epochs is left out;
   *     otherwise that batch is filled from the next
   * @throws IllegalArgumentException if one of the three sizes is not positive
   */
  public ShuffleBufferOrder(
      int exampleCount, int batchSize, int bufferSize, long seed, boolean dropRemainder) {
    if (exampleCount < 1 || batchSize < 1 || bufferSize < 1) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "need at least one example, a batch of one and a buffer of one, got %d, %d and %d",
              exampleCount,
              batchSize,
              bufferSize));
    }
    this.exampleCount = exampleCount;
    this.batchSize = batchSize;
    this.seed = seed;
    this.dropRemainder = dropRemainder;
    this.buffer = new long[bufferSize];
    fill(0);
  }

  @Override
  public long steps(long epochs) {
    long examples = epochs * exampleCount;
    return dropRemainder ? examples / batchSize : (examples + batchSize - 1) / batchSize;
  }

  @Override
  public int[] batch(long step) {
    if (step < 0) {
      throw new IllegalArgumentException("step must be at least 0, got " + step);
    }
    long first = step * batchSize;
    if (drawn != first) {
      fill(first);
    }
    int[] batch = new int[batchSize];
    for (int i = 0; i < batchSize; i++) {
      int place = place(drawn);
      batch[i] = (int) (buffer[place] % exampleCount);
      buffer[place] = buffer.length + drawn;
      drawn++;
    }
    return batch;
  }

  /** The place that is drawn after so many draws. */
  private int place(long draws) {
    return RandomStream.of(seed, draws).nextInt(buffer.length);
  }

  /** Makes the buffer what it is after so many draws. */
  private void fill(long draws) {
    Arrays.fill(buffer, -1);
    int missing = buffer.length;
    for (long draw = draws - 1; draw >= 0 && missing > 0; draw--) {
      int place = place(draw);
      if (buffer[place] < 0) {
        buffer[place] = buffer.length + draw;
        missing--;
      }
    }
    for (int place = 0; place < buffer.length; place++) {
      if (buffer[place] < 0) {
        buffer[place] = place;
      }
    }
    drawn = draws;
  }
}
