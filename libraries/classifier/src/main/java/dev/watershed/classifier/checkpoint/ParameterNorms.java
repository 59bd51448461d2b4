package dev.watershed.classifier.checkpoint;

import dev.watershed.classifier.checkpoint.ParameterLayout.Parameter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

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

  /** Measures a checkpoint in one pass over its files. */
  public static ParameterNorms of(HuggingFaceCheckpoint checkpoint, FileWork work)
      throws IOException {
    var norms = new Pass();
    checkpoint.visit(norms, work);
    return norms.finish();
  }

  /** Four sums, for speed only; their order is fixed. */
  private static final class Squares {
    private double s0;
    private double s1;
    private double s2;
    private double s3;

    /**
     * @param values a multiple of four, unless they are a tensor's last
     */
    void add(FloatBuffer values) {
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
    }

    double sum() {
      return s0 + s1 + s2 + s3;
    }
  }

  private static final class Pass implements HuggingFaceCheckpoint.Visitor {
    private final List<TensorNorm> tensors = new ArrayList<>();
    private final Map<String, Sum> sums = new LinkedHashMap<>();
    private @Nullable Parameter parameter;
    private Squares squares = new Squares();

    @Override
    public void begin(Parameter next) {
      end();
      parameter = next;
      squares = new Squares();
    }

    @Override
    public void values(ByteBuffer bytes) {
      squares.add(bytes.asFloatBuffer());
    }

    private void end() {
      if (parameter != null) {
        tensors.add(new TensorNorm(parameter, Math.sqrt(squares.sum())));
        Sum sum = sums.computeIfAbsent(parameter.group(), unused -> new Sum());
        sum.parameterCount += parameter.size();
        sum.squares += squares.sum();
      }
    }

    ParameterNorms finish() {
      end();
      Sum head = sums.remove(ParameterLayout.HEAD); // A pooler that it does not read lies behind.
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
  }
}
