package dev.watershed.classifier.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.watershed.classifier.checkpoint.Activation;
import dev.watershed.classifier.checkpoint.EncoderConfig;
import dev.watershed.classifier.checkpoint.Family;
import dev.watershed.classifier.data.Row.TextRow;
import dev.watershed.classifier.data.Row.TokenRow;
import dev.watershed.classifier.text.EncodedExample;
import dev.watershed.classifier.text.Tokenizer;
import dev.watershed.classifier.text.Tokenizers;
import dev.watershed.input.InvalidInputException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class EncodedSampleTest {
  private static final DataMemory MEMORY = new DataMemory(DataLimits.DEFAULT);
  private static final Tokenizer TOKENIZER = Tokenizers.miniature();
  private static final Split SPLIT = new Split(new BuiltinSplit("miniature/validation"), List.of());
  private static final Dataset VALIDATION = Miniature.split("miniature/validation");
  private static final EncoderConfig ENCODER = encoder(43, 30, 2);

  @AfterAll
  static void close() {
    TOKENIZER.close();
  }

  @Test
  void draw_wholeSplit_isEveryRowInOrder() {
    EncodedSample sample = draw(VALIDATION, 0, null, 0);
    assertThat(sample.examples()).hasSize(512);
    assertThat(sample.labels()).isEqualTo(Miniature.LABELS);
    TextRow first = (TextRow) VALIDATION.rows().get(0);
    assertThat(sample.examples().get(0).inputIds())
        .isEqualTo(TOKENIZER.encode(first.text(), first.pair(), 0, 30).inputIds());
    assertThat(sample.examples().get(0).label()).isEqualTo(first.label());
    assertThat(sample.tokenCount())
        .isEqualTo(sample.examples().stream().mapToInt(EncodedExample::length).sum());
    assertThat(sample.truncatedCount()).isZero();
    assertThat(draw(VALIDATION, 0, 5L, 0).digest()).isEqualTo(sample.digest());
    assertThat(draw(VALIDATION, 512, 5L, 0).digest()).isEqualTo(sample.digest());
  }

  @Test
  void draw_firstRows_areTheFirst() {
    EncodedSample all = draw(VALIDATION, 0, null, 0);
    EncodedSample first = draw(VALIDATION, 10, null, 0);
    assertThat(first.examples()).hasSize(10);
    assertThat(first.examples().get(9).inputIds()).isEqualTo(all.examples().get(9).inputIds());
  }

  @Test
  void draw_seed_choosesDifferentRowsWithoutReplacement() {
    // One token a row makes rows tell who they are.
    Dataset numbered =
        new Dataset(
            IntStream.range(0, 40)
                .<Row>mapToObj(i -> new TokenRow(new int[] {i}, new int[] {0}, 0))
                .toList(),
            List.of("only"));
    List<Integer> seven = ids(draw(numbered, 7, 1L, 0));
    assertThat(seven).doesNotHaveDuplicates().isSorted().hasSize(7);
    assertThat(ids(draw(numbered, 20, 1L, 0))).containsAll(seven);
    assertThat(ids(draw(numbered, 7, 1L, 0))).isEqualTo(seven);
    assertThat(ids(draw(numbered, 7, 2L, 0))).isNotEqualTo(seven);
    Set<Integer> ever = new HashSet<>();
    for (long seed = 0; seed < 100; seed++) {
      ever.addAll(ids(draw(numbered, 7, seed, 0)));
    }
    assertThat(ever).hasSize(40);
  }

  @Test
  void draw_blocksOfOneSeed_shareNoRowAndAreTogetherTheLargerSample() {
    Dataset numbered =
        new Dataset(
            IntStream.range(0, 40)
                .<Row>mapToObj(i -> new TokenRow(new int[] {i}, new int[] {0}, 0))
                .toList(),
            List.of("only"));
    for (Long seed : new Long[] {1L, 2L, null}) {
      List<Integer> together = new ArrayList<>();
      for (int[] block : new int[][] {{0, 7}, {7, 3}, {10, 25}}) {
        EncodedSample drawn = draw(numbered, block[0], block[1], seed, 0);
        assertThat(ids(drawn)).isSorted().hasSize(block[1]);
        assertThat(drawn.rowCount()).isEqualTo(seed == null ? 0 : 40);
        together.addAll(ids(drawn));
      }
      assertThat(together).containsExactlyInAnyOrderElementsOf(ids(draw(numbered, 35, seed, 0)));
    }
    assertThat(draw(numbered, 0, null, 0).rowCount()).isEqualTo(40);
    assertThatExceptionOfType(InvalidInputException.class)
        .isThrownBy(() -> draw(numbered, 36, 5, 1L, 0))
        .withMessageContaining("40 rows")
        .withMessageContaining("got 5 after 36")
        .satisfies(e -> assertThat(e.reason()).isEqualTo("SAMPLE_SIZE_INVALID"));
  }

  /** Stored points are keyed by this digest. */
  @Test
  void draw_knownSample_hasThePinnedDigest() {
    assertThat(draw(VALIDATION, 64, 1L, 0).digest().sha256()).startsWith("c757603e4a80b051");
  }

  @Test
  void digest_anyChange_isSeen() {
    TokenRow row = new TokenRow(new int[] {5, 6}, new int[] {0, 0}, 0);
    List<String> labels = List.of("a", "b");
    Set<String> digests = new HashSet<>();
    List<Dataset> variants =
        List.of(
            new Dataset(List.of(row), labels),
            new Dataset(List.of(row), List.of("b", "a")),
            new Dataset(List.of(row, row), labels),
            new Dataset(List.of(row.withLabel(1)), labels),
            new Dataset(List.of(new TokenRow(new int[] {6, 5}, new int[] {0, 0}, 0)), labels),
            new Dataset(List.of(new TokenRow(new int[] {5, 6}, new int[] {0, 1}, 0)), labels));
    variants.forEach(dataset -> digests.add(draw(dataset, 0, null, 0).digest().sha256()));
    assertThat(digests).hasSize(variants.size());
  }

  @Test
  void draw_maxTokens_truncatesAndCounts() {
    EncodedSample sample = draw(VALIDATION, 0, null, 12);
    assertThat(sample.examples()).allMatch(example -> example.length() <= 12);
    long longer =
        draw(VALIDATION, 0, null, 0).examples().stream().filter(e -> e.length() > 12).count();
    assertThat(sample.truncatedCount()).isEqualTo((int) longer).isPositive();
  }

  @Test
  void draw_rowsThatSeemPadded_areNoticed() {
    TokenRow padded = new TokenRow(new int[] {5, 0}, new int[2], 0);
    TokenRow masked = new TokenRow(new int[] {5, 0}, new int[2], true, 0);
    Dataset dataset =
        new Dataset(List.of(padded, masked, padded), List.of("a"), List.of("left out one"));
    EncodedSample sample = draw(dataset, 0, null, 0);
    assertThat(sample.notices()).hasSize(2).contains("left out one");
    assertThat(sample.notices().get(1)).startsWith("2 of 2 tokenised rows end in the pad token 0");
  }

  @Test
  void draw_moreThanThereIs_isRefused() {
    refused(VALIDATION, 513, 0, TOKENIZER, ENCODER, "SAMPLE_SIZE_INVALID", "512 rows");
    refused(VALIDATION, -1, 0, TOKENIZER, ENCODER, "SAMPLE_SIZE_INVALID", "-1");
    refused(VALIDATION, 0, 31, TOKENIZER, ENCODER, "MAX_TOKENS_EXCEED_MODEL", "30");
    refused(VALIDATION, 0, -1, TOKENIZER, ENCODER, "MAX_TOKENS_INVALID", "-1");
  }

  @Test
  void draw_whatDoesNotFitTheModel_isRefused() {
    refused(VALIDATION, 0, 0, null, ENCODER, "TOKENIZER_MISSING", "tokenizer");
    refused(VALIDATION, 0, 0, TOKENIZER, encoder(42, 30, 2), "TOKENIZER_DIFFERS", "43");
    refused(VALIDATION, 0, 0, TOKENIZER, encoder(43, 30, 1), "TOKENS_DIFFER", "token type 1");
    Dataset foreign =
        new Dataset(List.of(new TokenRow(new int[] {43}, new int[] {0}, 0)), List.of("a"));
    refused(foreign, 0, 0, null, ENCODER, "TOKENS_DIFFER", "token id 43");
    Dataset longer = new Dataset(List.of(new TokenRow(new int[31], new int[31], 0)), List.of("a"));
    refused(longer, 0, 0, null, ENCODER, "ROW_TOO_LONG", "31 tokens");
  }

  private static EncodedSample draw(Dataset dataset, int size, @Nullable Long seed, int maxTokens) {
    return draw(dataset, 0, size, seed, maxTokens);
  }

  private static EncodedSample draw(
      Dataset dataset, int skip, int size, @Nullable Long seed, int maxTokens) {
    return EncodedSample.draw(
        dataset,
        new SampleSpec("test", SPLIT, skip, size, seed, maxTokens),
        TOKENIZER,
        ENCODER,
        MEMORY,
        () -> false);
  }

  private static List<Integer> ids(EncodedSample sample) {
    return sample.examples().stream()
        .flatMap(example -> Arrays.stream(example.inputIds()).boxed())
        .toList();
  }

  private static void refused(
      Dataset dataset,
      int size,
      int maxTokens,
      @Nullable Tokenizer tokenizer,
      EncoderConfig encoder,
      String reason,
      String named) {
    SampleSpec spec = new SampleSpec("test", SPLIT, size, null, maxTokens);
    assertThatExceptionOfType(InvalidInputException.class)
        .isThrownBy(
            () -> EncodedSample.draw(dataset, spec, tokenizer, encoder, MEMORY, () -> false))
        .withMessageContaining(named)
        .satisfies(e -> assertThat(e.reason()).isEqualTo(reason));
  }

  private static EncoderConfig encoder(int vocabularySize, int positions, int types) {
    return new EncoderConfig(
        Family.BERT,
        vocabularySize,
        8,
        1,
        2,
        16,
        positions,
        types,
        1e-12,
        Activation.GELU,
        0,
        0,
        0,
        0);
  }
}
