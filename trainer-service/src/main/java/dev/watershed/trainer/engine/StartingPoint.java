package dev.watershed.trainer.engine;

import dev.watershed.classifier.checkpoint.Activation;
import dev.watershed.classifier.checkpoint.Architecture;
import dev.watershed.classifier.checkpoint.CheckpointManifest;
import dev.watershed.classifier.checkpoint.CheckpointStore;
import dev.watershed.classifier.checkpoint.Digest;
import dev.watershed.classifier.checkpoint.EncoderConfig;
import dev.watershed.classifier.checkpoint.Family;
import dev.watershed.classifier.checkpoint.Head;
import dev.watershed.classifier.checkpoint.HeadInitialization;
import dev.watershed.classifier.checkpoint.HuggingFaceCheckpoint;
import dev.watershed.classifier.checkpoint.ParameterLayout;
import dev.watershed.classifier.checkpoint.ParameterVector;
import dev.watershed.classifier.data.DataRoots;
import dev.watershed.classifier.data.LabelMapping;
import dev.watershed.classifier.text.Tokenizer;
import dev.watershed.classifier.text.Tokenizers;
import dev.watershed.input.InvalidInputException;
import dev.watershed.input.Quoted;
import dev.watershed.server.RefusedException;
import dev.watershed.server.dataset.Samples;
import dev.watershed.server.dataset.UnknownCheckpoint;
import dev.watershed.trainer.v1.RandomInitialization;
import dev.watershed.trainer.v1.TrainingRunSpec;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The model a run begins with, before a weight is read: what it is, and its tokenizer where it has
 * one: rows of ids need none.
 *
 * <p>Either a checkpoint, or random weights of a given shape.
 */
final class StartingPoint implements AutoCloseable {
  private static final String CHECKPOINT_PREFIX = "checkpoints/";
  private static final double DEFAULT_STANDARD_DEVIATION = .02;
  private static final int MAX_RENAMED_SHOWN = 10;

  /** As Hugging Face's default configurations of the two families. */
  private static final double DEFAULT_DROPOUT = .1;

  private static final double BERT_LAYER_NORM_EPSILON = 1e-12;
  private static final double ROBERTA_LAYER_NORM_EPSILON = 1e-5;

  /** The weights of a checkpoint. */
  @FunctionalInterface
  private interface Weights {
    ParameterVector read() throws IOException;
  }

  private final Architecture architecture;
  private final @Nullable Tokenizer tokenizer;
  private final @Nullable CheckpointManifest manifest;
  private final @Nullable Weights weights;
  private final @Nullable RandomInitialization random;
  private final List<String> tokenizerNotices;

  private StartingPoint(
      Architecture architecture,
      @Nullable Tokenizer tokenizer,
      @Nullable CheckpointManifest manifest,
      @Nullable Weights weights,
      @Nullable RandomInitialization random,
      List<String> tokenizerNotices) {
    this.architecture = architecture;
    this.tokenizer = tokenizer;
    this.manifest = manifest;
    this.weights = weights;
    this.random = random;
    this.tokenizerNotices = List.copyOf(tokenizerNotices);
  }

  /**
   * Opens what a spec begins with.
   *
   * @throws RefusedException NOT_FOUND where there is no such checkpoint, INVALID_ARGUMENT where
   *     the shape is impossible; the field says where in {@code spec}
   */
  static StartingPoint open(TrainingRunSpec spec, CheckpointStore checkpoints, DataRoots roots)
      throws IOException {
    return spec.hasRandom()
        ? openRandom(spec.getRandom(), roots)
        : openCheckpoint(spec.getInitialCheckpoint(), checkpoints);
  }

  private static StartingPoint openCheckpoint(String name, CheckpointStore checkpoints)
      throws IOException {
    String id = name.substring(CHECKPOINT_PREFIX.length());
    var manifest = checkpoints.find(id);
    if (manifest.isEmpty()) {
      throw UnknownCheckpoint.refused(name, checkpoints);
    }
    var start =
        checkpoints.read(manifest.get(), directory -> open(manifest.get(), directory, checkpoints));
    var architecture = start.architecture;
    var tokenizer = start.tokenizer;
    if (tokenizer != null && tokenizer.vocabularySize() > architecture.encoder().vocabularySize()) {
      start.close();
      throw RefusedException.failedPrecondition(
          "TOKENIZER_MISMATCH",
          name,
          String.format(
              Locale.ROOT,
              "The tokenizer of \"%s\" has %d tokens, its embeddings only %d; register it anew with its own tokenizer.",
              name,
              tokenizer.vocabularySize(),
              architecture.encoder().vocabularySize()));
    }
    return start;
  }

