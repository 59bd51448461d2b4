package dev.watershed.classifier.model;

import dev.watershed.classifier.checkpoint.Activation;
import dev.watershed.classifier.checkpoint.EncoderConfig;
import dev.watershed.classifier.checkpoint.Family;
import dev.watershed.classifier.checkpoint.Head;
import dev.watershed.classifier.checkpoint.ParameterLayout;
import dev.watershed.classifier.checkpoint.ParameterLayout.Parameter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * Writes the TorchScript text of one architecture: the encoder as a function of the flat vector.
 *
 * <p>Post-LayerNorm transformer (Vaswani et al. 2017) as BERT (Devlin et al. 2019) and RoBERTa (Liu
 * et al. 2019) use it. Query, key and value are one matrix product. A classifier reads only the
 * first token and a token predictor only the masked ones, so the last layer computes only those
 * rows: same function, less work.
 *
 * <p>In bfloat16 the encoder's layers compute with rounded weights and activations; embeddings,
 * whose gradients are sums over many tokens, the head, the logits and the loss stay fp32. Training
 * rounds inside each step, so that gradients reach the fp32 weights; inference rounds a vector once
 * and runs all batches over the copy.
 */
final class ProgramSource {
  /** How a layer multiplies by a weight matrix. */
  enum Linear {
    /** {@code torch.linear}; every device, differentiable. */
    PLAIN,
    /** oneDNN with the activation fused; CPU inference only. */
    ONEDNN_FUSED,
    /**
     * oneDNN for the product and both products of its gradient; CPU in fp32 only. Input and output
     * are copied between libtorch's and oneDNN's tensors.
     */
    ONEDNN_DIFFERENTIABLE
  }

  /** How attention is computed; the function is the same. */
  enum Attention {
    /** libtorch's fused kernels; on GPUs their gradients are sums in no fixed order. */
    FUSED,
    /** Two products and a softmax; the same bits each time on a GPU too. */
    WRITTEN_OUT
  }

  /** Which of several ways to the same function a program takes. */
  record Kernels(Linear linear, Attention attention, ComputePrecision precision) {
    /** Plain ones in fp32, that every device has. */
    static final Kernels PLAIN =
        new Kernels(Linear.PLAIN, Attention.WRITTEN_OUT, ComputePrecision.FP32);

    Kernels in(ComputePrecision other) {
      return new Kernels(linear, attention, other);
    }
  }

  /** Probabilities of dropping; all zero where nothing is trained. */
  record Dropout(double hidden, double attention, double classifier) {
    static final Dropout NONE = new Dropout(0, 0, 0);

    boolean isNone() {
      return hidden == 0 && attention == 0 && classifier == 0;
    }
  }

  private static final int NORM_CHUNK = 1 << 18;

  static final String CLASS = "Program";
  private static final String SELF = "self: __torch__." + CLASS;

  /**
   * {@code w[m..]}: packed query/key/value, attention output, two feed-forward matrices; {@code
   * w[v..]}: their biases and LayerNorms, in the layout's order.
   */
  private static final String LAYER_PARAMETERS =
      "h: Tensor, w: List[Tensor], m: int, v: int, mask: Optional[Tensor], drop: bool";

  private final ParameterLayout layout;
  private final EncoderConfig config;
  private final Linear linear;
  private final Attention attention;
  private final ComputePrecision precision;
  private final Dropout dropout;

  /** Whether the layers' weights come from a copy in bfloat16 instead of being rounded here. */
  private final boolean readsRoundedCopy;

  private final StringBuilder text = new StringBuilder();

  /** Index of each packed tensor in the list that {@code tensors} returns. */
  private final Map<String, Integer> slots = new HashMap<>();

  /** How many of them are matrices; they come first. */
  private int matrices;

  private ProgramSource(
      ParameterLayout layout, Kernels kernels, Dropout dropout, boolean readsRoundedCopy) {
    this.layout = layout;
    this.config = layout.architecture().encoder();
    this.linear = kernels.linear();
    this.attention = kernels.attention();
    this.precision = kernels.precision();
    this.dropout = dropout;
    this.readsRoundedCopy = readsRoundedCopy;
  }

