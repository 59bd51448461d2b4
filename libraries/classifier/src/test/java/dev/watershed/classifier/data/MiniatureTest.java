package dev.watershed.classifier.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import dev.watershed.classifier.checkpoint.Digest;
import dev.watershed.classifier.text.EncodedExample;
import dev.watershed.classifier.text.Tokenizer;
import dev.watershed.classifier.text.Tokenizers;
import dev.watershed.input.InvalidInputException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MiniatureTest {
  private static final Map<String, Integer> SIZES =
      Map.of(
          "miniature/train", 20_000,
          "miniature/validation", 512,
          "miniature/diagnostic-not-entailed", 360,
          "miniature/diagnostic-entailed", 360,
          "miniature/probe-agent", 240,
          "miniature/probe-patient", 240,
          "miniature/probe-verb", 240,
          "miniature/pretraining", 40_000);

  @Test
  void splitNames_each_hasItsSizeAndLabels() {
    assertThat(Miniature.splitNames()).containsExactlyInAnyOrderElementsOf(SIZES.keySet());
    SIZES.forEach(
        (name, size) -> {
          Dataset dataset = Miniature.split(name);
          assertThat(dataset.rows()).as(name).hasSize(size);
          assertThat(dataset.labels())
              .isEqualTo(
                  name.equals("miniature/pretraining")
                      ? List.of()
                      : List.of("entailment", "not_entailment"));
        });
  }

  @Test
  void split_unknownName_isRefusedWithTheNames() {
    assertThatExceptionOfType(InvalidInputException.class)
        .isThrownBy(() -> Miniature.split("miniature/test"))
        .withMessageContaining("miniature/test")
        .withMessageContaining("miniature/validation");
  }

  /** Published numbers hang on these rows: a change here is a new version of the task. */
  @ParameterizedTest
  @CsvSource({
    "miniature/train, 08211c75150cf222",
    "miniature/validation, 878bf9ce17fd68ea",
    "miniature/diagnostic-not-entailed, ad7dac2422c51489",
    "miniature/diagnostic-entailed, 43a82c7399cdfab2",
    "miniature/probe-agent, b6e3a4ce4e2fb8da",
    "miniature/probe-patient, f2f526155ae7efcf",
    "miniature/probe-verb, af0caa9b2c38edc9",
    "miniature/pretraining, 148afdb4ccd28929",
  })
  void split_anyRun_hasThePinnedDigest(String name, String sha256) {
    String lines =
        pairs(name).stream()
            .map(pair -> pair.premise + "\t" + pair.hypothesis + "\t" + pair.label + "\n")
            .collect(Collectors.joining());
    assertThat(Digest.of(lines.getBytes(StandardCharsets.UTF_8)).sha256()).startsWith(sha256);
  }

  @Test
  void split_everyPair_isWordForWordInTheVocabularyAndFitsThePositions() {
    Set<Integer> used = new TreeSet<>();
    try (Tokenizer tokenizer = Tokenizers.miniature()) {
      for (String name : Miniature.splitNames()) {
        for (Pair pair : pairs(name)) {
          EncodedExample encoded =
              tokenizer.encode(pair.premise, pair.hypothesis, pair.label, Miniature.MAX_TOKENS);
          int words = pair.premise.split(" ").length + pair.hypothesis.split(" ").length;
          assertThat(!encoded.truncated() && encoded.length() == words + 3).as("%s", pair).isTrue();
          Arrays.stream(encoded.inputIds()).forEach(used::add);
        }
      }
      used.add(tokenizer.padTokenId());
      used.add(tokenizer.maskTokenId());
      assertThat(tokenizer.vocabularySize()).isEqualTo(43);
      assertThat(used).hasSize(43);
    }
  }

  @Test
  void split_everyLabelledPair_isEntailedIffItsFactCanBeParsedFromThePremise() {
    for (String name : Miniature.splitNames()) {
      if (!name.equals("miniature/pretraining")) {
        for (Pair pair : pairs(name)) {
          assertThat(pair.label)
              .as("%s", pair)
              .isEqualTo(pair.parsedPremise().contains(pair.parsedHypothesis()) ? 0 : 1);
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"miniature/train", "miniature/pretraining"})
  void split_constructions_occurInTheirProportions(String name) {
    List<Pair> pairs = pairs(name);
    Map<String, Double> expected =
        Map.of(
            "N V N", .34,
            "N was V by N", .22,
            "N I", .06,
            "N and N V N", .08,
            "N V N and N", .08,
            "N near N V N", .08,
            "N that V N V N", .07,
            "N that N V V N", .07);
    Map<String, Long> found =
        pairs.stream()
            .collect(Collectors.groupingBy(pair -> pattern(pair.premise), Collectors.counting()));
    assertThat(found.keySet()).isEqualTo(expected.keySet());
    expected.forEach(
        (pattern, share) ->
            assertThat((double) found.getOrDefault(pattern, 0L) / pairs.size())
                .as(pattern)
                .isCloseTo(share, within(.012)));

    long nouns = pairs.stream().flatMap(p -> words(p.premise)).filter(NOUNS::contains).count();
    long adjectives =
        pairs.stream().flatMap(p -> words(p.premise)).filter(ADJECTIVES::contains).count();
    assertThat((double) adjectives / nouns).isCloseTo(.2, within(.01));
  }

  @Test
  void train_labels_areBalancedWithFewCounterExamples() {
    List<Pair> pairs = pairs("miniature/train");
    List<Pair> notEntailed = pairs.stream().filter(pair -> pair.label == 1).toList();
    assertThat((double) notEntailed.size() / pairs.size()).isCloseTo(.5, within(.015));

    assertThat(share(notEntailed, Pair::isSwap)).isCloseTo(.05, within(.01));
    assertThat(share(notEntailed, pair -> pair.foreignWords() == 0 && !pair.isSwap())).isZero();
    List<Pair> transitive =
        notEntailed.stream()
            .filter(pair -> !pair.isSwap() && pair.parsedHypothesis().size() == 3)
            .toList();
    assertThat(share(transitive, pair -> pair.foreignWords() == 3)).isCloseTo(.8, within(.02));
    assertThat(share(transitive, pair -> pair.foreignWords() == 2)).isCloseTo(.2, within(.02));
  }

  @Test
  void train_hypotheses_areHalfPassiveAndKeepHalfTheAdjectives() {
    List<Pair> transitive =
        pairs("miniature/train").stream()
            .filter(pair -> pair.parsedHypothesis().size() == 3)
            .toList();
    assertThat(share(transitive, pair -> isPassive(pair.hypothesis))).isCloseTo(.5, within(.02));
    long nouns = 2L * transitive.size();
    long adjectives =
        transitive.stream().flatMap(p -> words(p.hypothesis)).filter(ADJECTIVES::contains).count();
    assertThat((double) adjectives / nouns).isCloseTo(.1, within(.01));
  }

  @ParameterizedTest
  @CsvSource({"miniature/diagnostic-not-entailed, 1", "miniature/diagnostic-entailed, 0"})
  void diagnostic_everyPair_isOfItsClassAndHasNoForeignWord(String name, int label) {
    List<List<String>> premises =
        List.of(
            List.of("N V N"),
            List.of("N V N"),
            List.of("N was V by N"),
            List.of("N and N V N", "N V N and N"),
            List.of("N near N V N"),
            List.of("N that V N V N", "N that N V V N"));
    List<String> hypotheses = List.of("N V N", "N was V by N", "N V N");
    List<Pair> pairs = pairs(name);
    for (int i = 0; i < pairs.size(); i++) {
      Pair pair = pairs.get(i);
      assertThat(pair.label).isEqualTo(label);
      assertThat(pair.foreignWords()).as("%s", pair).isZero();
      assertThat(pattern(pair.premise)).as("%s", pair).isIn(premises.get(i % 6));
      assertThat(pattern(pair.hypothesis))
          .isIn(i % 6 < 3 ? List.of(hypotheses.get(i % 6)) : hypotheses);
      if (i % 6 < 3) {
        assertThat(pair.isSwap()).isEqualTo(label == 1);
      }
    }
    for (List<String> construction : premises) {
      for (String pattern : construction) {
        assertThat(pairs).anyMatch(pair -> pattern(pair.premise).equals(pattern));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"miniature/probe-agent, 0", "miniature/probe-verb, 1", "miniature/probe-patient, 2"})
  void probe_everyPair_differsInOneRoleAlone(String name, int role) {
    List<Pair> pairs = pairs(name);
    for (int i = 0; i < pairs.size(); i++) {
      Pair pair = pairs.get(i);
      assertThat(pair.label).isEqualTo(1);
      assertThat(isPassive(pair.premise)).isEqualTo(i % 4 >= 2);
      assertThat(isPassive(pair.hypothesis)).isEqualTo(i % 4 % 2 == 1);
      assertThat(pair.foreignWords()).isEqualTo(1);
      List<String> expected = new ArrayList<>(pair.parsedPremise().iterator().next());
      expected.set(role, pair.parsedHypothesis().get(role));
      assertThat(pair.parsedHypothesis()).as("%s", pair).isEqualTo(expected);
    }
  }

  @Test
  void pretraining_nineOfTen_restateTheFirst() {
    List<Pair> pairs = pairs("miniature/pretraining");
    assertThat(pairs).allMatch(pair -> pair.label == -1);
    assertThat(share(pairs, pair -> pair.parsedPremise().contains(pair.parsedHypothesis())))
        .isCloseTo(.9, within(.01));
  }

  // What follows reads the language without the code that wrote it.

  private static final Set<String> NOUNS =
      Set.of(
          "doctor", "lawyer", "judge", "actor", "senator", "banker", "artist", "student", "teacher",
          "nurse", "pilot", "author");
  private static final Set<String> VERBS =
      Set.of(
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
  private static final Set<String> INTRANSITIVES =
      Set.of("slept", "laughed", "waited", "danced", "arrived");
  private static final Set<String> ADJECTIVES =
      Set.of("old", "young", "tall", "famous", "happy", "tired");
  private static final Pattern NOUN_PHRASE =
      Pattern.compile(
          "the( (" + String.join("|", ADJECTIVES) + "))? (" + String.join("|", NOUNS) + ")");

  private record Pair(String premise, String hypothesis, int label) {
    Set<List<String>> parsedPremise() {
      return parse(premise);
    }

    List<String> parsedHypothesis() {
      Set<List<String>> facts = parse(hypothesis);
      assertThat(facts).hasSize(1);
      return facts.iterator().next();
    }

    boolean isSwap() {
      List<String> fact = parsedHypothesis();
      return fact.size() == 3
          && parsedPremise().contains(List.of(fact.get(2), fact.get(1), fact.get(0)));
    }

    /** Content words of the hypothesis that the premise lacks; adjectives never are. */
    long foreignWords() {
      Set<String> known = words(premise).collect(Collectors.toCollection(HashSet::new));
      assertThat(words(hypothesis).filter(ADJECTIVES::contains)).allMatch(known::contains);
      return parsedHypothesis().stream().filter(word -> !known.contains(word)).count();
    }
  }

  private static final Map<String, List<Pair>> PAIRS = new ConcurrentHashMap<>();

  private static List<Pair> pairs(String name) {
    return PAIRS.computeIfAbsent(
        name,
        split ->
            Miniature.split(split).rows().stream()
                .map(row -> (Row.TextRow) row)
                .map(row -> new Pair(row.text(), nonNull(row.pair()), row.label()))
                .toList());
  }

  private static String nonNull(@Nullable String value) {
    assertThat(value).isNotNull();
    return value == null ? "" : value;
  }

  private static double share(List<Pair> pairs, Predicate<Pair> condition) {
    return (double) pairs.stream().filter(condition).count() / pairs.size();
  }

  private static Stream<String> words(String sentence) {
    return Arrays.stream(sentence.split(" "));
  }

  private static boolean isPassive(String sentence) {
    return sentence.contains(" was ");
  }

  /** The construction with N for noun phrases, V for verbs and I for intransitives. */
  private static String pattern(String sentence) {
    return words(NOUN_PHRASE.matcher(sentence).replaceAll("N"))
        .map(word -> VERBS.contains(word) ? "V" : INTRANSITIVES.contains(word) ? "I" : word)
        .collect(Collectors.joining(" "));
  }

  /** The facts a sentence states, as (agent, verb[, patient]). */
  private static Set<List<String>> parse(String sentence) {
    List<String> n = words(sentence).filter(NOUNS::contains).toList();
    List<String> v =
        words(sentence).filter(w -> VERBS.contains(w) || INTRANSITIVES.contains(w)).toList();
    return switch (pattern(sentence)) {
      case "N I" -> Set.of(List.of(n.get(0), v.get(0)));
      case "N V N" -> Set.of(List.of(n.get(0), v.get(0), n.get(1)));
      case "N was V by N" -> Set.of(List.of(n.get(1), v.get(0), n.get(0)));
      case "N and N V N" ->
          Set.of(List.of(n.get(0), v.get(0), n.get(2)), List.of(n.get(1), v.get(0), n.get(2)));
      case "N V N and N" ->
          Set.of(List.of(n.get(0), v.get(0), n.get(1)), List.of(n.get(0), v.get(0), n.get(2)));
      case "N near N V N" -> Set.of(List.of(n.get(0), v.get(0), n.get(2)));
      case "N that V N V N" ->
          Set.of(List.of(n.get(0), v.get(0), n.get(1)), List.of(n.get(0), v.get(1), n.get(2)));
      case "N that N V V N" ->
          Set.of(List.of(n.get(1), v.get(0), n.get(0)), List.of(n.get(0), v.get(1), n.get(2)));
      default -> throw new AssertionError("no sentence of the language: " + sentence);
    };
  }
}
