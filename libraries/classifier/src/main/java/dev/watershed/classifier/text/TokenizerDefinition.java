package dev.watershed.classifier.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.watershed.classifier.checkpoint.Digest;
import dev.watershed.classifier.checkpoint.Family;
import dev.watershed.input.Quoted;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/**
 * How texts become tokens, in one form whatever files said it: what is written differently but
 * reads every text alike is equal here. Holds no native memory.
 */
public final class TokenizerDefinition {
  private final Family family;
  private final Map<String, String> specialNames;
  private final List<ObjectNode> normalizers;
  private final List<ObjectNode> preTokenizers;
  private final ObjectNode model;
  private final Map<String, Integer> words;
  private final List<String> merges;
  private final List<AddedToken> added;
  private final SpecialTokens special;

  /**
   * @param specialNames spelling of the special tokens by role
   * @param model its parameters, without words and merges
   * @param words ids by token, in the order of ids, without those that were added
   * @param added in the order of ids
   */
  TokenizerDefinition(
      Family family,
      Map<String, String> specialNames,
      List<ObjectNode> normalizers,
      List<ObjectNode> preTokenizers,
      ObjectNode model,
      Map<String, Integer> words,
      List<String> merges,
      List<AddedToken> added) {
    this.family = family;
    this.specialNames = Map.copyOf(specialNames);
    this.normalizers = List.copyOf(normalizers);
    this.preTokenizers = List.copyOf(preTokenizers);
    this.model = model;
    this.words = words;
    this.merges = List.copyOf(merges);
    this.added = List.copyOf(added);
    this.special = SpecialTokens.find(specialNames, vocabulary());
  }

  /** The same with other steps before the model. */
  TokenizerDefinition with(List<ObjectNode> otherNormalizers, List<ObjectNode> otherPreTokenizers) {
    return new TokenizerDefinition(
        family, specialNames, otherNormalizers, otherPreTokenizers, model, words, merges, added);
  }

  Family family() {
    return family;
  }

  Map<String, String> specialNames() {
    return specialNames;
  }

  List<ObjectNode> normalizers() {
    return normalizers;
  }

  List<ObjectNode> preTokenizers() {
    return preTokenizers;
  }

  boolean isWordPiece() {
    return TokenizerJson.typeOf(model).equals(TokenizerJson.WORD_PIECE);
  }

  ObjectNode model() {
    return model;
  }

  /** Ids by token in the order of ids, without added tokens. */
  Map<String, Integer> words() {
    return words;
  }

  List<String> merges() {
    return merges;
  }

  List<AddedToken> added() {
    return added;
  }

  SpecialTokens specialTokens() {
    return special;
  }

  /** Id of every token, added ones included. */
  Map<String, Integer> vocabulary() {
    Map<String, Integer> all = new LinkedHashMap<>(words);
    added.forEach(token -> all.put(token.content(), token.id()));
    return all;
  }

  /** One more than the largest token id. */
  int vocabularySize() {
    int highest = -1;
    for (int id : words.values()) {
      highest = Math.max(highest, id);
    }
    return 1 + Math.max(highest, added.isEmpty() ? -1 : added.getLast().id());
  }

  /** The complete {@code tokenizer.json}, of which nothing was taken over as it was given. */
  ObjectNode json() {
    ObjectNode root = JsonNodeFactory.instance.objectNode().put("version", "1.0");
    root.putNull("truncation").putNull("padding");
    ArrayNode tokens = root.putArray("added_tokens");
    added.forEach(token -> tokens.add(token.asRead(!normalizers.isEmpty()).json()));
    put(root, "normalizer", "normalizers", normalizers);
    put(root, "pre_tokenizer", "pretokenizers", preTokenizers);
    root.putNull("post_processor").putNull("decoder");
    ObjectNode whole = root.putObject("model");
    whole.setAll(model);
    ObjectNode vocab = whole.putObject("vocab");
    words.forEach(vocab::put);
    if (!isWordPiece()) {
      ArrayNode pairs = whole.putArray("merges");
      merges.forEach(pairs::add);
    }
    return root;
  }

  private static void put(ObjectNode root, String name, String parts, List<ObjectNode> steps) {
    if (steps.isEmpty()) {
      root.putNull(name);
    } else if (steps.size() == 1) {
      root.set(name, steps.getFirst());
    } else {
      root.putObject(name).put("type", "Sequence").putArray(parts).addAll(steps);
    }
  }