  /**
   * Methods {@code logits}, {@code interpolate}, {@code scale}, {@code accumulate}; in bfloat16
   * {@code room_to_round} and {@code round} too, and {@code logits} takes what they wrote.
   */
  static String classifier(ParameterLayout layout, Kernels kernels) {
    boolean rounds = kernels.precision() == ComputePrecision.BF16;
    var source = new ProgramSource(layout, kernels, Dropout.NONE, rounds);
    source.encoder();
    source.classificationHead();
    source.unflatten();
    source.logits();
    source.vectorArithmetic();
    return source.text.toString();
  }

  /**
   * Methods {@code loss}, {@code gradient}, {@code update}, and for each part of the vector that
   * can be trained its {@link #stepMethod} and {@link #accumulateMethod}.
   *
   * @param kernels that can be differentiated
   */
  static String training(ParameterLayout layout, Kernels kernels, Dropout dropout) {
    var source = new ProgramSource(layout, kernels, dropout, false);
    boolean classifies = layout.architecture().head() == Head.CLASSIFICATION;
    source.encoder();
    if (classifies) {
      source.classificationHead();
      source.classificationLoss();
    } else {
      source.maskedLanguageModelLoss();
    }
    source.update();
    source.backward();
    source.steps(TrainedPart.ALL);
    if (classifies) {
      source.backwardIntoHead();
      source.steps(TrainedPart.HEAD);
    }
    return source.text.toString();
  }

  private void encoder() {
    text.append("class %s(Module):\n".formatted(CLASS));
    text.append("  __parameters__ = []\n  __buffers__ = []\n  training : bool\n");
    tensors();
    mask();
    embed();
    layer();
    encode();
  }

  private void line(String format, Object... arguments) {
    text.append("    ").append(String.format(Locale.ROOT, format, arguments)).append('\n');
  }

  private void method(String name, String parameters, String result) {
    text.append("  def %s(%s, %s) -> %s:\n".formatted(name, SELF, parameters, result));
  }

  /** Views of a flat vector; a layer's query, key and value rows lie together and stay so. */
  private void tensors() {
    var sizes = new ArrayList<Long>();
    var views = new ArrayList<String>();
    List<Parameter> parameters = layout.parameters();
    for (int i = 0; i < parameters.size(); i++) {
      Parameter p = parameters.get(i);
      if (p.offset() >= layout.trainedSize()) {
        break;
      }
      int packed = p.name().contains(".attention.self.query.") ? 3 : 1;
      var shape = new ArrayList<>(p.shape());
      shape.set(0, packed * shape.get(0));
      slots.put(p.name(), views.size());
      views.add(String.format(Locale.ROOT, "torch.view(p[%d], %s)", views.size(), shape));
      sizes.add(packed * p.size());
      matrices += p.offset() < layout.decayedSize() ? 1 : 0;
      i += packed - 1;
    }
    long unread = layout.size() - layout.trainedSize();
    if (unread > 0) {
      sizes.add(unread);
    }
    method("tensors", "flat: Tensor", "List[Tensor]");
    line("p = torch.split_with_sizes(flat, %s, 0)", sizes);
    line("return [%s]", String.join(", ", views));
  }

  /** Tensors to compute with, by slot, those of the layers in the layers' type. */
  private List<String> weights(UnaryOperator<String> ofLayers) {
    var weights = new String[slots.size()];
    slots.forEach(
        (name, slot) -> {
          String tensor = "p[" + slot + "]";
          weights[slot] = name.contains(".encoder.layer.") ? ofLayers.apply(tensor) : tensor;
        });
    return List.of(weights);
  }

  /** The weights that inference computes with. */
  private void unflatten() {
    method("unflatten", vectors(), "List[Tensor]");
    line("p = self.tensors(flat)");
    if (readsRoundedCopy) {
      line("r = self.tensors(copy)");
      line("return [%s]", String.join(", ", weights(tensor -> tensor.replace('p', 'r'))));
    } else {
      line("return p");
    }
  }

