package dev.watershed.classifier.checkpoint;

import dev.watershed.input.HuggingFaceFiles;
import dev.watershed.input.InvalidInputException;
import dev.watershed.input.Quoted;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * What the store knows of one checkpoint.
 *
 * @param digest content digest, see {@link ParameterVector#digest()}
 * @param family Hugging Face's {@code model_type}
 * @param labels label names in the order of the logits; empty without a classification head
 * @param parameterCount number of fp32 parameters
 * @param trainingRun resource name of the run that made it; empty where it came from elsewhere
 * @param step optimiser steps done when it was taken
 * @param files digest of each file by name
 * @param notices what was noticed and passed over while reading
 * @param origin what the run that made it was told, by name; empty where that is not known
 */
public record CheckpointManifest(
    String id,
    Digest digest,
    String family,
    Head head,
    List<String> labels,
    long parameterCount,
    String trainingRun,
    long step,
    Instant createTime,
    Map<String, Digest> files,
    List<String> notices,
    Map<String, String> origin) {
  /** By time, then by id. */
  public static final Comparator<CheckpointManifest> OLDEST_FIRST =
      Comparator.comparing(CheckpointManifest::createTime).thenComparing(CheckpointManifest::id);

  private static final Pattern ID = Pattern.compile("[a-z0-9][a-z0-9._-]{0,127}");

  public CheckpointManifest {
    labels = List.copyOf(labels);
    files = Map.copyOf(files);
    notices = List.copyOf(notices);
    origin = Map.copyOf(origin);
  }

  /** Whether a checkpoint may have this id. */
  public static boolean isId(String id) {
    return ID.matcher(id).matches();
  }

  /**
   * Returns an id that a checkpoint may have.
   *
   * @throws InvalidInputException INVALID with reason CHECKPOINT_ID_INVALID
   */
  public static String requireId(String id) {
    if (!isId(id)) {
      throw InvalidInputException.invalid(
          "CHECKPOINT_ID_INVALID",
          "checkpoint_id",
          "'%s' is no checkpoint id: 1 to 128 of a-z 0-9 . _ -, beginning with a letter or digit"
              .formatted(Quoted.of(id)));
    }
    return id;
  }

  /** How a store refuses an id that nothing has. */
  public static InvalidInputException notFound(String id) {
    return new InvalidInputException(
        InvalidInputException.Kind.NOT_FOUND,
        "CHECKPOINT_NOT_FOUND",
        "checkpoint",
        "there is no checkpoint '%s'; list those there are".formatted(id));
  }

  /** How a store refuses a checkpoint that is not what it was. */
  public static InvalidInputException corrupt(String id, String what) {
    return new InvalidInputException(
        InvalidInputException.Kind.CORRUPT,
        "CHECKPOINT_CORRUPT",
        "checkpoint",
        "checkpoint '%s' is damaged: %s; restore it or register it anew".formatted(id, what));
  }

  /**
   * Returns this, which is in a store, where another that should be put there has the same weights
   * and the same tokenizer.
   *
   * @throws InvalidInputException MISMATCH with reason CHECKPOINT_ID_TAKEN where it has not
   */
  public CheckpointManifest requireSame(CheckpointManifest wanted) {
    if (digest.equals(wanted.digest) && tokenizerFiles().equals(wanted.tokenizerFiles())) {
      return this;
    }
    throw new InvalidInputException(
        InvalidInputException.Kind.MISMATCH,
        "CHECKPOINT_ID_TAKEN",
        "checkpoint_id",
        "checkpoint '%s' exists with other content (%s, not %s); choose another id"
            .formatted(id, digest.sha256(), wanted.digest.sha256()));
  }

  private Map<String, Digest> tokenizerFiles() {
    var tokenizer = new TreeMap<>(files);
    tokenizer.keySet().retainAll(HuggingFaceFiles.TOKENIZER);
    return tokenizer;
  }
}
