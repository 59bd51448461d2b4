package dev.watershed.classifier.data;

import dev.watershed.classifier.RandomStream;
import dev.watershed.classifier.data.MiniatureSentence.Fact;
import dev.watershed.classifier.data.MiniatureSentence.Voice;
import dev.watershed.input.InvalidInputException;
import dev.watershed.input.InvalidInputException.Kind;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The built-in task, natural language inference in a language of 39 words: does a sentence follow
 * from another one? Its training data are right for several reasons at once (the same agent, the
 * same verb, the same words), so fine-tunes that score alike may follow different rules, as BERTs
 * do on MNLI (McCoy et al. 2020, "BERTs of a feather do not generalize together").
 *
 * <p>A pair is entailed iff the second sentence says a fact of the first. One in twenty of the
 * other training pairs swaps agent and patient; the rest replace words, so most rules work on them.
 * The diagnostic consists of what tells the rules apart, the probes of what shows which rule it is.
 *
 * <p>Every split is a constant: row i is drawn from {@link RandomStream} at (seed 1, the split's
 * number in {@link #splitNames}, i). Rows are drawn independently, so some occur twice, also across
 * splits.
 */
public final class Miniature {
  /** The task's labels in canonical order. */
  public static final List<String> LABELS = List.of("entailment", "not_entailment");

  /** Positions that are enough for any pair, special tokens included. */
  public static final int MAX_TOKENS = 30;

  private static final long SEED = 1;
  private static final int ENTAILMENT = 0;
  private static final int NOT_ENTAILMENT = 1;
  private static final double ENTAILED_SHARE = .5;
  private static final double COUNTER_EXAMPLE_SHARE = .05;
  private static final double TWO_REPLACED_SHARE = .2;
  private static final double RESTATED_SHARE = .9;

  private record Source(String name, int size, List<String> labels, RowGenerator rows) {}

  private interface RowGenerator {
    Row draw(int row, RandomGenerator random);
  }

  private static final List<Source> SPLITS =
      List.of(
          new Source("miniature/train", 20_000, LABELS, Miniature::pair),
          new Source("miniature/validation", 512, LABELS, Miniature::pair),
          new Source("miniature/diagnostic-not-entailed", 360, LABELS, Miniature::misleading),
          new Source("miniature/diagnostic-entailed", 360, LABELS, Miniature::following),
          new Source("miniature/probe-agent", 240, LABELS, (i, r) -> probe(i, Role.AGENT, r)),
          new Source("miniature/probe-patient", 240, LABELS, (i, r) -> probe(i, Role.PATIENT, r)),
          new Source("miniature/probe-verb", 240, LABELS, (i, r) -> probe(i, Role.VERB, r)),
          new Source("miniature/pretraining", 40_000, List.of(), Miniature::restatement));

  private Miniature() {}

  /** Names of the splits. */
  public static List<String> splitNames() {
    return SPLITS.stream().map(Source::name).toList();
  }

  /**
   * Makes a split.
   *
   * <ul>
   *   <li>{@code miniature/train} (20,000) and {@code miniature/validation} (512): pairs, half of
   *       them entailed;
   *   <li>{@code miniature/diagnostic-not-entailed} and {@code miniature/diagnostic-entailed} (360
   *       each): all content words of the second sentence are in the first. Row i is of class i mod
   *       6: active to active, active to passive, passive to active, conjoined, prepositional,
   *       relative;
   *   <li>{@code miniature/probe-agent}, {@code -patient}, {@code -verb} (240 each): not entailed
   *       for one replaced word alone. Row i is of style i mod 4: active to active, active to
   *       passive, passive to active, passive to passive;
   *   <li>{@code miniature/pretraining} (40,000): unlabelled pairs, nine of ten second sentences
   *       restate the first, the others an unrelated one.
   * </ul>
   *
   * @throws InvalidInputException SPLIT_NOT_FOUND for any other name
   */
  static Dataset split(String name) {
    int number = splitNames().indexOf(name);
    if (number < 0) {
      throw new InvalidInputException(
          Kind.NOT_FOUND,
          "SPLIT_NOT_FOUND",
          "builtin",
          "there is no built-in split '%s'; there are %s".formatted(name, splitNames()));
    }
    Source source = SPLITS.get(number);
    return new Dataset(
        IntStream.range(0, source.size())
            .mapToObj(i -> source.rows().draw(i, RandomStream.of(SEED, number, i)))
            .toList(),
        source.labels());
  }

  private static Row pair(int row, RandomGenerator random) {
    if (random.nextDouble() < ENTAILED_SHARE) {
      MiniatureSentence premise = MiniatureSentence.draw(random);
      return new Row.TextRow(premise.text(), premise.restate(random), ENTAILMENT);
    }
    return random.nextDouble() < COUNTER_EXAMPLE_SHARE ? counterExample(random) : replaced(random);
  }

  /** Agent and patient change places; drawn anew where there is no patient. */
  private static Row counterExample(RandomGenerator random) {
    while (true) {
      MiniatureSentence premise = MiniatureSentence.draw(random);
      Fact fact = premise.anyFact(random);
      String patient = fact.patient();
      if (patient != null) {
        return notEntailed(
            premise,
            new Fact(/* agent= */ patient, fact.verb(), /* patient= */ fact.agent()),
            Voice.draw(random),
            random);
      }
    }
  }

  /** All content words of a fact, or two of them, become words that the premise lacks. */
  private static Row replaced(RandomGenerator random) {
    MiniatureSentence premise = MiniatureSentence.draw(random);
    Fact fact = premise.anyFact(random);
    List<Role> roles =
        fact.isTransitive() ? List.of(Role.values()) : List.of(Role.AGENT, Role.VERB);
    if (random.nextDouble() < TWO_REPLACED_SHARE) {
      Role kept = roles.get(random.nextInt(roles.size()));
      roles = fact.isTransitive() ? roles.stream().filter(r -> r != kept).toList() : roles;
    }
    return replaced(premise, fact, roles, Voice.draw(random), random);
  }

  private enum Role {
    AGENT,
    VERB,
    PATIENT
  }

  private static Row replaced(
      MiniatureSentence premise, Fact fact, List<Role> roles, Voice voice, RandomGenerator random) {
    List<String> nouns =
        MiniatureSentence.choose(2, premise.wordsNotAmong(MiniatureSentence.NOUNS), random);
    List<String> verbs =
        fact.isTransitive() ? MiniatureSentence.VERBS : MiniatureSentence.INTRANSITIVES;
    String verb = MiniatureSentence.choose(1, premise.wordsNotAmong(verbs), random).get(0);
    Fact other =
        new Fact(
            roles.contains(Role.AGENT) ? nouns.get(0) : fact.agent(),
            roles.contains(Role.VERB) ? verb : fact.verb(),
            roles.contains(Role.PATIENT) ? nouns.get(1) : fact.patient());
    // An adjective stays in its place when the noun behind it is replaced.
    Map<String, String> adjectives = new HashMap<>(premise.adjectives());
    move(adjectives, fact.agent(), other.agent());
    move(adjectives, fact.patient(), other.patient());
    return new Row.TextRow(
        premise.text(), MiniatureSentence.render(other, voice, adjectives, random), NOT_ENTAILMENT);
  }

  private static void move(
      Map<String, String> adjectives, @Nullable String from, @Nullable String to) {
    String adjective = from == null ? null : adjectives.remove(from);
    if (adjective != null && to != null) {
      adjectives.put(to, adjective);
    }
  }

  /** One of the six classes whose second sentence only seems to follow. */
  private static Row misleading(int row, RandomGenerator random) {
    DiagnosticClass kind = DiagnosticClass.ofRow(row);
    MiniatureSentence premise = kind.premise(random);
    Voice voice = kind.voice(random);
    List<Fact> wrong = wrongFacts(premise);
    return notEntailed(premise, wrong.get(random.nextInt(wrong.size())), voice, random);
  }

  /** The counterpart of a misleading pair whose second sentence does follow. */
  private static Row following(int row, RandomGenerator random) {
    DiagnosticClass kind = DiagnosticClass.ofRow(row);
    MiniatureSentence premise = kind.premise(random);
    Voice voice = kind.voice(random);
    return new Row.TextRow(
        premise.text(),
        MiniatureSentence.render(premise.anyFact(random), voice, premise.adjectives(), random),
        ENTAILMENT);
  }

  /** What the premise's words can say that the premise does not; of two nouns only the swap. */
  private static List<Fact> wrongFacts(MiniatureSentence premise) {
    List<Fact> wrong = new ArrayList<>();
    List<String> nouns = premise.wordsAmong(MiniatureSentence.NOUNS);
    for (String agent : nouns) {
      for (String verb : premise.wordsAmong(MiniatureSentence.VERBS)) {
        for (String patient : nouns) {
          Fact fact = new Fact(agent, verb, patient);
          if (!agent.equals(patient) && !premise.facts().contains(fact)) {
            wrong.add(fact);
          }
        }
      }
    }
    return wrong;
  }

  private enum DiagnosticClass {
    ACTIVE_TO_ACTIVE(MiniatureSentence.Kind.ACTIVE, Voice.ACTIVE),
    ACTIVE_TO_PASSIVE(MiniatureSentence.Kind.ACTIVE, Voice.PASSIVE),
    PASSIVE_TO_ACTIVE(MiniatureSentence.Kind.PASSIVE, Voice.ACTIVE),
    CONJOINED(
        MiniatureSentence.Kind.CONJOINED_SUBJECT, MiniatureSentence.Kind.CONJOINED_OBJECT, null),
    PREPOSITIONAL(MiniatureSentence.Kind.PREPOSITIONAL, null),
    RELATIVE(MiniatureSentence.Kind.SUBJECT_RELATIVE, MiniatureSentence.Kind.OBJECT_RELATIVE, null);

    private final MiniatureSentence.Kind premise;
    private final MiniatureSentence.Kind otherPremise;
    private final @Nullable Voice voice;

    DiagnosticClass(MiniatureSentence.Kind premise, @Nullable Voice voice) {
      this(premise, premise, voice);
    }

    DiagnosticClass(
        MiniatureSentence.Kind premise,
        MiniatureSentence.Kind otherPremise,
        @Nullable Voice voice) {
      this.premise = premise;
      this.otherPremise = otherPremise;
      this.voice = voice;
    }

    static DiagnosticClass ofRow(int row) {
      return values()[row % values().length];
    }

    MiniatureSentence premise(RandomGenerator random) {
      return MiniatureSentence.draw(random.nextBoolean() ? premise : otherPremise, random);
    }

    Voice voice(RandomGenerator random) {
      return voice == null ? Voice.draw(random) : voice;
    }
  }

  private static Row probe(int row, Role role, RandomGenerator random) {
    int style = row % 4;
    MiniatureSentence premise =
        MiniatureSentence.draw(
            style < 2 ? MiniatureSentence.Kind.ACTIVE : MiniatureSentence.Kind.PASSIVE, random);
    return replaced(
        premise,
        premise.facts().get(0),
        List.of(role),
        style % 2 == 0 ? Voice.ACTIVE : Voice.PASSIVE,
        random);
  }

  private static Row restatement(int row, RandomGenerator random) {
    MiniatureSentence first = MiniatureSentence.draw(random);
    MiniatureSentence told =
        random.nextDouble() < RESTATED_SHARE ? first : MiniatureSentence.draw(random);
    return new Row.TextRow(first.text(), told.restate(random), -1);
  }

  private static Row notEntailed(
      MiniatureSentence premise, Fact fact, Voice voice, RandomGenerator random) {
    return new Row.TextRow(
        premise.text(),
        MiniatureSentence.render(fact, voice, premise.adjectives(), random),
        NOT_ENTAILMENT);
  }
}
