package dev.watershed.classifier.data;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.watershed.classifier.Fuzzing;
import dev.watershed.input.InvalidInputException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Files with a few bytes changed, cut or repeated are read or refused, and nothing else. */
@Tag("fuzz")
class MutatedFilesTest {
  private static final int ROUNDS = 300;

  private final Path root;
  private final Datasets datasets;

  MutatedFilesTest(@TempDir Path root) {
    this.root = root;
    this.datasets =
        new Datasets(
            new DataRoots(List.of(root)),
            new DataLimits(1 << 22, 1 << 16, 100_000, 1 << 22, 1 << 23));
  }

  @ParameterizedTest
  @EnumSource(FileFormat.class)
  void load_mutatedFile_isReadOrRefused(FileFormat format) throws Exception {
    byte[] plain = original(format);
    mutate("data", format, plain);
    if (format != FileFormat.PARQUET) {
      var zipped = new ByteArrayOutputStream();
      try (OutputStream out = new GZIPOutputStream(zipped)) {
        out.write(plain);
      }
      mutate("data.gz", format, zipped.toByteArray());
    }
    assertThat(datasets.memory().heldBytes()).isZero();
  }

  @Test
  void load_footerThatNestsDeep_isRefused() throws IOException {
    byte[] nested = new byte[50_000];
    Arrays.fill(nested, (byte) 0x1C); // a struct as the next field, again and again
    Files.write(root.resolve("data"), parquet(nested));
    assertThat(load(split(FileFormat.PARQUET, "data"))).isEqualTo("PARQUET_INVALID");
    byte[] list = {0x19, (byte) 0xFC, -1, -1, -1, -1, 7, 0}; // of two thousand million structs
    Files.write(root.resolve("data"), parquet(list));
    assertThat(load(split(FileFormat.PARQUET, "data"))).isEqualTo("PARQUET_INVALID");
  }

  private static byte[] parquet(byte[] footer) {
    return ByteBuffer.allocate(footer.length + 12)
        .order(ByteOrder.LITTLE_ENDIAN)
        .put("PAR1".getBytes(UTF_8))
        .put(footer)
        .putInt(footer.length)
        .put("PAR1".getBytes(UTF_8))
        .array();
  }

  private void mutate(String name, FileFormat format, byte[] original) {
    Random random = new Random(Fuzzing.seed() + format.ordinal());
    try {
      for (int round = 0; round < Fuzzing.rounds(ROUNDS); round++) {
        Files.write(root.resolve(name), mutated(original, random));
        load(split(format, name));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static byte[] mutated(byte[] original, Random random) {
    byte[] bytes = original.clone();
    int changes = 1 + random.nextInt(4);
    for (int i = 0; i < changes; i++) {
      int at = random.nextInt(bytes.length);
      switch (random.nextInt(4)) {
        case 0 -> bytes[at] = (byte) random.nextInt(256);
        case 1 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
        case 2 -> {
          int length = Math.min(random.nextInt(16), bytes.length - at);
          System.arraycopy(bytes, random.nextInt(bytes.length - length + 1), bytes, at, length);
        }
        default -> bytes = Arrays.copyOf(bytes, Math.max(1, bytes.length - random.nextInt(20)));
      }
    }
    return bytes;
  }

  /** Returns the reason of the refusal, or "". */
  private String load(FileSplit split) {
    try (Dataset dataset = datasets.load(new Split(split, List.of()))) {
      dataset.digest();
      return "";
    } catch (InvalidInputException e) {
      return e.reason();
    }
  }

  private static FileSplit split(FileFormat format, String name) {
    return new FileSplit(name, format, "premise", "hypothesis", "label", List.of("a", "b"), true);
  }

  private byte[] original(FileFormat format) throws IOException, SQLException {
    if (format == FileFormat.PARQUET) {
      Path file = root.resolve("original");
      ParquetFiles.write(
          file,
          "SELECT 'p ' || i AS premise, 'h' || i AS hypothesis, CAST(i % 2 AS BIGINT) AS label"
              + " FROM range(50) t(i)",
          "snappy");
      return Files.readAllBytes(file);
    }
    StringBuilder text = new StringBuilder();
    if (format != FileFormat.JSON_LINES) {
      text.append(line(format, "premise", "hypothesis", "label"));
    }
    for (int i = 0; i < 30; i++) {
      text.append(line(format, "p é " + i, "h \"" + i + "\"", i % 2 == 0 ? "a" : "1"));
    }
    return text.toString().getBytes(UTF_8);
  }

  private static String line(FileFormat format, String first, String second, String label) {
    return switch (format) {
      case CSV -> "\"%s\",\"%s\",%s%n".formatted(first, second.replace("\"", "\"\""), label);
      case JSON_LINES ->
          "{\"premise\": \"%s\", \"hypothesis\": \"%s\", \"label\": \"%s\"}%n"
              .formatted(first, second.replace("\"", "\\\""), label);
      default -> "%s\t%s\t%s%n".formatted(first, second, label);
    };
  }
}