  private static StartingPoint open(
      CheckpointManifest manifest, Path directory, CheckpointStore checkpoints) throws IOException {
    var architecture = HuggingFaceCheckpoint.open(directory).architecture();
    return new StartingPoint(
        architecture,
        tokenizer(directory, architecture.encoder().family()),
        manifest,
        () -> checkpoints.read(manifest, unchanged -> HuggingFaceCheckpoint.open(unchanged).read()),
        null,
        List.of());
  }

  private static @Nullable Tokenizer tokenizer(Path directory, Family family) {
    try {
      return Tokenizers.load(directory, family);
    } catch (InvalidInputException e) {
      if (e.kind() == InvalidInputException.Kind.NOT_FOUND) {
        return null;
      }
      throw e;
    }
  }

  private static StartingPoint openRandom(RandomInitialization random, DataRoots roots) {
    var family = random.getFamily().equals(Family.ROBERTA.hfName()) ? Family.ROBERTA : Family.BERT;
    if (random.getHiddenSize() % random.getAttentionHeadCount() != 0) {
      throw RefusedException.invalidArgument(
          "HIDDEN_SIZE_INDIVISIBLE",
          "spec.random.hidden_size",
          String.format(
              Locale.ROOT,
              "is %d, which is not a multiple of attention_head_count %d",
              random.getHiddenSize(),
              random.getAttentionHeadCount()));
    }
    if (family == Family.ROBERTA && random.hasBuiltinTokenizer()) {
      throw RefusedException.invalidArgument(
          "TOKENIZER_MISMATCH",
          "spec.random.builtin_tokenizer",
          "\"miniature\" writes pairs as BERT reads them; use family \"bert\", or a tokenizer_uri");
    }
    var tokenizer =
        random.hasBuiltinTokenizer()
            ? Tokenizers.miniature()
            : Samples.within(
                "spec.random.tokenizer_uri",
                () -> Tokenizers.load(roots.resolve(random.getTokenizerUri()), family));
    try {
      var encoder = Samples.within("spec.random", () -> encoder(random, family, tokenizer));
      // What a registered checkpoint's tokenizer has to say was told at registration.
      List<String> notices =
          random.hasBuiltinTokenizer()
              ? List.of()
              : Samples.within(
                  "spec.random.tokenizer_uri",
                  () -> Tokenizers.inspect(roots.resolve(random.getTokenizerUri()), encoder));
      return new StartingPoint(
          new Architecture(encoder, Head.NONE, List.of()), tokenizer, null, null, random, notices);
    } catch (RuntimeException e) {
      tokenizer.close();
      throw e;
    }
  }

  private static EncoderConfig encoder(
      RandomInitialization random, Family family, Tokenizer tokenizer) {
    boolean roberta = family == Family.ROBERTA;
    return new EncoderConfig(
        family,
        tokenizer.vocabularySize(),
        random.getHiddenSize(),
        random.getLayerCount(),
        random.getAttentionHeadCount(),
        random.getIntermediateSize(),
        random.getMaxPositions(),
        roberta ? 1 : 2,
        roberta ? ROBERTA_LAYER_NORM_EPSILON : BERT_LAYER_NORM_EPSILON,
        Activation.GELU,
        tokenizer.padTokenId(),
        DEFAULT_DROPOUT,
        DEFAULT_DROPOUT,
        DEFAULT_DROPOUT);
  }

  /** What it is; without a head where weights are random. */
  Architecture architecture() {
    return architecture;
  }

  /** Its tokenizer; null where it has none and can be trained on rows of ids only. */
  @Nullable Tokenizer tokenizer() {
    return tokenizer;
  }

