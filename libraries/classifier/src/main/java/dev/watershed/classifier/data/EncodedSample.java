package dev.watershed.classifier.data;

import static dev.watershed.input.InvalidInputException.invalid;

import dev.watershed.classifier.RandomStream;
import dev.watershed.classifier.checkpoint.Digest;
import dev.watershed.classifier.checkpoint.EncoderConfig;
import dev.watershed.classifier.text.EncodedExample;
import dev.watershed.classifier.text.Tokenizer;
import dev.watershed.input.InvalidInputException;
import dev.watershed.input.InvalidInputException.Kind;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The examples of a sample as token ids.
 *
 * @param examples in the order of the split's rows; labels are indices into {@code labels}
 * @param labels the data's labels; empty for unlabelled rows
 * @param digest names the exact tokens and labels
 * @param tokenCount tokens of all examples, special ones included, without padding
 * @param truncatedCount examples that were cut to the limit
 * @param rowCount rows that they were drawn from; 0 for the first rows
 * @param notices what was left out or taken for granted, for people
 */
public record EncodedSample(
    List<EncodedExample> examples,
    List<String> labels,
    Digest digest,
    long tokenCount,
    int truncatedCount,
    int rowCount,
    List<String> notices) {
  private static final int DEFAULT_MAX_TOKENS = 128;
  private static final int EXAMPLES_BETWEEN_POLLS = 256;

  public EncodedSample {
    examples = examples instanceof StoredList ? examples : List.copyOf(examples);
    labels = List.copyOf(labels);
    notices = List.copyOf(notices);
  }

  /**
   * Draws and encodes a sample for models of one configuration.
   *
   * <p>With a seed, the rows are the {@code size} after the first {@code skip} of a random
   * permutation ({@link RandomStream}) of all, so a larger sample of the same seed contains the
   * smaller ones, and consists of samples that each begin where the one before ends.
   *
   * @param tokenizer the model's; null is enough for rows that are already tokens
   * @param memory what the tokens are booked against; they lie outside the heap
   * @param cancelled polled while encoding, which then ends by a {@code CancellationException}
   * @throws InvalidInputException if the split has fewer rows than asked for, or a row does not fit
   *     the model
   */
  public static EncodedSample draw(
      Dataset dataset,
      SampleSpec spec,
      @Nullable Tokenizer tokenizer,
      EncoderConfig encoder,
      DataMemory memory,
      BooleanSupplier cancelled) {
    int maxTokens = maxTokens(spec, encoder);
    int[] chosen = choose(dataset.rows().size(), spec);
    StoredList<EncodedExample> examples = new StoredList<>(new ExampleForm(), memory);
    PaddingSuspicion padding = new PaddingSuspicion(encoder.padTokenId());
    long tokens = 0;
    int truncated = 0;
    try {
      for (int number : chosen) {
        if (examples.size() % EXAMPLES_BETWEEN_POLLS == 0 && cancelled.getAsBoolean()) {
          throw new CancellationException("nobody waits for this sample any more");
        }
        Row row = dataset.rows().get(number);
        padding.look(row);
        EncodedExample example = encode(row, number, maxTokens, tokenizer, encoder);
        tokens += example.length();
        truncated += example.truncated() ? 1 : 0;
        examples.add(example);
      }
    } catch (RuntimeException e) {
      examples.close();
      throw e;
    }
    List<String> notices = new ArrayList<>(dataset.notices());
    notices.addAll(padding.notices());
    return new EncodedSample(
        examples,
        dataset.labels(),
        digest(examples, dataset.labels()),
        tokens,
        truncated,
        spec.size() > 0 && spec.seed() == null ? 0 : dataset.rows().size(),
        notices);
  }

  /** Bytes that the examples take outside the heap. */
  public long storedBytes() {
    return examples instanceof StoredList<EncodedExample> stored ? stored.bytes() : 0;
  }

  private static int maxTokens(SampleSpec spec, EncoderConfig encoder) {
    if (spec.maxTokens() < 0) {
      throw invalid(
          "MAX_TOKENS_INVALID", "max_tokens", "must be at least 0, got " + spec.maxTokens());
    }
    if (spec.maxTokens() > encoder.maxTokens()) {
      throw mismatch(
          "MAX_TOKENS_EXCEED_MODEL",
          "max_tokens",
          String.format(
              Locale.ROOT,
              "%d tokens are more than the model's %d positions; allow fewer, or 0 for the most",
              spec.maxTokens(),
              encoder.maxTokens()));
    }
    return spec.maxTokens() == 0
        ? Math.min(DEFAULT_MAX_TOKENS, encoder.maxTokens())
        : spec.maxTokens();
  }

  private static int[] choose(int rowCount, SampleSpec spec) {
    if (spec.size() < 0 || spec.skip() < 0 || spec.needed() > rowCount) {
      throw invalid(
          "SAMPLE_SIZE_INVALID",
          "size",
          String.format(
              Locale.ROOT,
              "the split has %d rows; size must be 0 (all of them) to that, got %d%s",
              rowCount,
              spec.size(),
              spec.skip() == 0 ? "" : " after " + spec.skip() + " that are passed over"));
    }
    Long seed = spec.seed();
    if (spec.size() == 0) {
      return IntStream.range(0, rowCount).toArray();
    }
    if (seed == null) {
      return IntStream.range(spec.skip(), spec.needed()).toArray();
    }
    int[] order = RandomStream.permutation(rowCount, spec.needed(), RandomStream.of(seed));
    int[] chosen = Arrays.copyOfRange(order, spec.skip(), spec.needed());
    Arrays.sort(chosen);
    return chosen;
  }

  private static EncodedExample encode(
      Row row, int number, int maxTokens, @Nullable Tokenizer tokenizer, EncoderConfig encoder) {
    EncodedExample example;
    if (row instanceof Row.TextRow text) {
      example =
          requireTokenizer(tokenizer, encoder)
              .encode(text.text(), text.pair(), text.label(), maxTokens);
    } else {
      Row.TokenRow tokens = (Row.TokenRow) row;
      example = new EncodedExample(tokens.inputIds(), tokens.tokenTypeIds(), tokens.label(), false);
    }
    requireFits(example, number, maxTokens, encoder);
    return example;
  }

  private static Tokenizer requireTokenizer(@Nullable Tokenizer tokenizer, EncoderConfig encoder) {
    if (tokenizer == null) {
      throw mismatch(
          "TOKENIZER_MISSING",
          "model",
          "the model comes without a tokenizer; give it one, or pre-tokenised JSON Lines");
    }
    if (tokenizer.vocabularySize() > encoder.vocabularySize()) {
      throw mismatch(
          "TOKENIZER_DIFFERS",
          "model",
          String.format(
              Locale.ROOT,
              "the tokenizer has %d tokens, the model only %d; they do not belong together",
              tokenizer.vocabularySize(),
              encoder.vocabularySize()));
    }
    return tokenizer;
  }

  private static void requireFits(
      EncodedExample example, int number, int maxTokens, EncoderConfig encoder) {
    if (example.length() > maxTokens) {
      throw mismatch(
          "ROW_TOO_LONG",
          "max_tokens",
          String.format(
              Locale.ROOT,
              "row %d has %d tokens, more than %d; what comes as tokens is not truncated",
              number,
              example.length(),
              maxTokens));
    }
    requireBelow(example.inputIds(), encoder.vocabularySize(), "token id", number);
    requireBelow(example.tokenTypeIds(), encoder.typeVocabularySize(), "token type", number);
  }

  private static void requireBelow(int[] values, int limit, String what, int number) {
    for (int value : values) {
      if (value < 0 || value >= limit) {
        throw mismatch(
            "TOKENS_DIFFER",
            "split",
            String.format(
                Locale.ROOT,
                "row %d has %s %d; the model has 0 to %d",
                number,
                what,
                value,
                limit - 1));
      }
    }
  }

  /** SHA-256 over the names of the labels and each example's tokens, types and label. */
  private static Digest digest(List<EncodedExample> examples, List<String> labels) {
    MessageDigest sha256 = Digest.newSha256();
    byte[] head = ("sample/1\n" + String.join("\n", labels)).getBytes(StandardCharsets.UTF_8);
    sha256.update(head);
    long size = head.length;
    for (EncodedExample example : examples) {
      ByteBuffer bytes = ByteBuffer.allocate(Integer.BYTES * (2 + 2 * example.length()));
      bytes.putInt(example.label()).putInt(example.length());
      Arrays.stream(example.inputIds()).forEach(bytes::putInt);
      Arrays.stream(example.tokenTypeIds()).forEach(bytes::putInt);
      sha256.update(bytes.flip());
      size += bytes.capacity();
    }
    return new Digest(HexFormat.of().formatHex(sha256.digest()), size);
  }

  private static InvalidInputException mismatch(String reason, String parameter, String message) {
    return new InvalidInputException(Kind.MISMATCH, reason, parameter, message);
  }
}
