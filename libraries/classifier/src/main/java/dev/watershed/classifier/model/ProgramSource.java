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
 * The TorchScript text of one architecture: the encoder as a function of the flat vector. Says
 * which parts (resources under {@code program/}, where the program can be read) make the program of
 * a family, a head and a choice of kernels, and what their constants are.
 *
 * <p>A classifier reads only the first token and a token predictor only the masked ones, so the
 * last layer computes only those rows: same function, less work.
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

  /** How attention and the rows of embeddings are computed; the function is the same. */
  enum Gradients {
    /** libtorch's own kernels; on GPUs their gradients are sums in no fixed order. */
    FUSED,
    /** Two products and a softmax, and rows by index; the same bits each time on a GPU too. */
    ORDERED
  }

  /** Which of several ways to the same function a program takes. */
  record Kernels(Linear linear, Gradients gradients, ComputePrecision precision) {
    /** Plain ones in fp32, that every device has. */
    static final Kernels PLAIN =
        new Kernels(Linear.PLAIN, Gradients.ORDERED, ComputePrecision.FP32);

    static Kernels inferenceOnGpu(ComputePrecision precision) {
      return new Kernels(Linear.PLAIN, Gradients.FUSED, precision);
    }

    static Kernels trainingOnGpu(ComputePrecision precision) {
      return new Kernels(Linear.PLAIN, Gradients.ORDERED, precision);
    }

    Kernels in(ComputePrecision other) {
      return new Kernels(linear, gradients, other);
    }
  }

  /** Probabilities of dropping; all zero where nothing is trained. */
  record Dropout(double hidden, double attention, double classifier) {
    static final Dropout NONE = new Dropout(0, 0, 0);

    boolean isNone() {
      return hidden == 0 && attention == 0 && classifier == 0;
    }
  }

  private final ParameterLayout layout;
  private final EncoderConfig config;
  private final Kernels kernels;

  /** Values of the words in capitals. */
  private final Map<String, String> constants = new HashMap<>();

  private final ProgramText text = new ProgramText();

  /** Index of each packed tensor in the list that {@code tensors} returns. */
  private final Map<String, Integer> slots = new HashMap<>();

  /** How many of them are matrices; they come first. */
  private int matrices;

  private ProgramSource(ParameterLayout layout, Kernels kernels, Dropout dropout) {
    this.layout = layout;
    this.config = layout.architecture().encoder();
    this.kernels = kernels;
    tensors();
    constants.put("VECTOR_SIZE", Long.toString(layout.size()));
    constants.put("HIDDEN_SIZE", number(config.hiddenSize()));
    constants.put("HEADS", number(config.attentionHeadCount()));
    constants.put("HEAD_SIZE", number(config.hiddenSize() / config.attentionHeadCount()));
    constants.put("LAYERS", number(config.layerCount()));
    constants.put("PAD_TOKEN", number(config.padTokenId()));
    constants.put("NORM_EPSILON", number(config.layerNormEpsilon()));
    constants.put("ACTIVATION", config.activation().hfName());
    constants.put(
        "ATTENTION_SCALE",
        number(1 / Math.sqrt((double) config.hiddenSize() / config.attentionHeadCount())));
    constants.put("HIDDEN_DROPOUT", number(dropout.hidden));
    constants.put("ATTENTION_DROPOUT", number(dropout.attention));
    constants.put("CLASSIFIER_DROPOUT", number(dropout.classifier));
  }

  /**
   * Methods {@code logits}, {@code interpolate}, {@code scale}, {@code accumulate}; in bfloat16
   * {@code room_to_round} and {@code round} too, and {@code logits} takes what they wrote.
   */
  static String classifier(ParameterLayout layout, Kernels kernels) {
    var source = new ProgramSource(layout, kernels, Dropout.NONE);
    source.encoder();
    source.classificationHead();
    source.add(
        kernels.precision() == ComputePrecision.BF16 ? "inference_of_rounded" : "inference",
        "combinations");
    return source.text.toString();
  }

  /**
   * Methods {@code loss}, {@code gradient}, {@code update}, and for each part of the vector that
   * can be trained its {@link #stepMethod} and {@link #accumulateMethod}.
   *
   * @param kernels that can be differentiated
   */
  static String training(ParameterLayout layout, Kernels kernels, Dropout dropout) {
    var source = new ProgramSource(layout, kernels, dropout);
    boolean classifies = layout.architecture().head() == Head.CLASSIFICATION;
    source.encoder();
    source.add("loss");
    if (classifies) {
      source.classificationHead();
      source.add("loss_of_labels");
    } else {
      source.tokenPredictor();
    }
    source.add("optimiser", "backward");
    source.steps(TrainedPart.ALL, source.matrices);
    if (classifies) {
      source.add("backward_into_head");
      source.steps(TrainedPart.HEAD, layout.classifier().size() / 2);
    }
    return source.text.toString();
  }

  private void add(String... parts) {
    for (String part : parts) {
      text.add(part, constants);
    }
  }

  private void encoder() {
    String embeddings = config.family().hfName() + ".embeddings.";
    slot("WORD_EMBEDDINGS", embeddings + "word_embeddings.weight");
    slot("POSITION_EMBEDDINGS", embeddings + "position_embeddings.weight");
    slot("TYPE_EMBEDDINGS", embeddings + "token_type_embeddings.weight");
    slot("EMBEDDING_NORM_WEIGHT", embeddings + "LayerNorm.weight");
    slot("EMBEDDING_NORM_BIAS", embeddings + "LayerNorm.bias");
    slot("FIRST_MATRIX", layer(0) + "weight");
    slot("FIRST_VECTOR", layer(0) + "bias");
    slot("LAST_MATRIX", layer(config.layerCount() - 1) + "weight");
    slot("LAST_VECTOR", layer(config.layerCount() - 1) + "bias");
    add("vector", ofPrecision(), ofLinear());
    if (kernels.linear() != Linear.ONEDNN_FUSED) {
      add("activations");
    }
    add(ofLookup(), ofPositions(), "embeddings", ofAttention(), "layer");
    add(
        layout.architecture().head() == Head.MASKED_LANGUAGE_MODEL
            ? "encode_predictions"
            : "encode_first_token");
  }

  private String ofPrecision() {
    return switch (kernels.precision()) {
      case FP32 -> "precision_fp32";
      case BF16 -> "precision_bf16";
    };
  }

  private String ofLinear() {
    return switch (kernels.linear()) {
      case PLAIN -> "linear_plain";
      case ONEDNN_FUSED -> "linear_onednn_fused";
      case ONEDNN_DIFFERENTIABLE -> "linear_onednn_differentiable";
    };
  }

  private String ofAttention() {
    return switch (kernels.gradients()) {
      case FUSED -> "attention_fused";
      case ORDERED -> "attention_written_out";
    };
  }

  private String ofLookup() {
    return switch (kernels.gradients()) {
      case FUSED -> "lookup_fused";
      case ORDERED -> "lookup_by_index";
    };
  }

  private String ofPositions() {
    return switch (config.family()) {
      case BERT -> "positions_by_place";
      case ROBERTA -> "positions_by_count";
    };
  }

  /** Where a layer's matrices and vectors begin. */
  private String layer(int layer) {
    return String.format(
        Locale.ROOT, "%s.encoder.layer.%d.attention.self.query.", config.family().hfName(), layer);
  }

  private void classificationHead() {
    List<String> own = layout.classifier().stream().map(p -> tensor(slot(p.name()))).toList();
    constants.put("CLASSIFIER_TENSORS", own.toString());
    switch (config.family()) {
      case BERT -> {
        slot("POOLER_WEIGHT", "bert.pooler.dense.weight");
        slot("POOLER_BIAS", "bert.pooler.dense.bias");
        add("classifier_on_pooler");
      }
      case ROBERTA -> add("classifier_of_two_matrices");
    }
    add("classification");
  }

  private void tokenPredictor() {
    boolean bert = config.family() == Family.BERT;
    String head = bert ? "cls.predictions" : "lm_head";
    String dense = bert ? head + ".transform.dense" : head + ".dense";
    String norm = bert ? head + ".transform.LayerNorm" : head + ".layer_norm";
    slot("PREDICTOR_WEIGHT", dense + ".weight");
    slot("PREDICTOR_BIAS", dense + ".bias");
    slot("PREDICTOR_NORM_WEIGHT", norm + ".weight");
    slot("PREDICTOR_NORM_BIAS", norm + ".bias");
    slot("VOCABULARY_BIAS", head + ".bias");
    // BERT's head has the encoder's activation, RoBERTa's always GELU.
    Activation activation = bert ? config.activation() : Activation.GELU;
    constants.put("PREDICTOR_ACTIVATION", activation.hfName());
    add("loss_of_masked_tokens");
  }

  private void steps(TrainedPart trained, int trainedMatrices) {
    constants.put("PART", name(trained));
    constants.put("PART_MATRICES", number(trainedMatrices));
    add("steps");
  }

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
      views.add("torch.view(%s, %s)".formatted(tensor(views.size()), shape));
      sizes.add(packed * p.size());
      matrices += p.offset() < layout.decayedSize() ? 1 : 0;
      i += packed - 1;
    }
    long unread = layout.size() - layout.trainedSize();
    if (unread > 0) {
      sizes.add(unread);
    }
    constants.put("TENSOR_SIZES", sizes.toString());
    constants.put("TENSOR_VIEWS", views.toString());
    constants.put("TENSORS_OF_LAYERS_ROUNDED", weights(p -> p.replace('p', 'r')));
    constants.put("TENSORS_OF_LAYERS_COMPUTED", weights("self.computed(%s)"::formatted));
  }

  /** The list of all tensors, those of the layers changed. */
  private String weights(UnaryOperator<String> ofLayers) {
    var weights = new String[slots.size()];
    slots.forEach(
        (name, slot) ->
            weights[slot] =
                name.contains(".encoder.layer.") ? ofLayers.apply(tensor(slot)) : tensor(slot));
    return List.of(weights).toString();
  }

  private static String tensor(int slot) {
    return "p[" + slot + "]";
  }

  private void slot(String constant, String parameter) {
    constants.put(constant, number(slot(parameter)));
  }

  private int slot(String parameter) {
    Integer slot = slots.get(parameter);
    if (slot == null) {
      throw new IllegalStateException("no parameter " + parameter);
    }
    return slot;
  }

  /** Takes a step: batch, vector, both moments, settings and count of {@code update}. */
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

  private static String number(int value) {
    return Integer.toString(value);
  }

  /** The shortest decimal that is exactly {@code value}, as TorchScript spells it. */
  private static String number(double value) {
    return Double.toString(value).toLowerCase(Locale.ROOT);
  }
}
