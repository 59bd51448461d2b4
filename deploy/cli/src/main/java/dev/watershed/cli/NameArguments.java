package dev.watershed.cli;

import dev.watershed.input.CheckpointName;
import dev.watershed.input.Quoted;
import dev.watershed.input.ResourceName;
import dev.watershed.input.StudyName;
import dev.watershed.input.TrainingRunName;
import java.text.Normalizer;
import java.util.Locale;
import java.util.Optional;

/** Resource names as people type them: the bare id is accepted too. */
final class NameArguments {
  private NameArguments() {}

  static String checkpoint(String text) {
    return given(
        CheckpointName.parse(text), text, "checkpoint", "bert-base or tlmx6nvwktxw-step-600");
  }

  static String trainingRun(String text) {
    return given(TrainingRunName.parse(text), text, "run", "tlmx6nvwktxw");
  }

  static String study(String text) {
    return given(StudyName.parse(text), text, "study", "tlmx6nvwktxw");
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
    return CheckpointName.parse(id).filter(name -> name.id().equals(id)).isPresent();
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

  private static String given(
      Optional<? extends ResourceName> name, String text, String what, String example) {
    return name.map(ResourceName::toString)
        .orElseThrow(
            () ->
                CommandException.badInput(
                    "'"
                        + Quoted.of(text)
                        + "' can be the name of no "
                        + what
                        + ": these are of small letters and digits, such as "
                        + example));
  }
}