  /**
   * Its tokenizer, for what cannot be done without.
   *
   * @throws RefusedException TOKENIZER_MISSING where it has none
   */
  Tokenizer requireTokenizer() {
    if (tokenizer != null) {
      return tokenizer;
    }
    throw RefusedException.failedPrecondition(
        "TOKENIZER_MISSING",
        name(),
        name()
            + " comes without a tokenizer, so it can neither read texts nor be masked; register it"
            + " under another id with one (checkpoints register --tokenizer DIR), or classify"
            + " pre-tokenised JSON Lines.");
  }

  /** Equal where the same rows become the same tokens, or are refused for the same reasons. */
  String tokenizerIdentity() {
    var encoder = architecture.encoder();
    return String.format(
        Locale.ROOT,
        "%s/%d/%d/%d",
        tokenizer == null ? "none" : tokenizer.digest().sha256(),
        encoder.vocabularySize(),
        encoder.typeVocabularySize(),
        encoder.maxTokens());
  }

  /**
   * Names all that a run takes from here which its spec does not say: the checkpoint's weights,
   * configuration and tokenizer, or the tokenizer of random weights. SHA-256, hexadecimal.
   */
  String contentDigest() {
    if (manifest == null) {
      return requireTokenizer().digest().sha256();
    }
    var text = new StringBuilder(manifest.digest().sha256());
    new TreeMap<>(manifest.files())
        .forEach(
            (name, digest) -> text.append('\n').append(name).append(' ').append(digest.sha256()));
    return Digest.of(text.toString().getBytes(StandardCharsets.UTF_8)).sha256();
  }

  /**
   * Returns the labels in the order of the logits.
   *
   * @param asked what the spec names; empty for the checkpoint's, or else the data's
   * @param newHead whether the checkpoint's own head is left out
   * @throws InvalidInputException where the spec's labels would lose the checkpoint's head, or it
   *     is not plain which is which of its labels
   */
  List<String> labels(List<String> asked, List<String> dataLabels, boolean newHead) {
    var own = architecture.labels();
    if (own.isEmpty() || newHead) {
      return asked.isEmpty() ? dataLabels : asked;
    }
    if (asked.isEmpty()) {
      return own;
    }
    if (asked.size() != own.size()) {
      throw headWouldBeLost(
          "labels",
          String.format(
              Locale.ROOT,
              "are %d (%s), but %s was trained with a head of %d (%s)",
              asked.size(),
              shown(asked),
              name(),
              own.size(),
              shown(own)));
    }
    for (int i = 0; i < own.size(); i++) {
      String before = own.get(i);
      String now = asked.get(i);
      if (!before.equals(now) && own.contains(now)) {
        throw InvalidInputException.invalid(
            "LABELS_REORDERED",
            "labels",
            "are %s, but the head of %s has %s; leave them out to keep its order"
                .formatted(shown(asked), name(), shown(own)));
      }
      if (!before.equalsIgnoreCase(now) && !isPlaceholder(before, i)) {
        throw InvalidInputException.invalid(
            "LABELS_RENAMED_AMBIGUOUSLY",
            "labels",
            "are %s, but the head of %s was trained for %s, which may be something else; %s"
                .formatted(
                    shown(asked),
                    name(),
                    shown(own),
                    "if they mean the same, register the checkpoint with these names (--labels), else"
                        + " say new_head, which leaves the trained head out and draws one"));
      }
    }
    return asked;
  }

  /** The names that are none: what Hugging Face's Trainer writes for want of others. */
  private static boolean isPlaceholder(String label, int index) {
    return label.equals("LABEL_" + index) || label.equals(Integer.toString(index));
  }

  /**
   * Whether a word for a new head says anything: a trained head would be left out by it. That of
   * pretraining is left out by every classifier.
   *
   * @throws InvalidInputException HEAD_WOULD_BE_LOST where a classifier's head is to make place for
   *     one of masked language modelling without a word
   */
  boolean leavesHeadOut(TrainingRunSpec spec) {
    boolean classifies = spec.hasClassification();
    return switch (architecture.head()) {
      case NONE -> false;
      case MASKED_LANGUAGE_MODEL -> spec.getNewHead() && !classifies;
      case CLASSIFICATION -> {
        if (!spec.getNewHead() && !classifies) {
          throw headWouldBeLost(
              "new_head",
              "is not said, but %s was trained to classify (%s), which masked language modelling leaves out"
                  .formatted(name(), shown(architecture.labels())));
        }
        yield spec.getNewHead();
      }
    };
  }

