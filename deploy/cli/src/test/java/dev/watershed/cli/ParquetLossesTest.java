package dev.watershed.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.watershed.input.InvalidInputException;
import dev.watershed.input.ThriftShape;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The files are written by DuckDB, another implementation than the one that reads. */
final class ParquetLossesTest {
  private static final String ROWS =
      "SELECT a / 4 AS alpha, 'e' || i AS example, CAST(sin(i) + a AS FLOAT) AS loss"
          + " FROM range(5) t(a), range(100) u(i) ORDER BY a, i";

  private final Path folder;

  ParquetLossesTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "CODEC 'snappy'",
        "CODEC 'zstd'",
        "CODEC 'gzip'",
        "CODEC 'uncompressed'",
        "CODEC 'snappy', PARQUET_VERSION 'V2'",
        "CODEC 'zstd', PARQUET_VERSION 'V2'"
      })
  void read_codecsThatFilesHave_areTheLossesOfTheCsv(String options) throws Exception {
    var csv = query("COPY (" + ROWS + ") TO 'FILE' (FORMAT csv)", "losses.csv");
    assertThat(ExampleLossesInput.read(parquet(ROWS, options)).build())
        .isEqualTo(ExampleLossesInput.read(csv).build());
  }

  @Test
  void read_decimalsAndIntegersInOtherCase_areNumbers() throws Exception {
    var losses =
        ExampleLossesInput.read(
                parquet(
                    "SELECT i::UTINYINT AS Example, a * 0.25 AS ALPHA, 1.5 AS loss_nats"
                        + " FROM range(3) t(a), range(2) u(i) ORDER BY a, i",
                    "CODEC 'snappy'"))
            .build();
    assertThat(losses.getCurve().getAlphasList()).containsExactly(0.0, .25, .5);
    assertThat(losses.getExampleLosses(2).getLossesNatsList()).containsExactly(1.5f, 1.5f);
  }

  @Test
  void read_withoutExamples_isACurve() throws Exception {
    var curve = "SELECT a / 2 AS alpha, a + 1.0 AS mean_loss_nats FROM range(3) t(a)";
    assertThat(
            ExampleLossesInput.read(parquet(curve, "CODEC 'zstd'")).getCurve().getLossesNatsList())
        .containsExactly(1.0, 2.0, 3.0);
    assertThatThrownBy(
            () -> ExampleLossesInput.read(parquet(curve + " UNION ALL " + curve, "CODEC 'zstd'")))
        .isInstanceOf(CommandException.class)
        .hasMessageContaining("alpha 0.0 has more than one loss: give one curve");
  }

  @Test
  void read_whatCannotBeUsed_isRefusedSayingWhy() throws Exception {
    refused(ROWS, "CODEC 'lz4_raw'", "compressed by LZ4_RAW; write it anew uncompressed or with");
    refused(ROWS, "CODEC 'brotli'", "compressed by BROTLI; write it anew uncompressed or with");
    refused("SELECT 1 AS alpha, 2 AS example", "CODEC 'snappy'", "lack 'loss'");
    refused(
        "SELECT 1 AS alpha, [2, 3] AS loss", "CODEC 'snappy'", "'loss' holds lists or structures");
    refused(
        "SELECT 1 AS alpha, NULL::DOUBLE AS loss",
        "CODEC 'snappy'",
        "row 1, column 'loss': there is nothing");
    refused(
        "SELECT 'x' AS alpha, 1 AS loss",
        "CODEC 'snappy'",
        "'alpha' holds 'x', which is no number");
    refused(
        "SELECT 0 AS alpha, i AS example, 1 AS loss FROM range(4000001) t(i)",
        "CODEC 'zstd'",
        "more than 4000000 rows");
    refused(
        "SELECT 0 AS alpha, repeat((i % 3)::VARCHAR, 600000) AS example, 1 AS loss"
            + " FROM range(60) t(i)",
        "CODEC 'zstd'", "'example' has a dictionary of 1800012 bytes, at most 1048576 are read");
    refused(
        "SELECT 0 AS alpha, repeat(i::VARCHAR, 300000) AS example, 1 AS loss"
            + " FROM range(100, 400) t(i)",
        "CODEC 'zstd'",
        "longer than 268435456 bytes uncompressed");
  }

  @Test
  void read_snappyThatIsLongerThanItsPageSays_neverReachesTheLibrary() throws Exception {
    var file = parquet(ROWS, "CODEC 'snappy'");
    var page = ByteBuffer.wrap(file, 4, file.length - 4).slice();
    assertThat(ThriftShape.isSane(page)).isTrue();
    int content = 4 + page.position();
    file[content] |= (byte) 0x80;
    file[content + 1] |= (byte) 0x80;
    file[content + 2] = 0x7F;
    assertThatThrownBy(() -> ExampleLossesInput.read(file))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("has a page that is not of the");
  }

  @ParameterizedTest
  @ValueSource(strings = {"snappy", "zstd", "gzip", "uncompressed"})
  void read_bytesChangedOrCutOff_isReadOrRefused(String codec) throws Exception {
    var file = parquet(ROWS, "CODEC '" + codec + "'");
    var random = new Random(7);
    int refused = 0;
    for (int i = 0; i < 400; i++) {
      var bytes = i % 10 == 0 ? Arrays.copyOf(file, random.nextInt(4, file.length)) : file.clone();
      // Headers and the footer are where sizes stand.
      int from = i % 2 == 0 ? 0 : Math.max(0, bytes.length - 700);
      for (int change = 0; change <= i % 3; change++) {
        bytes[random.nextInt(from, bytes.length)] = (byte) random.nextInt();
      }
      try {
        ExampleLossesInput.read(bytes);
      } catch (InvalidInputException | CommandException e) {
        refused++;
      }
    }
    assertThat(refused).isBetween(130, 399);
  }

  private void refused(String rows, String options, String message) throws Exception {
    var file = parquet(rows, options);
    assertThatThrownBy(() -> ExampleLossesInput.read(file))
        .isInstanceOfAny(InvalidInputException.class, CommandException.class)
        .hasMessageContaining(message);
  }

  private byte[] parquet(String rows, String options) throws Exception {
    return query("COPY (" + rows + ") TO 'FILE' (FORMAT parquet, " + options + ")", "x.parquet");
  }

  private byte[] query(String copy, String name) throws Exception {
    var file = folder.resolve(name);
    try (var database = DriverManager.getConnection("jdbc:duckdb:");
        var statement = database.createStatement()) {
      statement.execute(copy.replace("FILE", file.toString()));
    }
    return Files.readAllBytes(file);
  }
}