  /** The additive attention mask {@code (batch, 1, 1, token)}, or none where nothing is padded. */
  private void mask() {
    method("mask", "bias: Tensor", "Optional[Tensor]");
    line("if torch.eq(torch.numel(bias), 0):");
    line("  m = annotate(Optional[Tensor], None)");
    line("else:");
    line("  m = annotate(Optional[Tensor], %s)", computed("bias"));
    line("return m");
  }

  private void embed() {
    String prefix = config.family().hfName() + ".embeddings.";
    method("embed", "w: List[Tensor], ids: Tensor, types: Tensor, drop: bool", "Tensor");
    // Nothing is learned through the padding token, also where a text holds it, as in Hugging
    // Face's.
    int pad = config.padTokenId();
    line(
        "e = torch.embedding(%s, ids, %d, False, False)",
        at(prefix + "word_embeddings.weight"), pad);
    String positions = at(prefix + "position_embeddings.weight");
    if (config.family() == Family.ROBERTA) {
      // Positions count from padding_idx + 1 over tokens that are not the padding token; one that a
      // text holds has padding_idx itself, and is attended to as any other.
      line("real = torch.to(torch.ne(ids, %d), 4)", pad);
      line("place = torch.add(torch.mul(torch.cumsum(real, 1), real), %d)", pad);
      line("e1 = torch.add(e, torch.embedding(%s, place, %d, False, False))", positions, pad);
    } else {
      line("e1 = torch.add(e, torch.slice(%s, 0, 0, torch.size(ids, 1), 1))", positions);
    }
    line(
        "e2 = torch.add(e1, torch.embedding(%s, types, -1, False, False))",
        at(prefix + "token_type_embeddings.weight"));
    line("return %s", computed(dropped(norm("e2", prefix + "LayerNorm"), dropout.hidden)));
  }

  private void layer() {
    int h = config.hiddenSize();
    method(
        "attend", "q: Tensor, k: Tensor, v: Tensor, mask: Optional[Tensor], drop: bool", "Tensor");
    if (dropout.attention > 0) {
      line("if drop:");
      line("  rate = %s", number(dropout.attention));
      line("else:");
      line("  rate = 0.0");
    } else {
      line("rate = 0.0");
    }
    if (attention == Attention.FUSED) {
      line("a = torch.scaled_dot_product_attention(q, k, v, mask, rate, False)");
    } else {
      line(
          "s = torch.matmul(torch.mul(q, %s), torch.transpose(k, -2, -1))",
          number(1 / Math.sqrt((double) h / config.attentionHeadCount())));
      line("if torch.__is__(mask, None):");
      line("  s1 = s");
      line("else:");
      line("  s1 = torch.add(s, unchecked_cast(Tensor, mask))");
      line("a = torch.matmul(torch.dropout(torch.softmax(s1, -1), rate, True), v)");
    }
    line(
        "return torch.reshape(torch.transpose(a, 1, 2), [torch.size(q, 0), torch.size(q, 2), %d])",
        h);

    method("attend_all", LAYER_PARAMETERS, "Tensor");
    line("qkv = %s", linear("h", "w[m]", "w[v]", "none"));
    line("q, k, value, = %s", heads("qkv", 3));
    line("return self.attend(q, k, value, mask, drop)");

    method("finish", "h: Tensor, a: Tensor, w: List[Tensor], m: int, v: int, drop: bool", "Tensor");
    line(
        "o = %s",
        dropped(linear("a", "w[torch.add(m, 1)]", "w[torch.add(v, 1)]", "none"), dropout.hidden));
    line("h1 = %s", norm("torch.add(h, o)", "w[torch.add(v, 2)]", "w[torch.add(v, 3)]"));
    line(
        "f = %s", activated("h1", "w[torch.add(m, 2)]", "w[torch.add(v, 4)]", config.activation()));
    line(
        "g = %s",
        dropped(linear("f", "w[torch.add(m, 3)]", "w[torch.add(v, 5)]", "none"), dropout.hidden));
    line("return %s", norm("torch.add(h1, g)", "w[torch.add(v, 6)]", "w[torch.add(v, 7)]"));

    method("layer", LAYER_PARAMETERS, "Tensor");
    line("return self.finish(h, self.attend_all(h, w, m, v, mask, drop), w, m, v, drop)");
  }