  private static InvalidInputException headWouldBeLost(String parameter, String why) {
    return InvalidInputException.invalid(
        "HEAD_WOULD_BE_LOST",
        parameter,
        why
            + "; say new_head to leave that head out and draw one, or begin with another checkpoint");
  }

  /**
   * What to do about data whose labels are not those of the head.
   *
   * @param newHead whether the head that the start has is left out
   */
  String labelAdvice(boolean newHead) {
    var own = architecture.labels();
    if (newHead || own.isEmpty()) {
      return LabelMapping.TRAINING_ADVICE;
    }
    boolean nameless =
        IntStream.range(0, own.size()).allMatch(label -> isPlaceholder(own.get(label), label));
    return (nameless
            ? "name the data's in labels (--labels) in the order of the logits, first what %s means"
                .formatted(own.getFirst())
            : LabelMapping.TRAINING_ADVICE)
        + "; a head of their own, in place of the trained one, wants new_head";
  }

  /**
   * What should be known of the start, for people: how the files of a tokenizer brought with random
   * weights were read, and what becomes of the head that a checkpoint has. Empty where a head goes
   * on as it was, or there is none but that of pretraining.
   *
   * @param spec resolved
   */
  List<String> notices(TrainingRunSpec spec) {
    var own = architecture.labels();
    var labels = spec.getClassification().getLabelsList();
    if (spec.getNewHead()) {
      return List.of(
          "the trained head of %s%s was left out, as new_head says; the head%s was drawn from the head seed"
              .formatted(
                  name(),
                  own.isEmpty() ? "" : " (" + shown(own) + ")",
                  labels.isEmpty() ? "" : " for " + shown(labels)));
    }
    if (own.isEmpty() || own.equals(labels)) {
      return tokenizerNotices;
    }
    String renamed =
        IntStream.range(0, own.size())
            .filter(label -> !own.get(label).equals(labels.get(label)))
            .limit(MAX_RENAMED_SHOWN)
            .mapToObj(
                label ->
                    Quoted.of(own.get(label)) + " is now '" + Quoted.of(labels.get(label)) + "'")
            .collect(Collectors.joining(", "));
    return List.of(
        "the trained head of "
            + name()
            + " goes on under the names given: "
            + renamed
            + (own.size() > MAX_RENAMED_SHOWN ? ", ..." : ""));
  }

  /** Steps of the run that made the start; 0 where none did. */
  long step() {
    return manifest == null ? 0 : manifest.step();
  }

  private String name() {
    return manifest == null ? "the start" : CHECKPOINT_PREFIX + manifest.id();
  }

  private static String shown(List<String> labels) {
    return Quoted.of(String.join(", ", labels));
  }

  /**
   * Returns the first weights of a run, to be closed by the caller. A head that {@code target} has
   * and the start lacks is drawn from {@code headSeed}.
   *
   * @param newHead whether a head of the kind that the start has is drawn too
   */
  ParameterVector weights(
      Architecture target, HeadInitialization initialization, long headSeed, boolean newHead)
      throws IOException {
    var layout = ParameterLayout.of(target);
    try (var own = ownWeights()) {
      if (architecture.head() == Head.NONE || (architecture.head() == target.head() && !newHead)) {
        return ParameterVector.withHead(own, layout, initialization, headSeed);
      }
      var bare = ParameterLayout.of(new Architecture(architecture.encoder(), Head.NONE, List.of()));
      try (var encoder = ParameterVector.withHead(own, bare, initialization, headSeed)) {
        return ParameterVector.withHead(encoder, layout, initialization, headSeed);
      }
    }
  }

  private ParameterVector ownWeights() throws IOException {
    if (weights != null) {
      return weights.read();
    }
    if (random == null) {
      throw new IllegalStateException("neither a checkpoint nor random");
    }
    double std =
        random.hasStandardDeviation() ? random.getStandardDeviation() : DEFAULT_STANDARD_DEVIATION;
    return ParameterVector.random(ParameterLayout.of(architecture), std, random.getSeed());
  }

  @Override
  public void close() {
    if (tokenizer != null) {
      tokenizer.close();
    }
  }
}
