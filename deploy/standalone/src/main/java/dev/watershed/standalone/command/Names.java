package dev.watershed.standalone.command;

/** Resource names; the bare id is accepted too, since that is what people type. */
public final class Names {
  private Names() {}

  static String checkpoint(String text) {
    return qualified("checkpoints/", text);
  }

  static String trainingRun(String text) {
    return qualified("trainingRuns/", text);
  }

  static String study(String text) {
    return qualified("studies/", text);
  }

  private static String qualified(String collection, String text) {
    return text.startsWith(collection) ? text : collection + text;
  }

  /** The part after the collection. */
  public static String id(String name) {
    return name.substring(name.lastIndexOf('/') + 1);
  }
}