  /** The last layer under a classifier: the first token's query against all keys and values. */
  private void lastLayerAtFirstToken() {
    int h = config.hiddenSize();
    method("last_layer", LAYER_PARAMETERS, "Tensor");
    line("first = torch.slice(h, 1, 0, 1, 1)");
    line("q = %s", linear("first", rows("w[m]", 0, h), rows("w[v]", 0, h), "none"));
    line("kv = %s", linear("h", rows("w[m]", h, 3 * h), rows("w[v]", h, 3 * h), "none"));
    line("q1 = torch.select(%s, 0, 0)", headsTensor("q", 1));
    line("k, value, = %s", heads("kv", 2));
    line("return self.finish(first, self.attend(q1, k, value, mask, drop), w, m, v, drop)");
  }

  /** The last layer under a token predictor: rows {@code (prediction, hidden)} at its places. */
  private void lastLayerAtPredictions() {
    int h = config.hiddenSize();
    method("last_layer", LAYER_PARAMETERS + ", places: Tensor", "Tensor");
    line("a = torch.reshape(self.attend_all(h, w, m, v, mask, drop), [-1, %d])", h);
    line("a1 = torch.index_select(a, 0, places)");
    line("h1 = torch.index_select(torch.reshape(h, [-1, %d]), 0, places)", h);
    line("return self.finish(h1, a1, w, m, v, drop)");
  }

  /** What the head reads, and no more; {@code places} are those of the predicted tokens. */
  private void encode() {
    boolean predictsTokens = layout.architecture().head() == Head.MASKED_LANGUAGE_MODEL;
    if (predictsTokens) {
      lastLayerAtPredictions();
    } else {
      lastLayerAtFirstToken();
    }
    String parameters = "w: List[Tensor], ids: Tensor, types: Tensor, bias: Tensor, drop: bool";
    method("encode", parameters + (predictsTokens ? ", places: Tensor" : ""), "Tensor");
    line("mask = self.mask(bias)");
    line("h0 = self.embed(w, ids, types, drop)");
    int last = config.layerCount() - 1;
    for (int i = 0; i <= last; i++) {
      String prefix =
          String.format(
              Locale.ROOT,
              "%s.encoder.layer.%d.attention.self.query.",
              config.family().hfName(),
              i);
      line(
          "h%d = self.%s(h%d, w, %d, %d, mask, drop%s)",
          i + 1,
          i == last ? "last_layer" : "layer",
          i,
          slot(prefix + "weight"),
          slot(prefix + "bias"),
          i == last && predictsTokens ? ", places" : "");
    }
    line("return h%d", last + 1);
  }

  /**
   * From {@code (example, token, count * hidden)} to count of {@code (example, head, token, d)}.
   */
  private String heads(String packed, int count) {
    return "torch.unbind(" + headsTensor(packed, count) + ", 0)";
  }

  private String headsTensor(String packed, int count) {
    int heads = config.attentionHeadCount();
    return String.format(
        Locale.ROOT,
        "torch.permute(torch.view(%1$s, [torch.size(%1$s, 0), torch.size(%1$s, 1), %2$d, %3$d, %4$d]), [2, 0, 3, 1, 4])",
        packed,
        count,
        heads,
        config.hiddenSize() / heads);
  }

  private static String rows(String tensor, int begin, int end) {
    return String.format(Locale.ROOT, "torch.slice(%s, 0, %d, %d, 1)", tensor, begin, end);
  }

