package dev.watershed.standalone.command;

import dev.watershed.input.Quoted;
import java.text.Normalizer;
import java.util.Locale;
import java.util.regex.Pattern;

/** Resource names; the bare id is accepted too, since that is what people type. */
public final class Names {
  private static final Pattern CHECKPOINT = Pattern.compile("[a-z0-9][a-z0-9._-]{0,127}");
  private static final Pattern WORK = Pattern.compile("[a-z0-9-]{1,64}");

  private Names() {}

  static String checkpoint(String text) {
    return qualified("checkpoints/", text, CHECKPOINT, "checkpoint");
  }

  static String trainingRun(String text) {
    return qualified("trainingRuns/", text, WORK, "run");
  }

  static String study(String text) {
    return qualified("studies/", text, WORK, "study");
  }

  /**
   * Returns an id for a new checkpoint as it was given.
   *
   * @throws CommandException with one that can be used, where it cannot
   */
  static String newCheckpoint(String id) {
    if (isNewCheckpoint(id)) {
      return id;
    }
    String proposal = proposal(id);
    throw CommandException.badInput(
        "a checkpoint cannot be called '"
            + Quoted.of(id)
            + "': small letters, digits, '.', '_' and '-', a letter or digit first, at most 128"
            + (proposal.isEmpty() ? "" : "; '" + proposal + "' would do"));
  }

  /** Whether a checkpoint can be called so. */
  static boolean isNewCheckpoint(String id) {
    return CHECKPOINT.matcher(id).matches();
  }

  /** What somebody may have meant, spelt as it must be; empty where nothing is left. */
  static String proposal(String id) {
    String plain =
        Normalizer.normalize(id, Normalizer.Form.NFKD)
            .replaceAll("\\p{M}+", "")
            .toLowerCase(Locale.ROOT)
            .replaceAll("[^a-z0-9._-]+", "-")
            .replaceAll("^[^a-z0-9]+|-+$", "");
    return plain.substring(0, Math.min(128, plain.length()));
  }

  private static String qualified(String collection, String text, Pattern pattern, String what) {
    String id = text.startsWith(collection) ? text.substring(collection.length()) : text;
    if (!pattern.matcher(id).matches()) {
      throw CommandException.badInput(
          "'"
              + Quoted.of(text)
              + "' can be the name of no "
              + what
              + ": these are of small letters and digits, such as "
              + (pattern == CHECKPOINT ? "bert-base or tlmx6nvwktxw-step-600" : "tlmx6nvwktxw"));
    }
    return collection + id;
  }

  /** The part after the collection. */
  public static String id(String name) {
    return name.substring(name.lastIndexOf('/') + 1);
  }
}
