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
  /** How inference multiplies by a weight matrix. */
  enum Linear {
    /** {@code torch.linear}; differentiable. */
    PLAIN,
    /** oneDNN with the activation fused; CPU inference only. */
    ONEDNN
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

  private static final int NORM_CHUNK = 1 << 22;

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

  /** Index of each packed tensor in the list that {@code unflatten} returns. */
  private final Map<String, Integer> slots = new HashMap<>();

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
    unflatten();
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

  /** Views of the flat vector; a layer's query, key and value rows lie together and stay so. */
  private void unflatten() {
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
      boolean layers = p.name().contains(".encoder.layer.");
      String vector = layers && readsRoundedCopy ? "r" : "p";
      String view = "torch.view(%s[%d], %s)".formatted(vector, views.size(), shape);
      views.add(layers && !readsRoundedCopy ? computed(view) : view);
      sizes.add(packed * p.size());
      i += packed - 1;
    }
    long unread = layout.size() - layout.trainedSize();
    if (unread > 0) {
      sizes.add(unread);
    }
    method(
        "unflatten",
        readsRoundedCopy ? "flat: Tensor, copy: Tensor" : "flat: Tensor",
        "List[Tensor]");
    line("p = torch.split_with_sizes(flat, %s, 0)", sizes);
    if (readsRoundedCopy) {
      line("r = torch.split_with_sizes(copy, %s, 0)", sizes);
    }
    line("return [%s]", String.join(", ", views));
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
    line("e = torch.embedding(%s, ids, -1, False, False)", at(prefix + "word_embeddings.weight"));
    String positions = at(prefix + "position_embeddings.weight");
    if (config.family() == Family.ROBERTA) {
      // Positions count from padding_idx + 1 over tokens that are not padding.
      line("real = torch.to(torch.ne(ids, %d), 4)", config.padTokenId());
      line("place = torch.add(torch.mul(torch.cumsum(real, 1), real), %d)", config.padTokenId());
      line("e1 = torch.add(e, torch.embedding(%s, place, -1, False, False))", positions);
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
          "%s.encoder.layer.%d.attention.self.query.".formatted(config.family().hfName(), i);
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
    return "torch.permute(torch.view(%1$s, [torch.size(%1$s, 0), torch.size(%1$s, 1), %2$d, %3$d, %4$d]), [2, 0, 3, 1, 4])"
        .formatted(packed, count, heads, config.hiddenSize() / heads);
  }

  private static String rows(String tensor, int begin, int end) {
    return "torch.slice(%s, 0, %d, %d, 1)".formatted(tensor, begin, end);
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
    String vectors = readsRoundedCopy ? "flat: Tensor, copy: Tensor" : "flat: Tensor";
    method("logits", vectors + ", ids: Tensor, types: Tensor, bias: Tensor", "Tensor");
    line("w = self.unflatten(%s)", vectors.replace(": Tensor", ""));
    line("return %s", classified("False"));
    if (readsRoundedCopy) {
      method("round", vectors, "Tensor");
      line("return torch.copy_(copy, flat)");
      method("room_to_round", "like: Tensor", "Tensor");
      line("return torch.new_zeros(like, [%d], dtype=15)", layout.size());
    }
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
    method("mean_loss", lossParameters(), "Tensor");
    line("w = self.unflatten(flat)");
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
    method("mean_loss", lossParameters(), "Tensor");
    line("w = self.unflatten(flat)");
    line("x = %s", exact("self.encode(w, ids, types, bias, drop, torch.select(targets, 0, 0))"));
    line("y = %s", activated("x", weight(dense), bias(dense), activation));
    line("z = %s", norm("y", norm));
    line(
        "logits = torch.linear(z, %s, %s)",
        at(config.family().hfName() + ".embeddings.word_embeddings.weight"), at(head + ".bias"));
    line("return %s", crossEntropy("logits"));
  }

  private static String crossEntropy(String logits) {
    return "torch.cross_entropy_loss(%s, torch.select(targets, 0, 1), None, 1, -100, 0.)"
        .formatted(logits);
  }

  private static String lossParameters() {
    return "flat: Tensor, ids: Tensor, types: Tensor, bias: Tensor, targets: Tensor, drop: bool";
  }

  /**
   * Clipping and AdamW, given the gradient {@code g} of what is trained: one range of matrices, one
   * of vectors. Returns float64: loss, norm of the gradient and, where they are finite and so the
   * update was done, a sum over weights and moments that is finite if all of them are.
   *
   * <p>{@code settings}, float64: learning rate, beta1, beta2, epsilon, largest norm (0: none),
   * then begin, end and weight decay of each range. {@code count}, float32: updates including this
   * one; so many that beta^count is 0 means no bias correction.
   */
  private void update() {
    // Its result is what keeps the update alive: TorchScript does not see that writing to a list's
    // tensors has an effect, and drops it where the list is not read afterwards.
    method(
        "adamw",
        "flat: Tensor, g: Tensor, m: Tensor, v: Tensor, begin: int, end: int, g_begin: int,"
            + " decay: float, settings: Tensor, count: Tensor",
        "Tensor");
    for (String vector : List.of("flat", "m", "v")) {
      line("%1$s_part = [torch.slice(%1$s, 0, begin, end, 1)]", vector);
    }
    line("g_end = torch.add(g_begin, torch.sub(end, begin))");
    line(
        "torch._fused_adamw_(flat_part, [torch.slice(g, 0, g_begin, g_end, 1)], m_part, v_part,"
            + " annotate(List[Tensor], []), [count],"
            + " lr=float(torch.select(settings, 0, 0)), beta1=float(torch.select(settings, 0, 1)),"
            + " beta2=float(torch.select(settings, 0, 2)), weight_decay=decay,"
            + " eps=float(torch.select(settings, 0, 3)), amsgrad=False, maximize=False)");
    line("moments = torch.add(torch.sum(m_part[0]), torch.sum(v_part[0]))");
    line("return torch.to(torch.add(torch.sum(flat_part[0]), moments), 7)");

    // Summed in fp64, of which libtorch makes a copy: chunk by chunk, or it would be the largest
    // thing in memory.
    method("norm", "g: Tensor", "Tensor");
    line("norms = annotate(List[Tensor], [])");
    line("chunks = torch.split(g, %d, 0)", NORM_CHUNK);
    line("for i in range(torch.len(chunks)):");
    line("  norm = torch.linalg_vector_norm(chunks[i], 2, None, False, dtype=7)");
    line("  _ = torch.append(norms, norm)");
    line("return torch.linalg_vector_norm(torch.stack(norms, 0), 2, None, False)");

    method(
        "update",
        "g: Tensor, loss: Tensor, flat: Tensor, m: Tensor, v: Tensor, settings: Tensor,"
            + " count: Tensor",
        "Tensor");
    line("norm = self.norm(g)");
    line("result = torch.stack([torch.to(loss, 7), norm], 0)");
    line("if bool(torch.all(torch.isfinite(result))):");
    line("  largest = float(torch.select(settings, 0, 4))");
    line("  if torch.gt(largest, 0.):");
    line("    g1 = torch.mul_(g, torch.clamp_max(torch.div(largest, torch.add(norm, 1e-6)), 1.))");
    line("  else:");
    line("    g1 = g");
    for (int range = 0; range < 2; range++) {
      line("  begin%d = int(torch.select(settings, 0, %d))", range, 5 + 3 * range);
      line("  end%d = int(torch.select(settings, 0, %d))", range, 6 + 3 * range);
      line("  decay%d = float(torch.select(settings, 0, %d))", range, 7 + 3 * range);
    }
    line("  sum0 = self.adamw(flat, g1, m, v, begin0, end0, 0, decay0, settings, count)");
    line(
        "  sum1 = self.adamw(flat, g1, m, v, begin1, end1, torch.sub(end0, begin0), decay1,"
            + " settings, count)");
    line("  measured = torch.cat([result, torch.reshape(torch.add(sum0, sum1), [1])], 0)");
    line("else:");
    line("  measured = result");
    line("return measured");
  }

  private static final String BATCH = "ids: Tensor, types: Tensor, bias: Tensor, targets: Tensor";

  /** Loss and gradient with respect to the whole vector. */
  private void backward() {
    method("loss", BATCH + ", flat: Tensor", "Tensor");
    line("return torch.to(self.mean_loss(flat, ids, types, bias, targets, False), 7)");

    method(backwardMethod(TrainedPart.ALL), lossParameters(), "Tuple[Tensor, Tensor]");
    line("leaf = torch.requires_grad_(torch.detach(flat), True)");
    line("loss = self.mean_loss(leaf, ids, types, bias, targets, drop)");
    line("g = torch.grad([loss], [leaf], None, None, False, False)");
    line("return (torch.detach(loss), unchecked_cast(Tensor, g[0]))");

    method("gradient", BATCH + ", flat: Tensor", "Tensor");
    line("loss, g, = self.backward_all(flat, ids, types, bias, targets, False)");
    line("return g");
  }

  /**
   * Loss and gradient with respect to the classification head, its matrices and then its vectors.
   * Nothing of the encoder is recorded, because nothing it reads asks for a gradient.
   */
  private void backwardIntoHead() {
    List<Parameter> head = layout.classifier();
    var ranges = new ArrayList<String>();
    var views = new ArrayList<String>();
    for (Parameter p : head) {
      ranges.add("torch.slice(flat, 0, %d, %d, 1)".formatted(p.offset(), p.offset() + p.size()));
      views.add("torch.view(p[%d], %s)".formatted(views.size(), p.shape()));
    }
    method(backwardMethod(TrainedPart.HEAD), lossParameters(), "Tuple[Tensor, Tensor]");
    line("w = self.unflatten(flat)");
    line("x = self.features(w, self.encode(w, ids, types, bias, False))");
    line("leaf = torch.requires_grad_(torch.cat([%s], 0), True)", String.join(", ", ranges));
    line("p = torch.split_with_sizes(leaf, %s, 0)", head.stream().map(Parameter::size).toList());
    line("logits = self.classify([%s], x, drop)", String.join(", ", views));
    line("loss = %s", crossEntropy("logits"));
    line("g = torch.grad([loss], [leaf], None, None, False, False)");
    line("return (torch.detach(loss), unchecked_cast(Tensor, g[0]))");
  }

  /**
   * A whole step, and the gradient of a part of one. Batches come first, because results belong to
   * the first input's owner.
   */
  private void steps(TrainedPart trained) {
    String backward =
        "loss, g, = self.%s(flat, ids, types, bias, targets, True)"
            .formatted(backwardMethod(trained));
    method(
        stepMethod(trained),
        BATCH + ", flat: Tensor, m: Tensor, v: Tensor, settings: Tensor, count: Tensor",
        "Tensor");
    line("%s", backward);
    line("return self.update(g, loss, flat, m, v, settings, count)");

    // Adds to the sum in place; where it is empty, the gradient itself becomes it.
    method(
        accumulateMethod(trained),
        BATCH + ", flat: Tensor, share: Tensor, total: Tensor",
        "List[Tensor]");
    line("%s", backward);
    line("g1 = torch.mul_(g, float(share))");
    line("if torch.eq(torch.numel(total), 0):");
    line("  added = g1");
    line("else:");
    line("  added = torch.add_(total, g1)");
    line("return [torch.mul(torch.to(loss, 7), share), added]");
  }

  private static String backwardMethod(TrainedPart trained) {
    return "backward_" + trained.name().toLowerCase(Locale.ROOT);
  }

  /** Takes a step: batch, vector, both moments, settings and count of {@link #update}. */
  static String stepMethod(TrainedPart trained) {
    return "step_" + trained.name().toLowerCase(Locale.ROOT);
  }

  /**
   * Adds a part's gradient, times its share of the batch, to a sum, which is empty for the first.
   * Returns the part's share of the loss, and the sum.
   */
  static String accumulateMethod(TrainedPart trained) {
    return "accumulate_" + trained.name().toLowerCase(Locale.ROOT);
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
    return "torch.layer_norm(%s, [%d], %s, %s, %s, True)"
        .formatted(x, config.hiddenSize(), weight, bias, number(config.layerNormEpsilon()));
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
      case ONEDNN ->
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
    if (linear == Linear.ONEDNN) {
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