  /**
   * What a classifier stands on, and the classifier: of BERT the pooled first token and one matrix,
   * of RoBERTa the first token and two.
   */
  private void classificationHead() {
    boolean bert = config.family() == Family.BERT;
    method("features", "w: List[Tensor], h: Tensor", "Tensor");
    line("first = %s", exact("torch.select(h, 1, 0)"));
    line(
        "return %s",
        bert
            ? "torch.tanh(torch.linear(first, %s, %s))"
                .formatted(weight("bert.pooler.dense"), bias("bert.pooler.dense"))
            : "first");

    // Its parameters in the layout's order: matrices first.
    method("classify", "head: List[Tensor], x: Tensor, drop: bool", "Tensor");
    if (bert) {
      line("return torch.linear(%s, head[0], head[1])", dropped("x", dropout.classifier));
    } else {
      line("y = torch.tanh(torch.linear(%s, head[0], head[2]))", dropped("x", dropout.classifier));
      line("return torch.linear(%s, head[1], head[3])", dropped("y", dropout.classifier));
    }
  }

  private String classified(String drop) {
    List<String> head = layout.classifier().stream().map(p -> at(p.name())).toList();
    return "self.classify([%s], self.features(w, self.encode(w, ids, types, bias, %2$s)), %2$s)"
        .formatted(String.join(", ", head), drop);
  }

  private void logits() {
    method("logits", vectors() + ", ids: Tensor, types: Tensor, bias: Tensor", "Tensor");
    line("w = self.unflatten(%s)", vectors().replace(": Tensor", ""));
    line("return %s", classified("False"));
    if (readsRoundedCopy) {
      method("round", vectors(), "Tensor");
      line("return torch.copy_(copy, flat)");
      method("room_to_round", "like: Tensor", "Tensor");
      line("return torch.new_zeros(like, [%d], dtype=15)", layout.size());
    }
  }

  private String vectors() {
    return readsRoundedCopy ? "flat: Tensor, copy: Tensor" : "flat: Tensor";
  }

  private void vectorArithmetic() {
    method("interpolate", "a: Tensor, b: Tensor, alpha: float, out: Tensor", "Tensor");
    line("return torch.lerp(b, a, alpha, out=out)");
    method("scale", "a: Tensor, factor: float, out: Tensor", "Tensor");
    line("return torch.mul_(torch.copy_(out, a), factor)");
    method("accumulate", "a: Tensor, factor: float, out: Tensor", "Tensor");
    line("return torch.add_(out, a, alpha=factor)");
  }

  /** {@code targets}: {@code (2, n)}, row 0 unused, row 1 the label of each example. */
  private void classificationLoss() {
    method("mean_loss", WEIGHTS_AND_BATCH, "Tensor");
    line("return %s", crossEntropy(classified("drop")));
  }

  /** {@code targets}: {@code (2, n)}, row 0 the place in the batch, row 1 the original token. */
  private void maskedLanguageModelLoss() {
    boolean bert = config.family() == Family.BERT;
    String head = bert ? "cls.predictions" : "lm_head";
    String dense = bert ? head + ".transform.dense" : head + ".dense";
    String norm = bert ? head + ".transform.LayerNorm" : head + ".layer_norm";
    // BERT's head has the encoder's activation, RoBERTa's always GELU.
    Activation activation = bert ? config.activation() : Activation.GELU;
    method("mean_loss", WEIGHTS_AND_BATCH, "Tensor");
    line("x = %s", exact("self.encode(w, ids, types, bias, drop, torch.select(targets, 0, 0))"));
    line("y = %s", activated("x", weight(dense), bias(dense), activation));
    line("z = %s", norm("y", norm));
    String words = at(config.family().hfName() + ".embeddings.word_embeddings.weight");
    line("logits = %s", linear("z", words, at(head + ".bias"), "none"));
    line("return %s", crossEntropy("logits"));
  }

  private static String crossEntropy(String logits) {
    return "torch.cross_entropy_loss(%s, torch.select(targets, 0, 1), None, 1, -100, 0.)"
        .formatted(logits);
  }

  private static final String BATCH = "ids: Tensor, types: Tensor, bias: Tensor, targets: Tensor";
  private static final String WEIGHTS_AND_BATCH = "w: List[Tensor], " + BATCH + ", drop: bool";
  private static final String VECTOR_AND_BATCH = "flat: Tensor, " + BATCH + ", drop: bool";

