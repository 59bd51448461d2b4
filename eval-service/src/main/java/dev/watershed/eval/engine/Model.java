package dev.watershed.eval.engine;

import dev.watershed.classifier.checkpoint.Architecture;
import dev.watershed.classifier.checkpoint.CheckpointManifest;
import dev.watershed.classifier.checkpoint.Digest;
import dev.watershed.input.CheckpointName;
import java.util.List;
import java.util.Map;

/**
 * A classifier as a call names it: everything but its weights.
 *
 * @param name resource name, {@code checkpoints/{id}}
 * @param field of the request that names it, for errors
 * @param manifest of the checkpoint: by the time of reading, its id may stand for another
 * @param architecture of the function
 * @param tokenizer names the tokenizer's files by content, which other files may say too; empty
 *     where the checkpoint has none
 */
public record Model(
    String name,
    String field,
    CheckpointManifest manifest,
    Architecture architecture,
    String tokenizer) {
  /** Its id in the store. */
  String id() {
    return manifest.id();
  }

  /** Of its content: equal digests, equal function. */
  public Digest digest() {
    return manifest.digest();
  }

  /** What was noticed when the checkpoint was made, for people. */
  public List<String> notices() {
    return manifest.notices();
  }

  /** What the run that made it was told, by name; empty where that is not known. */
  public Map<String, String> origin() {
    return manifest.origin();
  }

  static String idOf(String name) {
    return CheckpointName.of(name).id();
  }

  /** What this model is called in {@code AffineCombination}s. */
  public String key() {
    return digest().sha256();
  }
}
