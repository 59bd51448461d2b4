package dev.watershed.input;

import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The name of a checkpoint.
 *
 * @param id of small letters, digits, '.', '_' and '-', at most 128, the first a letter or digit
 */
public record CheckpointName(String id) implements ResourceName {
  /** Where all of them are. */
  public static final String COLLECTION = "checkpoints/";

  private static final Pattern ID = Pattern.compile("[a-z0-9][a-z0-9._-]{0,127}");

  /**
   * @throws IllegalArgumentException where it cannot be one's id
   */
  public CheckpointName {
    if (!ID.matcher(id).matches()) {
      throw new IllegalArgumentException("'" + Quoted.of(id) + "' is the id of no checkpoint");
    }
  }

  /** Reads a name or a bare id; empty where the text is neither. */
  public static Optional<CheckpointName> parse(String text) {
    String id = text.startsWith(COLLECTION) ? text.substring(COLLECTION.length()) : text;
    return ID.matcher(id).matches() ? Optional.of(new CheckpointName(id)) : Optional.empty();
  }

  @Override
  public String toString() {
    return COLLECTION + id;
  }
}