  /**
   * Clipping and AdamW, given the gradient of what is trained, its weights and moments, each a list
   * of tensors, the matrices first. Returns float64: loss, norm of the gradient and, where they are
   * finite and so the update was done, a sum over weights and moments that is finite if all of them
   * are.
   *
   * <p>{@code settings}, float64: learning rate, beta1, beta2, epsilon, largest norm (0: none),
   * weight decay of matrices and of vectors. {@code count}, float32: updates including this one; so
   * many that beta^count is 0 means no bias correction.
   */
  private void update() {
    // Its result is what keeps the update alive: TorchScript does not see that writing to a list's
    // tensors has an effect, and drops it where the list is not read afterwards.
    String lists = "p: List[Tensor], g: List[Tensor], m: List[Tensor], v: List[Tensor]";
    method(
        "adamw",
        lists + ", decay: Tensor, scale: Tensor, settings: Tensor, count: Tensor",
        "Tensor");
    line("counts = annotate(List[Tensor], [])");
    line("for i in range(torch.len(p)):");
    line("  _ = torch.append(counts, count)");
    line(
        "torch._fused_adamw_(p, g, m, v, annotate(List[Tensor], []), counts,"
            + " lr=float(torch.select(settings, 0, 0)), beta1=float(torch.select(settings, 0, 1)),"
            + " beta2=float(torch.select(settings, 0, 2)), weight_decay=float(decay),"
            + " eps=float(torch.select(settings, 0, 3)), amsgrad=False, maximize=False,"
            + " grad_scale=scale)");
    line("sums = annotate(List[Tensor], [])");
    line("for j in range(torch.len(p)):");
    line("  moments = torch.add(torch.sum(m[j]), torch.sum(v[j]))");
    line("  _1 = torch.append(sums, torch.add(torch.sum(p[j]), moments))");
    line("return torch.sum(torch.stack(sums, 0), dtype=7)");

    // Norms of chunks in fp32, and the norm of these in fp64: of 100 million numbers 2e-7 off
    // where they are normal, 6e-6 where they are all the same. All in fp64 took longer than the
    // rest of the update, because libtorch makes a copy in that type.
    method("norm", "g: List[Tensor]", "Tensor");
    line("chunks = annotate(List[Tensor], [])");
    line("for i in range(torch.len(g)):");
    line("  parts = torch.split(torch.reshape(g[i], [-1]), %d, 0)", NORM_CHUNK);
    line("  for j in range(torch.len(parts)):");
    line("    _ = torch.append(chunks, parts[j])");
    line("norms = torch.stack(torch._foreach_norm(chunks, 2), 0)");
    line("return torch.linalg_vector_norm(norms, 2, None, False, dtype=7)");

    method(
        "update",
        lists + ", matrices: int, loss: Tensor, settings: Tensor, count: Tensor",
        "Tensor");
    line("norm = self.norm(g)");
    line("result = torch.stack([torch.to(loss, 7), norm], 0)");
    line("if bool(torch.all(torch.isfinite(result))):");
    line("  largest = float(torch.select(settings, 0, 4))");
    line("  if torch.gt(largest, 0.):");
    line("    excess = torch.clamp_min(torch.div(torch.add(norm, 1e-6), largest), 1.)");
    line("    scale = torch.to(excess, 6)");
    line("  else:");
    line("    scale = torch.ones_like(count)");
    for (int range = 0; range < 2; range++) {
      String bounds = range == 0 ? "0, matrices" : "matrices, torch.len(p)";
      line(
          "  sum%1$d = self.adamw(torch.slice(p, %2$s, 1), torch.slice(g, %2$s, 1),"
              + " torch.slice(m, %2$s, 1), torch.slice(v, %2$s, 1),"
              + " torch.select(settings, 0, %3$d), scale, settings, count)",
          range, bounds, 5 + range);
    }
    line("  measured = torch.cat([result, torch.reshape(torch.add(sum0, sum1), [1])], 0)");
    line("else:");
    line("  measured = result");
    line("return measured");
  }

