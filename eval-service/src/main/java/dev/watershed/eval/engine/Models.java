package dev.watershed.eval.engine;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.watershed.classifier.checkpoint.Architecture;
import dev.watershed.classifier.checkpoint.CheckpointManifest;
import dev.watershed.classifier.checkpoint.CheckpointStore;
import dev.watershed.classifier.checkpoint.Digest;
import dev.watershed.classifier.checkpoint.Head;
import dev.watershed.classifier.checkpoint.HuggingFaceCheckpoint;
import dev.watershed.classifier.checkpoint.ParameterVector;
import dev.watershed.classifier.text.Tokenizer;
import dev.watershed.classifier.text.TokenizerDefinition;
import dev.watershed.classifier.text.Tokenizers;
import dev.watershed.input.HuggingFaceFiles;
import dev.watershed.input.InvalidInputException;
import dev.watershed.input.Quoted;
import dev.watershed.server.RefusedException;
import dev.watershed.server.dataset.UnknownCheckpoint;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;

/** Finds classifiers in the store by resource name, and checks that they fit each other. */
final class Models {
  /** Without one of these there is no tokenizer. */
  private static final List<String> VOCABULARIES =
      List.of("tokenizer.json", "vocab.txt", "vocab.json");

  private final CheckpointStore store;
  private final Cache<CheckpointManifest, Architecture> architectures =
      Caffeine.newBuilder().maximumSize(10_000).build();

  private final Cache<String, String> tokenizers =
      Caffeine.newBuilder().maximumSize(10_000).build();

  Models(CheckpointStore store) {
    this.store = store;
  }

