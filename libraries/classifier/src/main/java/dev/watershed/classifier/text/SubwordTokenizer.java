package dev.watershed.classifier.text;

import static dev.watershed.input.InvalidInputException.invalid;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import dev.watershed.classifier.NativeLibraries;
import dev.watershed.classifier.checkpoint.Digest;
import dev.watershed.classifier.checkpoint.Family;
import dev.watershed.input.InvalidInputException;
import dev.watershed.input.Quoted;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.text.Normalizer;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hugging Face's native tokenizer for the words; the template of special tokens and the truncation
 * are here, so that they do not depend on what a {@code tokenizer.json} happens to say.
 */
final class SubwordTokenizer implements Tokenizer {
  /**
   * A hundred times what an encoder reads. Beyond it the native library would take seconds that
   * nothing can interrupt, and some hundred bytes of memory a character.
   */
  static final int MAX_TEXT_CHARACTERS = 1 << 18;

  /** The most that one character becomes by NFKC and NFKD (U+FDFA). */
  private static final Logger LOG = LoggerFactory.getLogger(SubwordTokenizer.class);

  private static final int MAX_EXPANSION = 18;

  private final TokenizerDefinition definition;
  private final Family family;
  private final Digest digest;
  private final SpecialTokens special;
  private final int vocabularySize;
  private final HuggingFaceTokenizer words;

  SubwordTokenizer(TokenizerDefinition definition) {
    this.definition = definition;
    this.family = definition.family();
    this.digest = definition.digest();
    this.special = definition.specialTokens();
    this.vocabularySize = definition.vocabularySize();
    this.words = open(definition.json().toString());
  }

  /**
   * @param tokenizerJson as a {@link TokenizerDefinition} writes it, never as a caller did: what
   *     the native library does not expect ends the process
   */
  private static HuggingFaceTokenizer open(String tokenizerJson) {
    Map<String, String> options =
        Map.of("addSpecialTokens", "false", "truncation", "false", "padding", "false");
    NativeLibraries libraries = NativeLibraries.use();
    try {
      return HuggingFaceTokenizer.newInstance(
          new ByteArrayInputStream(tokenizerJson.getBytes(StandardCharsets.UTF_8)), options);
    } catch (IOException | RuntimeException e) {
      LOG.warn("A tokenizer is refused by its library: {}", Quoted.of(String.valueOf(e)));
      throw invalid(
          "TOKENIZER_INVALID",
          "tokenizer",
          "its parts do not fit each other; try the tokenizer.json that the model was published with");
    } catch (LinkageError e) {
      throw libraries.cannotBeLoaded(e);
    }
  }

  @Override
  public EncodedExample encode(String text, @Nullable String pair, int label, int maxTokens) {
    int room = maxTokens - specialCount(pair != null);
    if (room < (pair == null ? 1 : 2)) {
      throw invalid(
          "MAX_TOKENS_TOO_SMALL",
          "max_tokens",
          String.format(
              Locale.ROOT,
              "%d tokens leave no room beside %d special ones; allow more",
              maxTokens,
              specialCount(pair != null)));
    }
    int[] first = words(text);
    int[] second = pair == null ? new int[0] : words(pair);
    int[] kept = longestFirst(first.length, second.length, room);
    boolean truncated = kept[0] < first.length || kept[1] < second.length;
    int[] a = Arrays.copyOf(first, kept[0]);
    int[] b = Arrays.copyOf(second, kept[1]);
    return pair == null ? single(a, label, truncated) : pair(a, b, label, truncated);
  }

  /**
   * Lengths of two texts cut to a common limit: the longer one alone where that is enough, else
   * both to half, as Hugging Face's native tokenizers do.
   */
  static int[] longestFirst(int first, int second, int room) {
    if (first + second <= room) {
      return new int[] {first, second};
    }
    int shorter = Math.min(first, second);
    int longerKept = room - shorter;
    if (longerKept < shorter) {
      shorter = room / 2;
      longerKept = room - shorter;
    }
    return first > second ? new int[] {longerKept, shorter} : new int[] {shorter, longerKept};
  }