  /** Loss and gradient with respect to all that is trained. */
  private void backward() {
    method("weights", "p: List[Tensor]", "List[Tensor]");
    line("return [%s]", String.join(", ", weights(this::computed)));

    method("loss", BATCH + ", flat: Tensor", "Tensor");
    line("w = self.weights(self.tensors(flat))");
    line("return torch.to(self.mean_loss(w, ids, types, bias, targets, False), 7)");

    method("leaves", "p: List[Tensor]", "List[Tensor]");
    line("leaves = annotate(List[Tensor], [])");
    line("for i in range(torch.len(p)):");
    line("  _ = torch.append(leaves, torch.requires_grad_(torch.detach(p[i]), True))");
    line("return leaves");

    method("gradients", "loss: Tensor, leaves: List[Tensor]", "List[Tensor]");
    line("g = torch.grad([loss], leaves, None, None, False, False)");
    line("found = annotate(List[Tensor], [])");
    line("for i in range(torch.len(g)):");
    line("  _ = torch.append(found, torch.contiguous(unchecked_cast(Tensor, g[i])))");
    line("return found");

    method(partMethod(TrainedPart.ALL), "flat: Tensor", "List[Tensor]");
    line("return self.tensors(flat)");

    method(backwardMethod(TrainedPart.ALL), VECTOR_AND_BATCH, "Tuple[Tensor, List[Tensor]]");
    line("leaves = self.leaves(self.tensors(flat))");
    line("loss = self.mean_loss(self.weights(leaves), ids, types, bias, targets, drop)");
    line("return (torch.detach(loss), self.gradients(loss, leaves))");

    method("gradient", BATCH + ", flat: Tensor", "Tensor");
    line("loss, g, = self.backward_all(flat, ids, types, bias, targets, False)");
    line("whole = torch.zeros_like(flat)");
    line("parts = self.tensors(whole)");
    line("for i in range(torch.len(parts)):");
    line("  _ = torch.copy_(parts[i], g[i])");
    line("return whole");
  }

  /**
   * Loss and gradient with respect to the classification head. Nothing of the encoder is recorded,
   * because nothing it reads asks for a gradient.
   */
  private void backwardIntoHead() {
    method(partMethod(TrainedPart.HEAD), "flat: Tensor", "List[Tensor]");
    line("p = self.tensors(flat)");
    List<String> head = layout.classifier().stream().map(p -> "p[" + slot(p.name()) + "]").toList();
    line("return [%s]", String.join(", ", head));

    method(backwardMethod(TrainedPart.HEAD), VECTOR_AND_BATCH, "Tuple[Tensor, List[Tensor]]");
    line("w = self.weights(self.tensors(flat))");
    line("x = self.features(w, self.encode(w, ids, types, bias, False))");
    line("leaves = self.leaves(self.%s(flat))", partMethod(TrainedPart.HEAD));
    line("logits = self.classify(leaves, x, drop)");
    line("loss = %s", crossEntropy("logits"));
    line("return (torch.detach(loss), self.gradients(loss, leaves))");
  }

  /**
   * A whole step, the gradient of a part of one, and the update after several parts. Batches come
   * first, because results belong to the first input's owner.
   */
  private void steps(TrainedPart trained) {
    String backward =
        "loss, g, = self.%s(flat, ids, types, bias, targets, True)"
            .formatted(backwardMethod(trained));
    String part = partMethod(trained);
    String update =
        "return self.update(self.%1$s(flat), g, self.%1$s(m), self.%1$s(v), %2$d, loss, settings,"
            + " count)";
    int trainedMatrices = trained == TrainedPart.ALL ? matrices : layout.classifier().size() / 2;
    method(
        stepMethod(trained),
        BATCH + ", flat: Tensor, m: Tensor, v: Tensor, settings: Tensor, count: Tensor",
        "Tensor");
    line("%s", backward);
    line(update, part, trainedMatrices);

    method(
        accumulateMethod(trained),
        BATCH + ", flat: Tensor, share: Tensor, total: Tensor",
        "Tensor");
    line("%s", backward);
    line("sums = self.%s(total)", part);
    line("for i in range(torch.len(sums)):");
    line("  _ = torch.add_(sums[i], g[i], alpha=float(share))");
    line("return torch.mul(torch.to(loss, 7), share)");

    method(
        updateMethod(trained),
        "total: Tensor, loss: Tensor, flat: Tensor, m: Tensor, v: Tensor, settings: Tensor,"
            + " count: Tensor",
        "Tensor");
    line("g = self.%s(total)", part);
    line(update, part, trainedMatrices);
  }

