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
 */
final class ProgramSource {
  /** How inference multiplies by a weight matrix. */
  enum Linear {
    /** {@code torch.linear}; differentiable. */
    PLAIN,
    /** oneDNN with the activation fused; CPU inference only. */
    ONEDNN
  }

  /** Probabilities of dropping; all zero where nothing is trained. */
  record Dropout(double hidden, double attention, double classifier) {
    static final Dropout NONE = new Dropout(0, 0, 0);

    boolean isNone() {
      return hidden == 0 && attention == 0 && classifier == 0;
    }
  }

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
  private final Dropout dropout;
  private final StringBuilder text = new StringBuilder();

  /** Index of each packed tensor in the list that {@code unflatten} returns. */
  private final Map<String, Integer> slots = new HashMap<>();

  private ProgramSource(ParameterLayout layout, Linear linear, Dropout dropout) {
    this.layout = layout;
    this.config = layout.architecture().encoder();
    this.linear = linear;
    this.dropout = dropout;
  }

  /** Methods {@code logits}, {@code interpolate}, {@code combine}. */
  static String classifier(ParameterLayout layout, Linear linear) {
    var source = new ProgramSource(layout, linear, Dropout.NONE);
    source.encoder();
    source.classificationHead();
    source.logits();
    source.vectorArithmetic();
    return source.text.toString();
  }