  private int specialCount(boolean isPair) {
    return isPair ? family == Family.ROBERTA ? 4 : 3 : 2;
  }

  private EncodedExample single(int[] a, int label, boolean truncated) {
    int[] ids = new int[a.length + 2];
    ids[0] = special.classifier();
    System.arraycopy(a, 0, ids, 1, a.length);
    ids[a.length + 1] = special.separator();
    return new EncodedExample(ids, new int[ids.length], label, truncated);
  }

  /** {@code [CLS] A [SEP] B [SEP]} or {@code <s> A </s></s> B </s>}, which has no segments. */
  private EncodedExample pair(int[] a, int[] b, int label, boolean truncated) {
    int separators = specialCount(true) - 2;
    int[] ids = new int[a.length + b.length + specialCount(true)];
    int[] types = new int[ids.length];
    int start = 1 + a.length + separators;
    ids[0] = special.classifier();
    System.arraycopy(a, 0, ids, 1, a.length);
    Arrays.fill(ids, 1 + a.length, start, special.separator());
    System.arraycopy(b, 0, ids, start, b.length);
    ids[ids.length - 1] = special.separator();
    if (family == Family.BERT) {
      Arrays.fill(types, start, types.length, 1);
    }
    return new EncodedExample(ids, types, label, truncated);
  }

  private int[] words(String text) {
    if (text.isEmpty()) {
      return new int[0];
    }
    int length = normalizedLength(text);
    if (length > MAX_TEXT_CHARACTERS) {
      throw invalid(
          "TEXT_TOO_LONG",
          "text",
          String.format(
              Locale.ROOT,
              "a text has %d characters as it is normalised, %d are the most; cut it, a model reads its beginning only: '%s'",
              length,
              MAX_TEXT_CHARACTERS,
              Quoted.of(text)));
    }
    long[] ids;
    try {
      ids = words.encode(text, false, false).getIds();
    } catch (RuntimeException e) {
      LOG.warn("A text is refused by the tokenizer library: {}", Quoted.of(String.valueOf(e)));
      throw notEncodable(text);
    }
    int[] narrow = new int[ids.length];
    for (int i = 0; i < ids.length; i++) {
      narrow[i] = Math.toIntExact(ids[i]);
    }
    return narrow;
  }

  /** Counted only where it matters: short texts stay short. */
  private int normalizedLength(String text) {
    boolean compatible =
        definition.normalizers().stream()
            .map(TokenizerJson::typeOf)
            .anyMatch(type -> type.equals("NFKC") || type.equals("NFKD"));
    return compatible
            && text.length() <= MAX_TEXT_CHARACTERS
            && text.length() > MAX_TEXT_CHARACTERS / MAX_EXPANSION
        ? Normalizer.normalize(text, Normalizer.Form.NFKD).length()
        : text.length();
  }

  private InvalidInputException notEncodable(String text) {
    return special.unknown() >= 0
        ? invalid(
            "TEXT_NOT_ENCODABLE",
            "text",
            "the tokenizer cannot read '%s'".formatted(Quoted.of(text)))
        : invalid(
            "WORD_UNKNOWN",
            "text",
            String.format(
                Locale.ROOT,
                "'%s' has a word that is not among the %d tokens, which have none for unknown words",
                Quoted.of(text),
                definition.vocabulary().size()));
  }

  @Override
  public int vocabularySize() {
    return vocabularySize;
  }

  @Override
  public int padTokenId() {
    return special.padding();
  }

  @Override
  public int maskTokenId() {
    return special.mask();
  }

  @Override
  public int separatorTokenId() {
    return special.separator();
  }

  @Override
  public boolean isSpecial(int id) {
    return special.contains(id);
  }

  @Override
  public Digest digest() {
    return digest;
  }

  @Override
  public void copyTo(Path directory, int maxTokens) {
    try {
      new TokenizerExport(definition, maxTokens).write(directory);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    words.close();
  }
}
