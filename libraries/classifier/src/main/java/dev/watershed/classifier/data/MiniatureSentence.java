package dev.watershed.classifier.data;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * A sentence of the miniature language and what it says: who did what to whom.
 *
 * @param adjectives by the noun they stand before
 */
record MiniatureSentence(String text, List<Fact> facts, Map<String, String> adjectives) {
  static final List<String> NOUNS =
      List.of(
          "doctor", "lawyer", "judge", "actor", "senator", "banker", "artist", "student", "teacher",
          "nurse", "pilot", "author");

  /** Past tense and participle are the same word. */
  static final List<String> VERBS =
      List.of(
          "helped",
          "called",
          "admired",
          "thanked",
          "followed",
          "visited",
          "advised",
          "noticed",
          "praised",
          "blamed");

  static final List<String> INTRANSITIVES =
      List.of("slept", "laughed", "waited", "danced", "arrived");
  static final List<String> ADJECTIVES =
      List.of("old", "young", "tall", "famous", "happy", "tired");

  private static final double ADJECTIVE_SHARE = .2;
  private static final double KEPT_ADJECTIVE_SHARE = .5;

  /** What a sentence says: the patient is null where the verb takes none. */
  record Fact(String agent, String verb, @Nullable String patient) {
    boolean isTransitive() {
      return patient != null;
    }

    List<String> words() {
      return patient == null ? List.of(agent, verb) : List.of(agent, verb, patient);
    }
  }

  /** The constructions, with their share of all sentences. */
  enum Kind {
    ACTIVE(.34),
    PASSIVE(.22),
    INTRANSITIVE(.06),
    CONJOINED_SUBJECT(.08),
    CONJOINED_OBJECT(.08),
    PREPOSITIONAL(.08),
    SUBJECT_RELATIVE(.07),
    OBJECT_RELATIVE(.07);

    final double share;

    Kind(double share) {
      this.share = share;
    }

    static Kind draw(RandomGenerator random) {
      double left = random.nextDouble();
      for (Kind kind : values()) {
        left -= kind.share;
        if (left < 0) {
          return kind;
        }
      }
      return OBJECT_RELATIVE; // the shares add up to 1 less a rounding error
    }
  }

  /** Whether the agent or the patient is the grammatical subject. */
  enum Voice {
    ACTIVE,
    PASSIVE;

    static Voice draw(RandomGenerator random) {
      return random.nextBoolean() ? PASSIVE : ACTIVE;
    }
  }

  static MiniatureSentence draw(RandomGenerator random) {
    return draw(Kind.draw(random), random);
  }

  static MiniatureSentence draw(Kind kind, RandomGenerator random) {
    List<String> nouns = choose(3, NOUNS, random);
    List<String> verbs = choose(2, VERBS, random);
    String intransitive = choose(1, INTRANSITIVES, random).get(0);
    Map<String, String> adjectives = new HashMap<>();
    List<String> candidates = choose(3, ADJECTIVES, random);
    for (int i = 0; i < 3; i++) {
      if (random.nextDouble() < ADJECTIVE_SHARE) {
        adjectives.put(nouns.get(i), candidates.get(i));
      }
    }
    String a = nouns.get(0);
    String b = nouns.get(1);
    String c = nouns.get(2);
    String v = verbs.get(0);
    String u = verbs.get(1);
    String nounA = nounPhrase(a, adjectives);
    String nounB = nounPhrase(b, adjectives);
    String nounC = nounPhrase(c, adjectives);
    return switch (kind) {
      case ACTIVE -> of(adjectives, words(nounA, v, nounB), new Fact(a, v, b));
      case PASSIVE -> of(adjectives, words(nounB, "was", v, "by", nounA), new Fact(a, v, b));
      case INTRANSITIVE ->
          of(adjectives, words(nounA, intransitive), new Fact(a, intransitive, null));
      case CONJOINED_SUBJECT ->
          of(
              adjectives,
              words(nounA, "and", nounB, v, nounC),
              new Fact(a, v, c),
              new Fact(b, v, c));
      case CONJOINED_OBJECT ->
          of(
              adjectives,
              words(nounA, v, nounB, "and", nounC),
              new Fact(a, v, b),
              new Fact(a, v, c));
      case PREPOSITIONAL ->
          of(adjectives, words(nounA, "near", nounC, v, nounB), new Fact(a, v, b));
      case SUBJECT_RELATIVE ->
          of(
              adjectives,
              words(nounA, "that", u, nounC, v, nounB),
              new Fact(a, v, b),
              new Fact(a, u, c));
      case OBJECT_RELATIVE ->
          of(
              adjectives,
              words(nounA, "that", nounC, u, v, nounB),
              new Fact(a, v, b),
              new Fact(c, u, a));
    };
  }

  /** Says a fact, keeping each adjective of its nouns with an even chance. */
  static String render(
      Fact fact, Voice voice, Map<String, String> adjectives, RandomGenerator random) {
    Map<String, String> kept = new HashMap<>();
    for (String word : fact.words()) {
      String adjective = adjectives.get(word);
      if (random.nextDouble() < KEPT_ADJECTIVE_SHARE && adjective != null) {
        kept.put(word, adjective);
      }
    }
    String agent = nounPhrase(fact.agent(), kept);
    String patient = fact.patient();
    if (patient == null) {
      return words(agent, fact.verb());
    }
    return voice == Voice.ACTIVE
        ? words(agent, fact.verb(), nounPhrase(patient, kept))
        : words(nounPhrase(patient, kept), "was", fact.verb(), "by", agent);
  }

  /** Says one of this sentence's facts in other words. */
  String restate(RandomGenerator random) {
    return render(anyFact(random), Voice.draw(random), adjectives, random);
  }

  Fact anyFact(RandomGenerator random) {
    return facts.get(random.nextInt(facts.size()));
  }

  /** Words of one category that this sentence has. */
  List<String> wordsAmong(Collection<String> category) {
    return List.of(text.split(" ")).stream().filter(category::contains).toList();
  }

  /** Words of one category that this sentence lacks. */
  List<String> wordsNotAmong(List<String> category) {
    List<String> present = wordsAmong(category);
    return category.stream().filter(word -> !present.contains(word)).toList();
  }

  /** Draws different words. */
  static List<String> choose(int count, List<String> from, RandomGenerator random) {
    List<String> left = new ArrayList<>(from);
    List<String> chosen = new ArrayList<>();
    while (chosen.size() < count) {
      chosen.add(left.remove(random.nextInt(left.size())));
    }
    return chosen;
  }

  /** A noun that was drawn but is not in the text must not lend its adjective to a hypothesis. */
  private static MiniatureSentence of(Map<String, String> adjectives, String text, Fact... facts) {
    Map<String, String> shown = new HashMap<>(adjectives);
    shown.keySet().retainAll(List.of(text.split(" ")));
    return new MiniatureSentence(text, List.of(facts), Map.copyOf(shown));
  }

  private static String nounPhrase(String noun, Map<String, String> adjectives) {
    String adjective = adjectives.get(noun);
    return adjective == null ? words("the", noun) : words("the", adjective, noun);
  }

  private static String words(String... words) {
    return String.join(" ", words);
  }
}
