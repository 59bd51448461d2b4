package dev.watershed.classifier.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import dev.watershed.classifier.checkpoint.Architecture;
import dev.watershed.classifier.text.EncodedExample;
import dev.watershed.classifier.text.LengthBuckets;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.util.Arrays;
import java.util.List;

/**
 * Batches of one encoded sample in native memory, length-sorted, padded within a batch, and what a
 * pass over them costs.
 */
public final class PreparedSample implements AutoCloseable {
  /**
   * Examples padded to the longest of them.
   *
   * @param indices their places in the sample
   * @param ids {@code (example, token)}, int32
   * @param types {@code (example, token)}, int32
   * @param bias added to attention scores: {@code (example, 1, 1, token)}, 0 on tokens and -inf on
   *     padding; empty where nothing is padded
   */
  record Batch(int[] indices, NDArray ids, NDArray types, NDArray bias) {
    /** Copies examples to native memory. */
    static Batch of(
        NDManager manager, List<EncodedExample> examples, int[] indices, int padTokenId) {
      int tokens = 0;
      int shortest = Integer.MAX_VALUE;
      for (int index : indices) {
        int length = examples.get(index).length();
        tokens = Math.max(tokens, length);
        shortest = Math.min(shortest, length);
      }
      int cells = Math.multiplyExact(indices.length, tokens);
      IntBuffer ids = direct(cells).asIntBuffer();
      IntBuffer types = direct(cells).asIntBuffer();
      boolean padded = shortest < tokens;
      FloatBuffer bias = direct(padded ? cells : 0).asFloatBuffer();
      for (int row = 0; row < indices.length; row++) {
        EncodedExample example = examples.get(indices[row]);
        ids.put(row * tokens, example.inputIds());
        types.put(row * tokens, example.tokenTypeIds());
        for (int column = example.length(); column < tokens; column++) {
          ids.put(row * tokens + column, padTokenId);
          bias.put(row * tokens + column, Float.NEGATIVE_INFINITY);
        }
      }
      var shape = new Shape(indices.length, tokens);
      return new Batch(
          indices,
          manager.create(ids, shape, DataType.INT32),
          manager.create(types, shape, DataType.INT32),
          padded
              ? manager.create(bias, new Shape(indices.length, 1, 1, tokens), DataType.FLOAT32)
              : manager.create(new Shape(0), DataType.FLOAT32));
    }

    private static ByteBuffer direct(int cells) {
      return ByteBuffer.allocateDirect(Math.multiplyExact(cells, Integer.BYTES))
          .order(ByteOrder.nativeOrder());
    }

    int length() {
      return Math.toIntExact(ids.getShape().get(1));
    }
  }

  private final NDManager manager;
  private final List<Batch> batches;
  private final int exampleCount;
  private final long tokenCount;
  private final long paddedTokenCount;
  private final double floatingPointOperations;

  PreparedSample(NDManager manager, Architecture architecture, List<Batch> batches, int[] lengths) {
    this.manager = manager;
    this.batches = List.copyOf(batches);
    this.exampleCount = lengths.length;
    this.tokenCount = Arrays.stream(lengths).asLongStream().sum();
    long padded = 0;
    double operations = 0;
    for (Batch batch : batches) {
      int examples = batch.indices().length;
      padded += (long) examples * batch.length();
      operations += ForwardCost.floatingPointOperations(architecture, examples, batch.length());
    }
    this.paddedTokenCount = padded;
    this.floatingPointOperations = operations;
  }

  /**
   * Bytes of native memory that a sample takes once it is prepared.
   *
   * @param lengths tokens of each example {@code (example)}
   * @param paddedTokenBudget as it is prepared with
   */
  public static long nativeBytes(int[] lengths, int paddedTokenBudget) {
    long bytes = 0;
    for (int[] indices : LengthBuckets.of(lengths, paddedTokenBudget)) {
      // Longest first, see LengthBuckets.
      int longest = lengths[indices[0]];
      boolean padded = lengths[indices[indices.length - 1]] < longest;
      bytes += (long) Integer.BYTES * (padded ? 3 : 2) * indices.length * longest;
    }
    return bytes;
  }

  List<Batch> batches() {
    return batches;
  }

  public int exampleCount() {
    return exampleCount;
  }

  /** Tokens of the examples. */
  public long tokenCount() {
    return tokenCount;
  }

  /** Tokens computed, padding included. */
  public long paddedTokenCount() {
    return paddedTokenCount;
  }

  /** Floating-point operations of the matrix products of a pass, see {@link ForwardCost}. */
  public double floatingPointOperations() {
    return floatingPointOperations;
  }

  /** Bytes of native memory held. */
  public long nativeBytes() {
    return batches.stream()
        .mapToLong(
            batch ->
                Integer.BYTES
                    * (2 * batch.ids().getShape().size() + batch.bias().getShape().size()))
        .sum();
  }

  @Override
  public void close() {
    manager.close();
  }
}
