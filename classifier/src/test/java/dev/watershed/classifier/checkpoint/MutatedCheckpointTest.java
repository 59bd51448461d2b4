package dev.watershed.classifier.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.watershed.classifier.InvalidInputException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/** Whatever happens to the bytes of a checkpoint, it is read or refused, and nothing else. */
final class MutatedCheckpointTest {
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

  @BeforeContainer
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

  @AfterContainer
  static void delete() throws IOException {
    DurableFiles.deleteDirectory(directory);
  }

  @Property(tries = 1500)
  void open_mutatedConfig_readsOrRefuses(@ForAll long seed) throws IOException {
    Files.write(directory.resolve("model.safetensors"), weights);
    Files.write(directory.resolve("config.json"), mutated(config, config.length, seed));
    readsOrRefuses();
  }

  @Property(tries = 1500)
  void open_mutatedHeader_readsOrRefuses(@ForAll long seed) throws IOException {
    Files.write(directory.resolve("config.json"), config);
    Files.write(directory.resolve("model.safetensors"), mutated(weights, header, seed));
    readsOrRefuses();
  }

  private static void readsOrRefuses() throws IOException {
    try {
      Digest digest = HuggingFaceCheckpoint.open(directory).digest(FileWork.UNINTERRUPTED);
      assertThat(digest.sizeBytes()).isPositive();
    } catch (InvalidInputException e) {
      assertThat(e.getMessage())
          .isNotBlank()
          .hasSizeLessThan(2000)
          .doesNotContain("com.fasterxml", "java.", "REDACTED", directory.toString());
      assertThat(String.valueOf(e.getMessage()).chars()).noneMatch(Character::isISOControl);
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
