package dev.watershed.classifier.data;

import java.util.List;

/** The built-in task: a small language in which a model can be right for several reasons. */
public final class Miniature {
  /** The task's labels in canonical order. */
  public static final List<String> LABELS = List.of("entailment", "not_entailment");

  private Miniature() {}

  /** Names of the splits, for example {@code miniature/train}. */
  public static List<String> splitNames() {
    throw new UnsupportedOperationException();
  }
}
