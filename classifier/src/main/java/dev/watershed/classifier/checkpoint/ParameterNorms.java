package dev.watershed.classifier.checkpoint;

import dev.watershed.classifier.checkpoint.ParameterLayout.Parameter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * L2 norms of a model's tensors, and of the groups they belong to; summed in double, in the order
 * of the flat vector.
 *
 * @param tensors in order of offset
 * @param groups "embeddings", "layer 0" and so on, then "pooler" and "head" where there are any
 */
public record ParameterNorms(List<TensorNorm> tensors, List<GroupNorm> groups) {
  /** One tensor's norm. */
  public record TensorNorm(Parameter parameter, double l2Norm) {}

  /** Several tensors' norm. */
  public record GroupNorm(String name, long parameterCount, double l2Norm) {}

  /** Collects one group. */
  private static final class Sum {
    long parameterCount;
    double squares;
  }

  public ParameterNorms {
    tensors = List.copyOf(tensors);
    groups = List.copyOf(groups);
  }

  /** Measures a model in one pass over its vector. */
  public static ParameterNorms of(ParameterVector vector) {
    ByteBuffer bytes = vector.bytes();
    var tensors = new ArrayList<TensorNorm>();
    var sums = new LinkedHashMap<String, Sum>();
    for (Parameter parameter : vector.layout().parameters()) {
      double squares = sumOfSquares(floats(bytes, parameter));
      tensors.add(new TensorNorm(parameter, Math.sqrt(squares)));
      Sum sum = sums.computeIfAbsent(parameter.group(), unused -> new Sum());
      sum.parameterCount += parameter.size();
      sum.squares += squares;
    }
    Sum head = sums.remove(ParameterLayout.HEAD); // A pooler that it does not read lies behind it.
    if (head != null) {
      sums.put(ParameterLayout.HEAD, head);
    }
    var groups = new ArrayList<GroupNorm>();
    for (Map.Entry<String, Sum> entry : sums.entrySet()) {
      Sum sum = entry.getValue();
      groups.add(new GroupNorm(entry.getKey(), sum.parameterCount, Math.sqrt(sum.squares)));
    }
    return new ParameterNorms(tensors, groups);
  }

  private static FloatBuffer floats(ByteBuffer bytes, Parameter parameter) {
    int from = Math.toIntExact(parameter.offset() * Float.BYTES);
    int size = Math.toIntExact(parameter.size() * Float.BYTES);
    return bytes.slice(from, size).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
  }

  private static double sumOfSquares(FloatBuffer values) {
    // Four sums, for speed only; their order is fixed.
    double s0 = 0;
    double s1 = 0;
    double s2 = 0;
    double s3 = 0;
    int n = values.remaining();
    int i = 0;
    for (; i + 3 < n; i += 4) {
      double v0 = values.get(i);
      double v1 = values.get(i + 1);
      double v2 = values.get(i + 2);
      double v3 = values.get(i + 3);
      s0 += v0 * v0;
      s1 += v1 * v1;
      s2 += v2 * v2;
      s3 += v3 * v3;
    }
    for (; i < n; i++) {
      double v = values.get(i);
      s0 += v * v;
    }
    return s0 + s1 + s2 + s3;
  }
}