  /**
   * Finds a classifier.
   *
   * @param name {@code checkpoints/{id}}
   * @param field of the request that named it
   */
  Model resolve(String name, String field) {
    try {
      CheckpointManifest manifest =
          store.find(Model.idOf(name)).orElseThrow(() -> UnknownCheckpoint.refused(name, store));
      if (manifest.head() != Head.CLASSIFICATION) {
        throw RefusedException.failedPrecondition(
            "MODEL_IS_NOT_A_CLASSIFIER",
            name,
            name
                + " has the head "
                + manifest.head()
                + "; only classifiers have losses here. Fine-tune it first.");
      }
      return new Model(name, field, manifest, architecture(manifest), tokenizerFiles(manifest));
    } catch (InvalidInputException e) {
      throw concerning(name, field, e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Reads a model's weights; the caller closes them. */
  ParameterVector read(Model model) {
    try {
      return store.read(
          model.manifest(), directory -> HuggingFaceCheckpoint.open(directory).read());
    } catch (InvalidInputException e) {
      throw concerning(model.name(), model.field(), e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Loads a model's tokenizer; null where it has none and reads only what comes as tokens. */
  @Nullable Tokenizer tokenizer(Model model) {
    if (model.tokenizer().isEmpty()) {
      return null;
    }
    try {
      return store.read(
          model.manifest(),
          directory -> Tokenizers.load(directory, model.architecture().encoder().family()));
    } catch (InvalidInputException e) {
      throw concerning(model.name(), model.field(), e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Refuses models whose weights cannot be combined. */
  static void requireFitting(List<Model> models) {
    Model first = models.get(0);
    for (Model other : models.subList(1, models.size())) {
      List<String> labels = first.architecture().labels();
      List<String> otherLabels = other.architecture().labels();
      if (!labels.equals(otherLabels)) {
        throw refuse(
            "MODELS_DIFFER_IN_LABELS",
            first,
            other,
            "has the labels %s, %s has %s; %s"
                .formatted(
                    Quoted.of(labels.toString()),
                    other.name(),
                    Quoted.of(otherLabels.toString()),
                    labelAdvice(first, other)));
      }
      if (!first.architecture().isInterchangeableWith(other.architecture())) {
        throw refuse(
            "MODELS_DIFFER_IN_LAYOUT",
            first,
            other,
            "and %s differ in %s; only weights of one architecture can be mixed"
                .formatted(
                    other.name(),
                    String.join(", ", first.architecture().differences(other.architecture()))));
      }
    }
  }

  /**
   * Refuses models that read texts by different tokenizers, or one that has none. Files may differ
   * where every text becomes the same tokens.
   */
  void requireReadingAlike(List<Model> models) {
    for (Model model : models) {
      if (model.tokenizer().isEmpty()) {
        throw RefusedException.failedPrecondition(
            "TOKENIZER_MISSING",
            model.name(),
            model.name()
                + " comes without a tokenizer, so it reads no texts; register it under another id"
                + " with one (tokenizer_uri of RegisterCheckpointRequest; checkpoints register"
                + " --tokenizer DIR), or give pre-tokenised JSON Lines.");
      }
    }
    Model first = models.get(0);
    for (Model other : models.subList(1, models.size())) {
      if (!reading(first).equals(reading(other))) {
        throw refuse(
            "MODELS_DIFFER_IN_TOKENIZER",
            first,
            other,
            String.format(
                Locale.ROOT,
                "and %s read texts by different tokenizers: they differ in %s; only models that read every text alike can be compared on texts",
                other.name(),
                define(first).difference(define(other))));
      }
    }
  }

  private static String labelAdvice(Model first, Model other) {
    List<String> labels = first.architecture().labels();
    List<String> otherLabels = other.architecture().labels();
    if (labels.size() == otherLabels.size() && isUnnamed(labels)) {
      return nameAs(first, otherLabels);
    }
    if (labels.size() == otherLabels.size() && isUnnamed(otherLabels)) {
      return nameAs(other, labels);
    }
    if (folded(labels).equals(folded(otherLabels))) {
      return "they differ in upper and lower case only. " + nameAs(other, labels);
    }
    return new HashSet<>(labels).equals(new HashSet<>(otherLabels))
        ? "heads that mean different things by a position cannot be mixed"
        : "only classifiers for one task can be mixed";
  }

  /** Names that Hugging Face's Trainer writes where it is given none. */
  private static boolean isUnnamed(List<String> labels) {
    return labels.stream().allMatch(label -> label.matches("LABEL_\\d+"));
  }

  private static List<String> folded(List<String> labels) {
    return labels.stream().map(label -> label.toLowerCase(Locale.ROOT)).toList();
  }

  private static String nameAs(Model model, List<String> labels) {
    return "if they mean the same in this order, register "
        + model.id()
        + " again under another id with --labels '"
        + Quoted.of(String.join(",", labels))
        + "' (labels in RegisterCheckpointRequest)";
  }

  /** Equal for models that read every text alike; empty for one without a tokenizer. */
  String reading(Model model) {
    if (model.tokenizer().isEmpty()) {
      return "";
    }
    String files = model.architecture().encoder().family() + " " + model.tokenizer();
    String known = tokenizers.getIfPresent(files);
    if (known == null) {
      known = define(model).digest().sha256();
      tokenizers.put(files, known);
    }
    return known;
  }

  private TokenizerDefinition define(Model model) {
    try {
      return store.read(
          model.manifest(),
          directory -> Tokenizers.define(directory, model.architecture().encoder().family()));
    } catch (InvalidInputException e) {
      throw concerning(model.name(), model.field(), e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Architecture architecture(CheckpointManifest manifest) throws IOException {
    Architecture known = architectures.getIfPresent(manifest);
    if (known == null) {
      known =
          store.read(manifest, directory -> HuggingFaceCheckpoint.open(directory).architecture());
      architectures.put(manifest, known);
    }
    return known;
  }

  private static String tokenizerFiles(CheckpointManifest manifest) {
    Map<String, Digest> files = manifest.files();
    if (VOCABULARIES.stream().noneMatch(files::containsKey)) {
      return "";
    }
    StringJoiner names = new StringJoiner(" ");
    for (String file : HuggingFaceFiles.TOKENIZER) {
      Digest digest = files.get(file);
      if (digest != null) {
        names.add(file + ":" + digest.sha256());
      }
    }
    return names.toString();
  }

  private static RefusedException refuse(String reason, Model first, Model other, String what) {
    return RefusedException.failedPrecondition(
        reason, other.name(), first.name() + " " + what + ".");
  }

  private static InvalidInputException concerning(
      String name, String field, InvalidInputException e) {
    String subject = e.kind() == InvalidInputException.Kind.INVALID ? field : name;
    return new InvalidInputException(e.kind(), e.reason(), subject, name + ": " + e.getMessage());
  }
}
