package dev.watershed.classifier.checkpoint;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Where each parameter of an architecture lies in the flat vector.
 *
 * <p>Order: matrices (embeddings, then each layer's query, key, value, attention output, the two
 * feed-forward matrices, then the head's), then vectors (biases and LayerNorm) in the same order,
 * then what the head does not read. So a layer's query, key and value are one packed matrix, weight
 * decay is one prefix, and optimisation is one prefix too.
 */
public final class ParameterLayout {
  static final String HEAD = "head";
  private static final Pattern LAYER = Pattern.compile("\\.encoder\\.layer\\.(\\d+)\\.");

  /** How a parameter starts when it is drawn. */
  enum Kind {
    MATRIX,
    BIAS,
    NORM_WEIGHT
  }

  /**
   * One tensor.
   *
   * @param name Hugging Face's name
   * @param shape {@code (rows, columns)} or {@code (size)}
   * @param offset first element in the vector
   * @param size number of elements
   */
  public record Parameter(String name, List<Integer> shape, long offset, long size) {
    public Parameter {
      shape = List.copyOf(shape);
    }

    /** What it belongs to: "embeddings", "layer 0" and so on, "pooler" or "head". */
    public String group() {
      Matcher layer = LAYER.matcher(name);
      if (layer.find()) {
        return "layer " + layer.group(1);
      }
      if (name.contains(".embeddings.")) {
        return "embeddings";
      }
      return name.contains(".pooler.") ? "pooler" : HEAD;
    }

    Kind kind() {
      if (shape.size() == 2) {
        return Kind.MATRIX;
      }
      boolean norm = name.endsWith("LayerNorm.weight") || name.endsWith("layer_norm.weight");
      return norm ? Kind.NORM_WEIGHT : Kind.BIAS;
    }
  }

  private final Architecture architecture;
  private final Map<String, Parameter> parameters;
  private final long decayedSize;
  private final long trainedSize;
  private final long size;

  private ParameterLayout(Builder builder, Architecture architecture) {
    this.architecture = architecture;
    var map = new LinkedHashMap<String, Parameter>();
    this.decayedSize = append(map, builder.matrices, 0);
    this.trainedSize = append(map, builder.vectors, decayedSize);
    this.size = append(map, builder.unread, trainedSize);
    this.parameters = map;
  }

  private static long append(Map<String, Parameter> to, List<Shaped> tensors, long offset) {
    for (Shaped tensor : tensors) {
      long size =
          tensor.shape.stream().mapToLong(Integer::longValue).reduce(1, Math::multiplyExact);
      to.put(tensor.name, new Parameter(tensor.name, tensor.shape, offset, size));
      offset = Math.addExact(offset, size);
    }
    return offset;
  }

  public static ParameterLayout of(Architecture architecture) {
    var builder = new Builder();
    builder.encoder(architecture.encoder());
    builder.head(architecture);
    return new ParameterLayout(builder, architecture);
  }

  public Architecture architecture() {
    return architecture;
  }

  /** In order of offset, without gaps. */
  public List<Parameter> parameters() {
    return List.copyOf(parameters.values());
  }

  /** The parameter of this name, or null. */
  public @Nullable Parameter find(String name) {
    return parameters.get(name);
  }

  /** Number of elements of the vector. */
  public long size() {
    return size;
  }

  /** The first this many elements are matrices and embeddings: those that weight decay is for. */
  public long decayedSize() {
    return decayedSize;
  }

  /**
   * The classification head without BERT's pooler, which is pretrained: its matrices are the last
   * of the decayed elements, its vectors the last of the trained ones. Empty under another head.
   */
  public List<Parameter> classifier() {
    return parameters.values().stream().filter(p -> p.name().startsWith("classifier.")).toList();
  }

  /**
   * The first this many elements are read by the head and so trained; the rest (BERT's pooler under
   * another head) is carried along so that all fine-tunes of one model start from the same one.
   */
  public long trainedSize() {
    return trainedSize;
  }

  private record Shaped(String name, List<Integer> shape) {}

  private static final class Builder {
    final List<Shaped> matrices = new ArrayList<>();
    final List<Shaped> vectors = new ArrayList<>();
    final List<Shaped> unread = new ArrayList<>();

    void encoder(EncoderConfig c) {
      String prefix = c.family().hfName() + ".";
      int h = c.hiddenSize();
      matrix(prefix + "embeddings.word_embeddings.weight", c.vocabularySize(), h);
      matrix(prefix + "embeddings.position_embeddings.weight", c.maxPositions(), h);
      matrix(prefix + "embeddings.token_type_embeddings.weight", c.typeVocabularySize(), h);
      norm(prefix + "embeddings.LayerNorm", h);
      for (int i = 0; i < c.layerCount(); i++) {
        String layer = prefix + "encoder.layer." + i + ".";
        linear(layer + "attention.self.query", h, h);
        linear(layer + "attention.self.key", h, h);
        linear(layer + "attention.self.value", h, h);
        linear(layer + "attention.output.dense", h, h);
        norm(layer + "attention.output.LayerNorm", h);
        linear(layer + "intermediate.dense", c.intermediateSize(), h);
        linear(layer + "output.dense", h, c.intermediateSize());
        norm(layer + "output.LayerNorm", h);
      }
    }

    void head(Architecture architecture) {
      EncoderConfig c = architecture.encoder();
      int h = c.hiddenSize();
      boolean bert = c.family() == Family.BERT;
      boolean classifies = architecture.head() == Head.CLASSIFICATION;
      if (bert && classifies) {
        linear("bert.pooler.dense", h, h);
        linear("classifier", architecture.labels().size(), h);
      } else if (classifies) {
        linear("classifier.dense", h, h);
        linear("classifier.out_proj", architecture.labels().size(), h);
      } else if (architecture.head() == Head.MASKED_LANGUAGE_MODEL) {
        String name = bert ? "cls.predictions" : "lm_head";
        linear(bert ? name + ".transform.dense" : name + ".dense", h, h);
        norm(bert ? name + ".transform.LayerNorm" : name + ".layer_norm", h);
        vector(name + ".bias", c.vocabularySize());
      }
      if (bert && !classifies) {
        unread.add(new Shaped("bert.pooler.dense.weight", List.of(h, h)));
        unread.add(new Shaped("bert.pooler.dense.bias", List.of(h)));
      }
    }

    void linear(String name, int out, int in) {
      matrix(name + ".weight", out, in);
      vector(name + ".bias", out);
    }

    void norm(String name, int size) {
      vector(name + ".weight", size);
      vector(name + ".bias", size);
    }

    void matrix(String name, int rows, int columns) {
      matrices.add(new Shaped(name, List.of(rows, columns)));
    }

    void vector(String name, int size) {
      vectors.add(new Shaped(name, List.of(size)));
    }
  }
}
