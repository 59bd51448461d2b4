package dev.watershed.bench.baseline;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.ndarray.types.SparseFormat;
import dev.watershed.classifier.checkpoint.Activation;
import dev.watershed.classifier.checkpoint.Architecture;
import dev.watershed.classifier.checkpoint.EncoderConfig;
import dev.watershed.classifier.checkpoint.Family;
import dev.watershed.classifier.checkpoint.Head;
import dev.watershed.classifier.checkpoint.ParameterLayout.Parameter;
import dev.watershed.classifier.checkpoint.ParameterVector;
import dev.watershed.classifier.model.Torch;
import dev.watershed.classifier.text.EncodedExample;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * BERT's classifier (Devlin et al. 2019), an operation at a time: query, key and value apart,
 * attention as two products and a softmax over a mask, every layer on every token.
 *
 * <p>Results belong to the manager of the tokens, never to that of the weights.
 */
final class EagerEncoder {
  private static final String LAYER = "bert.encoder.layer.%d.";

  private final EncoderConfig config;
  private final Map<String, NDArray> tensors;
  private final double dropout;

  /**
   * @param tensors by Hugging Face's names
   * @param dropout probability, of hidden states, attention and before the head; 0 for inference
   */
  EagerEncoder(EncoderConfig config, Map<String, NDArray> tensors, double dropout) {
    this.config = config;
    this.tensors = tensors;
    this.dropout = dropout;
  }

  /**
   * Copies each tensor into an array of its own.
   *
   * @throws IllegalArgumentException for anything but a BERT classifier with GELU, on the CPU
   */
  static Map<String, NDArray> copy(ParameterVector weights, NDManager manager) {
    Architecture architecture = weights.layout().architecture();
    if (architecture.encoder().family() != Family.BERT
        || architecture.head() != Head.CLASSIFICATION
        || architecture.encoder().activation() != Activation.GELU
        || !weights.isOnHost()) {
      throw new IllegalArgumentException(
          "the baseline is a BERT classifier with GELU on the CPU, not " + architecture);
    }
    // By libtorch: arrays made from Java's would lie in direct memory, which the heap's size
    // limits.
    var tensors = new LinkedHashMap<String, NDArray>();
    for (Parameter p : weights.layout().parameters()) {
      long[] shape = p.shape().stream().mapToLong(Integer::longValue).toArray();
      try (NDArray flat = weights.array().get("{}:{}", p.offset(), p.offset() + p.size());
          NDArray view = flat.reshape(new Shape(shape))) {
        NDArray tensor = view.duplicate();
        tensor.attach(manager);
        tensors.put(p.name(), tensor);
      }
    }
    return tensors;
  }

  /** A manager for arrays; the caller closes it. */
  static NDManager newManager() {
    Torch.settings(); // starts libtorch where nothing has
    return NDManager.newBaseManager("PyTorch");
  }

  /**
   * Logits {@code (example, label)}.
   *
   * @param scope owns the result and everything on the way to it
   * @param paddedTokens every example gets so many
   */
  NDArray logits(NDManager scope, List<EncodedExample> examples, int paddedTokens) {
    int n = examples.size();
    var ids = new long[n * paddedTokens];
    var types = new long[n * paddedTokens];
    var bias = new float[n * paddedTokens];
    for (int row = 0; row < n; row++) {
      EncodedExample example = examples.get(row);
      for (int t = 0; t < paddedTokens; t++) {
        boolean real = t < example.length();
        ids[row * paddedTokens + t] = real ? example.inputIds()[t] : config.padTokenId();
        types[row * paddedTokens + t] = real ? example.tokenTypeIds()[t] : 0;
        bias[row * paddedTokens + t] = real ? 0 : Float.NEGATIVE_INFINITY;
      }
    }
    var shape = new Shape(n, paddedTokens);
    NDArray mask = scope.create(bias, new Shape(n, 1, 1, paddedTokens));
    NDArray places =
        scope.create(IntStream.range(0, paddedTokens).asLongStream().toArray()).expandDims(0);
    NDArray h =
        embedding(scope.create(ids, shape), "word")
            .add(embedding(scope.create(types, shape), "token_type"))
            .add(embedding(places, "position"));
    h = dropped(norm(h, "bert.embeddings.LayerNorm"));
    for (int i = 0; i < config.layerCount(); i++) {
      // What nothing reads any more is freed with the layer, but for what gradients will need.
      try (NDManager layerScope = scope.newSubManager()) {
        h.attach(layerScope);
        h = layer(h, mask, String.format(Locale.ROOT, LAYER, i));
        h.attach(scope);
      }
    }
    NDArray pooled = linear(h.get(new NDIndex(":, 0")), "bert.pooler.dense").tanh();
    return linear(dropped(pooled), "classifier");
  }

  private NDArray layer(NDArray h, NDArray mask, String name) {
    NDArray q = heads(linear(h, name + "attention.self.query"));
    NDArray k = heads(linear(h, name + "attention.self.key"));
    NDArray v = heads(linear(h, name + "attention.self.value"));
    double scale = 1 / Math.sqrt((double) config.hiddenSize() / config.attentionHeadCount());
    NDArray scores = q.matMul(k.transpose(0, 1, 3, 2)).mul(scale).add(mask);
    NDArray attended = dropped(scores.softmax(-1)).matMul(v).transpose(0, 2, 1, 3);
    NDArray o = dropped(linear(attended.reshape(h.getShape()), name + "attention.output.dense"));
    NDArray h1 = norm(h.add(o), name + "attention.output.LayerNorm");
    NDArray inner = linear(h1, name + "intermediate.dense").getNDArrayInternal().gelu();
    NDArray g = dropped(linear(inner, name + "output.dense"));
    return norm(h1.add(g), name + "output.LayerNorm");
  }

  /** From {@code (example, token, width)} to {@code (example, head, token, width of a head)}. */
  private NDArray heads(NDArray x) {
    int heads = config.attentionHeadCount();
    long n = x.getShape().get(0);
    long tokens = x.getShape().get(1);
    return x.reshape(n, tokens, heads, config.hiddenSize() / heads).transpose(0, 2, 1, 3);
  }

  private NDArray embedding(NDArray ids, String kind) {
    NDArray table = tensor("bert.embeddings." + kind + "_embeddings.weight");
    return ids.getNDArrayInternal().embedding(ids, table, SparseFormat.DENSE).singletonOrThrow();
  }

  private NDArray linear(NDArray x, String name) {
    return x.getNDArrayInternal()
        .linear(x, tensor(name + ".weight"), tensor(name + ".bias"))
        .singletonOrThrow();
  }

  private NDArray norm(NDArray x, String name) {
    return x.getNDArrayInternal()
        .layerNorm(
            x,
            new Shape(config.hiddenSize()),
            tensor(name + ".weight"),
            tensor(name + ".bias"),
            (float) config.layerNormEpsilon())
        .singletonOrThrow();
  }

  private NDArray dropped(NDArray x) {
    return dropout > 0
        ? x.getNDArrayInternal().dropout(x, (float) dropout, true).singletonOrThrow()
        : x;
  }

  private NDArray tensor(String name) {
    NDArray tensor = tensors.get(name);
    if (tensor == null) {
      throw new IllegalStateException("no parameter " + name);
    }
    return tensor;
  }

  static NDArray zerosLike(NDArray array) {
    return array.getManager().zeros(array.getShape(), DataType.FLOAT32);
  }
}
