package dev.watershed.s3;

import dev.watershed.classifier.checkpoint.CheckpointManifest;
import java.util.Optional;

/** A writer's try at a checkpoint, told from the name of one of its objects. */
record Attempt(String id, String attempt) {
  private static final String FOLDER = "files/";

  /** What the names of all files begin with. */
  static String folder() {
    return FOLDER;
  }

  /** Reads {@code files/<id>/<attempt>/<file>}; empty where a name is no such. */
  static Optional<Attempt> of(String name) {
    String[] parts = name.split("/", -1);
    return parts.length == 4
            && FOLDER.equals(parts[0] + "/")
            && CheckpointManifest.isId(parts[1])
            && !parts[2].isEmpty()
        ? Optional.of(new Attempt(parts[1], parts[2]))
        : Optional.empty();
  }
}
