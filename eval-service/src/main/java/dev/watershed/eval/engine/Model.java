package dev.watershed.eval.engine;

import dev.watershed.classifier.checkpoint.Architecture;
import dev.watershed.classifier.checkpoint.Digest;
import java.util.List;

/**
 * A classifier as a call names it: everything but its weights.
 *
 * @param name resource name, {@code checkpoints/{id}}
 * @param field of the request that names it, for errors
 * @param digest of its content: equal digests, equal function
 * @param architecture of the function
 * @param tokenizer names the tokenizer's files by content, which other files may say too; empty
 *     where the checkpoint has none
 * @param notices what was noticed when the checkpoint was made, for people
 */
public record Model(
    String name,
    String field,
    Digest digest,
    Architecture architecture,
    String tokenizer,
    List<String> notices) {
  private static final String PREFIX = "checkpoints/";

  /** Its id in the store. */
  String id() {
    return idOf(name);
  }

  static String idOf(String name) {
    return name.substring(PREFIX.length());
  }

  /** What this model is called in {@code AffineCombination}s. */
  public String key() {
    return digest.sha256();
  }
}
