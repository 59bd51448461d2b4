package dev.watershed.input;

/**
 * The name of something that a server keeps, {@code collection/id} as the contracts have it, which
 * {@link #toString} gives. Ids are plain: what one is in is said by its type.
 */
public sealed interface ResourceName permits CheckpointName, StudyName, TrainingRunName {
  /** What stands behind the collection. */
  String id();

  /** The id in a name that a server gave, of whatever type: what is behind the last slash. */
  static String id(String name) {
    return name.substring(name.lastIndexOf('/') + 1);
  }
}
