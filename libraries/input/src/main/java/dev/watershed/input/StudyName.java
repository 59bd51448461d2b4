package dev.watershed.input;

import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The name of a study.
 *
 * @param id of small letters, digits and '-', at most 64
 */
public record StudyName(String id) implements ResourceName {
  /** Where all of them are. */
  public static final String COLLECTION = "studies/";

  /** What an id is, as the contracts have it. */
  public static final String ID_FORM = "[a-z0-9-]{1,64}";

  private static final Pattern ID = Pattern.compile(ID_FORM);

  /**
   * @throws IllegalArgumentException where it cannot be one's id
   */
  public StudyName {
    if (!ID.matcher(id).matches()) {
      throw new IllegalArgumentException("'" + Quoted.of(id) + "' is the id of no study");
    }
  }

  /**
   * Returns what a name says that a contract's rule let pass, or that we gave.
   *
   * @throws IllegalArgumentException where it is none of this kind
   */
  public static StudyName of(String name) {
    if (!name.startsWith(COLLECTION)) {
      throw new IllegalArgumentException("'" + Quoted.of(name) + "' is the name of no study");
    }
    return new StudyName(name.substring(COLLECTION.length()));
  }

  /** Reads a name or a bare id; empty where the text is neither. */
  public static Optional<StudyName> parse(String text) {
    String id = text.startsWith(COLLECTION) ? text.substring(COLLECTION.length()) : text;
    return ID.matcher(id).matches() ? Optional.of(new StudyName(id)) : Optional.empty();
  }

  @Override
  public String toString() {
    return COLLECTION + id;
  }
}