  /** What is trained of a vector, matrices first. */
  private static String partMethod(TrainedPart trained) {
    return "part_" + name(trained);
  }

  private static String backwardMethod(TrainedPart trained) {
    return "backward_" + name(trained);
  }

  /** Takes a step: batch, vector, both moments, settings and count of {@link #update}. */
  static String stepMethod(TrainedPart trained) {
    return "step_" + name(trained);
  }

  /**
   * Adds a part's gradient, times its share of the batch, to a vector. Returns the part's share of
   * the loss.
   */
  static String accumulateMethod(TrainedPart trained) {
    return "accumulate_" + name(trained);
  }

  /** The rest of a step, after its parts: their sum, the loss, and then as {@link #stepMethod}. */
  static String updateMethod(TrainedPart trained) {
    return "update_" + name(trained);
  }

  private static String name(TrainedPart trained) {
    return trained.name().toLowerCase(Locale.ROOT);
  }

  /** In the type that the layers compute in. */
  private String computed(String x) {
    return precision == ComputePrecision.BF16 ? "torch.to(%s, 15)".formatted(x) : x;
  }

  /** In fp32. */
  private String exact(String x) {
    return precision == ComputePrecision.BF16 ? "torch.to(%s, 6)".formatted(x) : x;
  }

  private String at(String parameter) {
    return "w[" + slot(parameter) + "]";
  }

  private int slot(String parameter) {
    Integer slot = slots.get(parameter);
    if (slot == null) {
      throw new IllegalStateException("no parameter " + parameter);
    }
    return slot;
  }

  private String weight(String name) {
    return at(name + ".weight");
  }

  private String bias(String name) {
    return at(name + ".bias");
  }

  private String norm(String x, String name) {
    return norm(x, weight(name), bias(name));
  }

  private String norm(String x, String weight, String bias) {
    return String.format(
        Locale.ROOT,
        "torch.layer_norm(%s, [%d], %s, %s, %s, True)",
        x,
        config.hiddenSize(),
        weight,
        bias,
        number(config.layerNormEpsilon()));
  }

  private static String dropped(String x, double rate) {
    return rate > 0 ? "torch.dropout(%s, %s, drop)".formatted(x, number(rate)) : x;
  }

  /** The shortest decimal that is exactly {@code value}, as TorchScript spells it. */
  private static String number(double value) {
    return Double.toString(value).toLowerCase(Locale.ROOT);
  }

  private String linear(String x, String weight, String bias, String attribute) {
    return switch (linear) {
      case PLAIN -> "torch.linear(%s, %s, %s)".formatted(x, weight, bias);
      case ONEDNN_DIFFERENTIABLE ->
          "torch.to_dense(torch.mkldnn_linear(torch.to_mkldnn(%s), %s, %s))"
              .formatted(x, weight, bias);
      case ONEDNN_FUSED ->
          "ops.mkldnn._linear_pointwise(%s, %s, %s, \"%s\", annotate(List[Optional[number]], []), %s)"
              .formatted(
                  x,
                  weight,
                  bias,
                  attribute.equals("tanh") ? "gelu" : attribute,
                  attribute.equals("tanh") ? "\"tanh\"" : "\"none\"");
    };
  }

  private String activated(String x, String weight, String bias, Activation activation) {
    if (linear == Linear.ONEDNN_FUSED) {
      return switch (activation) {
        case GELU -> linear(x, weight, bias, "gelu");
        case GELU_NEW -> linear(x, weight, bias, "tanh");
        case RELU -> linear(x, weight, bias, "relu");
      };
    }
    String y = linear(x, weight, bias, "none");
    return switch (activation) {
      case GELU -> "torch.gelu(%s)".formatted(y);
      case GELU_NEW -> "torch.gelu(%s, approximate=\"tanh\")".formatted(y);
      case RELU -> "torch.relu(%s)".formatted(y);
    };
  }
}
