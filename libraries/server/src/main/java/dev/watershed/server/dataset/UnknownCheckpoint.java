package dev.watershed.server.dataset;

import dev.watershed.classifier.checkpoint.CheckpointManifest;
import dev.watershed.classifier.checkpoint.CheckpointStore;
import dev.watershed.input.CheckpointName;
import dev.watershed.input.Quoted;
import dev.watershed.server.Nearest;
import dev.watershed.server.RefusedException;
import java.io.IOException;
import java.io.UncheckedIOException;

/** How a checkpoint that is not there is refused, whoever was asked for it. */
public final class UnknownCheckpoint {
  private UnknownCheckpoint() {}

  /**
   * Returns the refusal, with the name in the store that comes nearest.
   *
   * @param name {@code checkpoints/{id}}
   */
  public static RefusedException refused(String name, CheckpointStore store) {
    String id = CheckpointName.parse(name).map(CheckpointName::id).orElse(name);
    return RefusedException.notFound(
        "CHECKPOINT_NOT_FOUND",
        name,
        "There is no checkpoint \""
            + Quoted.of(id)
            + "\""
            + hint(id, store)
            + " List the checkpoints to see what there is.");
  }

  private static String hint(String id, CheckpointStore store) {
    try {
      String hint = Nearest.hint(id, store.list().stream().map(CheckpointManifest::id).toList());
      return hint.isEmpty() ? "." : hint;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
