package dev.watershed.classifier.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.watershed.classifier.Fuzzing;
import dev.watershed.input.InvalidInputException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Whatever happens to the bytes of a checkpoint, it is read or refused, and nothing else. */
@Tag("fuzz")
final class MutatedCheckpointTest {
  private static final int ROUNDS = 1500;
  private static final List<String> PIECES =
      List.of(
          "{",
          "}",
          "[",
          "]",
          "\"",
          ":",
          ",",
          "-",
          "0",
          "9",
          "1e999",
          "1e-999",
          "null",
          "true",
          "\\u0000",
          "\\ud800",
          "99999999999999999999",
          "2147483648",
          "-1",
          "\"a\":1,",
          "\u0000",
          "[[[[[[[[",
          "{\"\":",
          "bert",
          "roberta",
          "F16",
          "I64",
          "1000",
          "0.5",
          "\"\"");

  private static Path directory = Path.of("");
  private static byte[] config = {};
  private static byte[] weights = {};
  private static int header;

  @BeforeAll
  static void write() throws IOException {
    directory = Files.createTempDirectory("mutated");
    var encoder =
        new EncoderConfig(
            Family.BERT, 11, 8, 1, 2, 12, 10, 2, 1e-12, Activation.GELU, 0, .1, .1, .1);
    var architecture = new Architecture(encoder, Head.CLASSIFICATION, List.of("no", "yes"));
    try (ParameterVector vector = ParameterVector.random(ParameterLayout.of(architecture), .1, 1)) {
      HuggingFaceCheckpoint.write(directory, vector);
    }
    config = Files.readAllBytes(directory.resolve("config.json"));
    weights = Files.readAllBytes(directory.resolve("model.safetensors"));
    header = 8 + (int) ByteBuffer.wrap(weights).order(ByteOrder.LITTLE_ENDIAN).getLong();
  }

  @AfterAll
  static void delete() throws IOException {
    DurableFiles.deleteDirectory(directory);
  }

  @Test
  void open_mutatedConfig_readsOrRefuses() throws IOException {
    Files.write(directory.resolve("model.safetensors"), weights);
    var seeds = new Random(Fuzzing.seed());
    for (int round = Fuzzing.rounds(ROUNDS); round > 0; round--) {
      byte[] mutated = mutated(config, config.length, seeds.nextLong());
      Files.write(directory.resolve("config.json"), mutated);
      readsOrRefuses(mutated);
    }
  }

  @Test
  void open_mutatedHeader_readsOrRefuses() throws IOException {
    Files.write(directory.resolve("config.json"), config);
    var seeds = new Random(Fuzzing.seed());
    for (int round = Fuzzing.rounds(ROUNDS); round > 0; round--) {
      byte[] mutated = mutated(weights, header, seeds.nextLong());
      Files.write(directory.resolve("model.safetensors"), mutated);
      readsOrRefuses(Arrays.copyOf(mutated, Math.min(mutated.length, header)));
    }
  }

  private static void readsOrRefuses(byte[] mutated) throws IOException {
    try {
      Digest digest = HuggingFaceCheckpoint.open(directory).digest(FileWork.UNINTERRUPTED);
      assertThat(digest.sizeBytes()).isPositive();
    } catch (InvalidInputException e) {
      assertThat(e.getMessage())
          .isNotBlank()
          .hasSizeLessThan(2000)
          .doesNotContain("com.fasterxml", "java.", "REDACTED", directory.toString());
      assertThat(String.valueOf(e.getMessage()).chars()).noneMatch(Character::isISOControl);
    } catch (RuntimeException | StackOverflowError | OutOfMemoryError e) {
      throw new AssertionError(new String(mutated, StandardCharsets.ISO_8859_1), e);
    }
  }

  /**
   * Changes, removes, doubles or inserts a few pieces among the first {@code limit} bytes; the
   * length that stands before a header is set right half of the time.
   */
  private static byte[] mutated(byte[] bytes, int limit, long seed) {
    var random = new Random(seed);
    byte[] result = bytes;
    for (int edits = 1 + random.nextInt(3); edits > 0; edits--) {
      int at = random.nextInt(Math.min(limit, result.length));
      int length = Math.min(result.length - at, random.nextInt(1, 12));
      byte[] piece =
          switch (random.nextInt(4)) {
            case 0 -> new byte[0];
            case 1 -> Arrays.copyOfRange(result, at, at + length);
            case 2 -> new byte[] {(byte) random.nextInt(256)};
            default -> PIECES.get(random.nextInt(PIECES.size())).getBytes(StandardCharsets.UTF_8);
          };
      int removed = random.nextBoolean() ? length : 0;
      byte[] next = new byte[result.length - removed + piece.length];
      System.arraycopy(result, 0, next, 0, at);
      System.arraycopy(piece, 0, next, at, piece.length);
      System.arraycopy(result, at + removed, next, at + piece.length, result.length - at - removed);
      result = next;
    }
    if (limit < bytes.length && random.nextBoolean() && result.length > 8) {
      int length = limit - 8 + result.length - bytes.length;
      result[0] = (byte) length;
      result[1] = (byte) (length >> 8);
      Arrays.fill(result, 2, 8, (byte) 0);
    }
    return result;
  }
}