  /** Equal where every text becomes the same tokens. */
  public Digest digest() {
    return Digest.of(
        ("tokenizer/1 " + family.hfName() + " " + special + "\n" + json())
            .getBytes(StandardCharsets.UTF_8));
  }

  /**
   * Says in which part two tokenizers differ, such as {@code the normalizer (lowercase true and
   * false)}; empty where they read every text alike.
   */
  public String difference(TokenizerDefinition other) {
    if (family != other.family) {
      return say("the family (%s and %s)", family.hfName(), other.family.hfName());
    }
    String steps = difference("the normalizer", normalizers, other.normalizers);
    steps =
        steps.isEmpty()
            ? difference("the pre-tokenizer", preTokenizers, other.preTokenizers)
            : steps;
    steps = steps.isEmpty() ? difference("the model", List.of(model), List.of(other.model)) : steps;
    if (!steps.isEmpty()) {
      return steps;
    }
    String vocabulary = differenceOfWords(other);
    if (!vocabulary.isEmpty()) {
      return vocabulary;
    }
    for (int i = 0; i < Math.max(merges.size(), other.merges.size()); i++) {
      String mine = i < merges.size() ? merges.get(i) : "";
      String others = i < other.merges.size() ? other.merges.get(i) : "";
      if (!mine.equals(others)) {
        return say("the merges (number %d is %s and %s)", i + 1, shown(mine), shown(others));
      }
    }
    boolean normalized = !normalizers.isEmpty();
    List<AddedToken> mine = added.stream().map(token -> token.asRead(normalized)).toList();
    List<AddedToken> others = other.added.stream().map(token -> token.asRead(normalized)).toList();
    for (int i = 0; i < Math.max(mine.size(), others.size()); i++) {
      String a = i < mine.size() ? mine.get(i).json().toString() : "";
      String b = i < others.size() ? others.get(i).json().toString() : "";
      if (!a.equals(b)) {
        return say("the added tokens (%s and %s)", shown(a), shown(b));
      }
    }
    return special.equals(other.special)
        ? ""
        : say("the special ids (%s and %s)", special, other.special);
  }

  private String differenceOfWords(TokenizerDefinition other) {
    if (words.equals(other.words)) {
      return "";
    }
    Map<Integer, String> mine = new TreeMap<>();
    vocabulary().forEach((word, id) -> mine.put(id, word));
    Map<Integer, String> others = new TreeMap<>();
    other.vocabulary().forEach((word, id) -> others.put(id, word));
    Map<Integer, String> all = new TreeMap<>(mine);
    all.putAll(others);
    for (int id : all.keySet()) {
      String a = mine.getOrDefault(id, "");
      String b = others.getOrDefault(id, "");
      if (!a.equals(b)) {
        return say(
            "the vocabulary (of %d and %d tokens, token %d is %s and %s)",
            mine.size(), others.size(), id, shown(a), shown(b));
      }
    }
    return say("which tokens were added (%d and %d)", added.size(), other.added.size());
  }

  private static String difference(String part, List<ObjectNode> a, List<ObjectNode> b) {
    List<String> types = a.stream().map(TokenizerJson::typeOf).toList();
    List<String> others = b.stream().map(TokenizerJson::typeOf).toList();
    if (!types.equals(others)) {
      return say("%s (%s and %s)", part, types, others);
    }
    List<String> differences = new ArrayList<>();
    for (int i = 0; i < a.size(); i++) {
      for (Iterator<String> names = a.get(i).fieldNames(); names.hasNext(); ) {
        String name = names.next();
        JsonNode mine = a.get(i).path(name);
        JsonNode their = b.get(i).path(name);
        if (!Objects.equals(mine, their)) {
          differences.add(
              say("%s %s and %s", name, Quoted.of(mine.asText()), Quoted.of(their.asText())));
        }
      }
    }
    return differences.isEmpty() ? "" : say("%s (%s)", part, String.join(", ", differences));
  }

  private static String shown(String text) {
    return text.isEmpty() ? "missing" : "'" + Quoted.of(text) + "'";
  }

  private static String say(String what, Object... arguments) {
    return String.format(Locale.ROOT, what, arguments);
  }
}
