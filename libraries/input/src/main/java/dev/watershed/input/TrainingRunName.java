package dev.watershed.input;

import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The name of a training run.
 *
 * @param id of small letters, digits and '-', at most 64
 */
public record TrainingRunName(String id) implements ResourceName {
  /** Where all of them are. */
  public static final String COLLECTION = "trainingRuns/";

  private static final Pattern ID = Pattern.compile("[a-z0-9-]{1,64}");

  /**
   * @throws IllegalArgumentException where it cannot be one's id
   */
  public TrainingRunName {
    if (!ID.matcher(id).matches()) {
      throw new IllegalArgumentException("'" + Quoted.of(id) + "' is the id of no training run");
    }
  }

  /** Reads a name or a bare id; empty where the text is neither. */
  public static Optional<TrainingRunName> parse(String text) {
    String id = text.startsWith(COLLECTION) ? text.substring(COLLECTION.length()) : text;
    return ID.matcher(id).matches() ? Optional.of(new TrainingRunName(id)) : Optional.empty();
  }

  @Override
  public String toString() {
    return COLLECTION + id;
  }
}
