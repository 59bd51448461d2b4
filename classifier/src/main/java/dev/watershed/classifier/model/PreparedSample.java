package dev.watershed.classifier.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import dev.watershed.classifier.text.EncodedExample;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.util.List;

/** Batches of one encoded sample in native memory, length-sorted, padded within a batch. */
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

    long cells() {
      return ids.getShape().size();
    }
  }

  private final NDManager manager;
  private final List<Batch> batches;
  private final int exampleCount;

  PreparedSample(NDManager manager, List<Batch> batches, int exampleCount) {
    this.manager = manager;
    this.batches = List.copyOf(batches);
    this.exampleCount = exampleCount;
  }

  List<Batch> batches() {
    return batches;
  }

  public int exampleCount() {
    return exampleCount;
  }

  /** Tokens computed, padding included. */
  public long paddedTokenCount() {
    return batches.stream().mapToLong(Batch::cells).sum();
  }

  /** Bytes of native memory held. */
  public long nativeBytes() {
    return batches.stream()
        .mapToLong(batch -> Integer.BYTES * (2 * batch.cells() + batch.bias().getShape().size()))
        .sum();
  }

  @Override
  public void close() {
    manager.close();
  }
}