  /** Methods {@code step}, {@code loss}, {@code gradient}. */
  static String training(ParameterLayout layout, Dropout dropout) {
    var source = new ProgramSource(layout, Linear.PLAIN, dropout);
    source.encoder();
    if (layout.architecture().head() == Head.CLASSIFICATION) {
      source.classificationHead();
      source.classificationLoss();
    } else {
      source.maskedLanguageModelLoss();
    }
    source.training();
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
      views.add("torch.view(p[%d], %s)".formatted(views.size(), shape));
      sizes.add(packed * p.size());
      i += packed - 1;
    }
    long unread = layout.size() - layout.trainedSize();
    if (unread > 0) {
      sizes.add(unread);
    }
    method("unflatten", "flat: Tensor", "List[Tensor]");
    line("p = torch.split_with_sizes(flat, %s, 0)", sizes);
    line("return [%s]", String.join(", ", views));
  }

  /** The additive attention mask {@code (batch, 1, 1, token)}, or none where nothing is padded. */
  private void mask() {
    method("mask", "bias: Tensor", "Optional[Tensor]");
    line("if torch.eq(torch.numel(bias), 0):");
    line("  m = annotate(Optional[Tensor], None)");
    line("else:");
    line("  m = annotate(Optional[Tensor], bias)");
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
    line("return %s", dropped(norm("e2", prefix + "LayerNorm"), dropout.hidden));
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
    line("a = torch.scaled_dot_product_attention(q, k, v, mask, rate, False)");
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

  private void classificationHead() {
    boolean bert = config.family() == Family.BERT;
    String dense = bert ? "bert.pooler.dense" : "classifier.dense";
    String out = bert ? "classifier" : "classifier.out_proj";
    method("classify", "w: List[Tensor], h: Tensor, drop: bool", "Tensor");
    line("first = torch.select(h, 1, 0)");
    // RoBERTa's head drops its input too; BERT's pooler does not.
    line("x = %s", bert ? "first" : dropped("first", dropout.classifier));
    line("pooled = torch.tanh(torch.linear(x, %s, %s))", weight(dense), bias(dense));
    line("y = %s", dropped("pooled", dropout.classifier));
    line("return torch.linear(y, %s, %s)", weight(out), bias(out));
  }

  private void logits() {
    method("logits", "flat: Tensor, ids: Tensor, types: Tensor, bias: Tensor", "Tensor");
    line("w = self.unflatten(flat)");
    line("return self.classify(w, self.encode(w, ids, types, bias, False), False)");
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
    line("logits = self.classify(w, self.encode(w, ids, types, bias, drop), drop)");
    line("return torch.cross_entropy_loss(logits, torch.select(targets, 0, 1), None, 1, -100, 0.)");
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
    line("x = self.encode(w, ids, types, bias, drop, torch.select(targets, 0, 0))");
    line("y = %s", activated("x", weight(dense), bias(dense), activation));
    line("z = %s", norm("y", norm));
    line(
        "logits = torch.linear(z, %s, %s)",
        at(config.family().hfName() + ".embeddings.word_embeddings.weight"), at(head + ".bias"));
    line("return torch.cross_entropy_loss(logits, torch.select(targets, 0, 1), None, 1, -100, 0.)");
  }

  private static String lossParameters() {
    return "flat: Tensor, ids: Tensor, types: Tensor, bias: Tensor, targets: Tensor, drop: bool";
  }

  /**
   * The optimiser step. Batches come first, because results belong to the first input's owner.
   * {@code settings}, float64: learning rate, beta1, beta2, epsilon, weight decay, largest norm (0:
   * none), elements decayed, elements trained. {@code count}, float32: steps including this one; so
   * many that beta^count is 0 means no bias correction.
   */
  private void training() {
    String batch = "ids: Tensor, types: Tensor, bias: Tensor, targets: Tensor";
    method("loss", batch + ", flat: Tensor", "Tensor");
    line("return torch.to(self.mean_loss(flat, ids, types, bias, targets, False), 7)");

    method("backward", "flat: Tensor, " + batch + ", drop: bool", "Tuple[Tensor, Tensor]");
    line("leaf = torch.requires_grad_(torch.detach(flat), True)");
    line("loss = self.mean_loss(leaf, ids, types, bias, targets, drop)");
    line("g = torch.grad([loss], [leaf], None, None, False, False)");
    line("return (torch.detach(loss), unchecked_cast(Tensor, g[0]))");

    method("gradient", batch + ", flat: Tensor", "Tensor");
    line("loss, g, = self.backward(flat, ids, types, bias, targets, False)");
    line("return g");

    method(
        "step",
        batch + ", flat: Tensor, m: Tensor, v: Tensor, settings: Tensor, count: Tensor",
        "List[Tensor]");
    line("loss, g, = self.backward(flat, ids, types, bias, targets, True)");
    line("norm = torch.linalg_vector_norm(g, 2, None, False, dtype=7)");
    line("result = torch.stack([torch.to(loss, 7), norm], 0)");
    line("if bool(torch.all(torch.isfinite(result))):");
    line("  largest = float(torch.select(settings, 0, 5))");
    line("  if torch.gt(largest, 0.):");
    line("    g1 = torch.mul_(g, torch.clamp_max(torch.div(largest, torch.add(norm, 1e-6)), 1.))");
    line("  else:");
    line("    g1 = g");
    line("  decayed = int(torch.select(settings, 0, 6))");
    line("  trained = int(torch.select(settings, 0, 7))");
    line("  decay = float(torch.select(settings, 0, 4))");
    line("  matrices = self.adamw(flat, g1, m, v, 0, decayed, decay, settings, count)");
    line("  vectors = self.adamw(flat, g1, m, v, decayed, trained, 0., settings, count)");
    line("  results = [result, matrices, vectors]");
    line("else:");
    line("  results = [result]");
    line("return results");

    // Its result is what keeps the update alive: TorchScript does not see that writing to a list's
    // tensors has an effect, and drops it where the list is not read afterwards.
    method(
        "adamw",
        "flat: Tensor, g: Tensor, m: Tensor, v: Tensor, begin: int, end: int, decay: float,"
            + " settings: Tensor, count: Tensor",
        "Tensor");
    line("updated = [%s]", part("flat"));
    line(
        "torch._fused_adamw_(updated, [%s], [%s], [%s], annotate(List[Tensor], []), [count],"
            + " lr=float(torch.select(settings, 0, 0)), beta1=float(torch.select(settings, 0, 1)),"
            + " beta2=float(torch.select(settings, 0, 2)), weight_decay=decay,"
            + " eps=float(torch.select(settings, 0, 3)), amsgrad=False, maximize=False)",
        part("g"), part("m"), part("v"));
    line("return updated[0]");
  }

  private static String part(String vector) {
    return "torch.slice(%s, 0, begin, end, 1)".formatted(vector);
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
