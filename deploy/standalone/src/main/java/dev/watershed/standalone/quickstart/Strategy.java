package dev.watershed.standalone.quickstart;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What a model looks at when it decides: how often it notices that the hypothesis has the agent,
 * the patient or the verb, and nothing else, replaced.
 *
 * @param agent accuracy on the probe of the agent, in [0, 1]
 * @param patient the same for the patient
 * @param verb the same for the verb
 */
record Strategy(double agent, double patient, double verb) {
  private static final double NOTICES = 0.5;

  /** "verb only", "agent + verb", "nothing" and so on. */
  String name() {
    List<String> noticed = new ArrayList<>();
    if (agent >= NOTICES) {
      noticed.add("agent");
    }
    if (patient >= NOTICES) {
      noticed.add("patient");
    }
    if (verb >= NOTICES) {
      noticed.add("verb");
    }
    return switch (noticed.size()) {
      case 0 -> "nothing";
      case 1 -> noticed.get(0) + " only";
      default -> String.join(" + ", noticed);
    };
  }

  /** The three accuracies, for example "0.02 0.05 0.99". */
  String vector() {
    return String.format(Locale.ROOT, "%.2f %.2f %.2f", agent, patient, verb);
  }
}
