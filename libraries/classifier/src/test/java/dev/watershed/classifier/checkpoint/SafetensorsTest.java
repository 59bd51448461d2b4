package dev.watershed.classifier.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.watershed.input.InvalidInputException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files that lie, by hand. */
final class SafetensorsTest {
  private Path file = Path.of("");

  @BeforeEach
  void choose(@TempDir Path directory) {
    file = directory.resolve("model.safetensors");
  }

  private void write(String header, byte[] data) throws IOException {
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    write(json.length, json, data);
  }

  private void write(long headerLength, byte[] json, byte[] data) throws IOException {
    ByteBuffer bytes =
        ByteBuffer.allocate(8 + json.length + data.length).order(ByteOrder.LITTLE_ENDIAN);
    Files.write(file, bytes.putLong(headerLength).put(json).put(data).array());
  }

  private void refused(String reason, String message) {
    assertThatThrownBy(() -> Safetensors.open(file).close())
        .hasMessageContaining(message)
        .isInstanceOfSatisfying(
            InvalidInputException.class, e -> assertThat(e.reason()).isEqualTo(reason));
  }

  private static String entry(String dtype, String shape, long begin, long end) {
    return String.format(
        Locale.ROOT,
        "{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%d,%d]}",
        dtype,
        shape,
        begin,
        end);
  }

  @Test
  void open_twoTensors_findsBothAndTheirText() throws IOException {
    String header =
        "{\"b\":%s,\"__metadata__\":{\"format\":\"pt\"},\"a\":%s}   "
            .formatted(entry("F32", "[2,1]", 4, 12), entry("F32", "[]", 0, 4));
    byte[] data =
        ByteBuffer.allocate(12)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putFloat(1)
            .putFloat(-2)
            .putFloat(3)
            .array();
    write(header, data);
    try (Safetensors in = Safetensors.open(file)) {
      assertThat(in.metadata()).containsExactly(Map.entry("format", "pt"));
      assertThat(in.tensors().keySet()).containsExactly("a", "b"); // as they lie in the file
      Safetensors.Tensor b = List.copyOf(in.tensors().values()).get(1);
      ByteBuffer to = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
      in.read(b, to);
      assertThat(to.getFloat(0)).isEqualTo(-2);
      assertThat(to.getFloat(4)).isEqualTo(3);
    }
  }

  @Test
  void open_fileOfSevenBytes_isTruncated() throws IOException {
    Files.write(file, new byte[7]);
    refused("SAFETENSORS_TRUNCATED", "7 bytes");
  }

  @ParameterizedTest
  @ValueSource(longs = {-1, Long.MIN_VALUE, 0, 1, 1L << 40, Long.MAX_VALUE, (1 << 23) + 1})
  void open_impossibleHeaderLength_isRefused(long length) throws IOException {
    write(length, "{}".getBytes(StandardCharsets.UTF_8), new byte[0]);
    refused("SAFETENSORS_INVALID", "header length");
  }

  @Test
  void open_headerLongerThanTheFile_isTruncated() throws IOException {
    write(1 << 20, "{}".getBytes(StandardCharsets.UTF_8), new byte[0]);
    refused("SAFETENSORS_TRUNCATED", "header has 1048576 bytes");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "nothing",
        "[1]",
        "\"text\"",
        "{\"a\":",
        "{\"a\":1}",
        "{\"a\":[]}",
        "{\"a\":{}}",
        "{\"a\":{\"dtype\":\"F32\"}}",
        "{\"__metadata__\":{\"format\":1}}",
        "   "
      })
  void open_headerThatIsNone_isRefused(String header) throws IOException {
    write(header, new byte[4]);
    refused("SAFETENSORS_INVALID", "not a safetensors file");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "F32|[1]|0|8|needs 4 bytes",
        "F32|[3]|0|8|needs 12 bytes",
        "F32|[-2]|0|8|no count",
        "F32|[2.5]|0|8|no count",
        "F32|[\"2\"]|0|8|no count",
        "F32|[2147483647,2147483647,2147483647]|0|8|impossible shape",
        "F32|[4294967298]|0|8|no count",
        "F32|[1,1,1,1,1,1,1,1,2]|0|8|at most 8",
        "F32|2|0|8|shape",
        "F33|[2]|0|8|unknown type",
        "F32|[2]|8|0|data_offsets",
        "F32|[2]|-8|0|data_offsets",
        "F32|[2]|8|16|begins at byte 8",
      })
  void open_entryThatLies_isRefused(
      String dtype, String shape, long begin, long end, String message) throws IOException {
    write("{\"liar\":" + entry(dtype, shape, begin, end) + "}", new byte[8]);
    refused("SAFETENSORS_INVALID", message);
  }

  @Test
  void open_dataShorterThanPromised_isTruncatedByName() throws IOException {
    write("{\"last\":" + entry("F32", "[1000]", 0, 4000) + "}", new byte[100]);
    refused("SAFETENSORS_TRUNCATED", "tensor last ends at byte 4000");
  }

  @Test
  void open_overlappingGappedOrTrailingData_isRefused() throws IOException {
    String first = "{\"a\":" + entry("F32", "[2]", 0, 8);
    write(first + ",\"b\":" + entry("F32", "[2]", 4, 12) + "}", new byte[12]);
    refused("SAFETENSORS_INVALID", "tensor b begins at byte 4 where 8 was due");
    write(first + ",\"b\":" + entry("F32", "[2]", 12, 20) + "}", new byte[20]);
    refused("SAFETENSORS_INVALID", "leave a gap");
    write(first + "}", new byte[9]);
    refused("SAFETENSORS_INVALID", "9 bytes of data");
  }

  @Test
  void open_sameNameTwice_isRefused() throws IOException {
    String entry = "\"a\":" + entry("F32", "[1]", 0, 4);
    write("{" + entry + "," + entry + "}", new byte[4]);
    refused("SAFETENSORS_INVALID", "duplicate name");
  }

  @Test
  void open_moreTensorsThanAreRead_isRefusedWhereTheyBecomeTooMany() throws IOException {
    var header = new StringBuilder("{");
    for (int i = 0; i <= 20_000; i++) {
      header.append(i == 0 ? "" : ",").append('"').append(i).append("\":");
      header.append(entry("F32", "[0]", 0, 0));
    }
    write(header + "}", new byte[0]);
    refused("SAFETENSORS_INVALID", "more than the 20000 tensors");
  }

  @Test
  void open_nameLongerThanAny_isRefused() throws IOException {
    write("{\"" + "n".repeat(501) + "\":" + entry("F32", "[1]", 0, 4) + "}", new byte[4]);
    refused("SAFETENSORS_INVALID", "a name of more than 500 characters");
  }

  @Test
  void open_headerInAnotherEncoding_isRefused() throws IOException {
    byte[] header = "{\"\u00e4\":1}".getBytes(StandardCharsets.ISO_8859_1);
    write(header.length, header, new byte[0]);
    refused("SAFETENSORS_INVALID", "not text in UTF-8");
  }

  @Test
  void open_textBehindTheHeader_isRefused() throws IOException {
    write("{} {}", new byte[0]);
    refused("SAFETENSORS_INVALID", "more than one JSON document");
  }

  @Test
  void open_deeplyNestedHeader_isRefused() throws IOException {
    write("{\"a\":{\"b\":" + "[".repeat(100_000), new byte[0]);
    refused("SAFETENSORS_INVALID", "nested deeper than 64");
  }

  @Test
  void open_nameWithControlCharacters_isShownWithout() throws IOException {
    write("{\"a\\nb\":" + entry("F99", "[1]", 0, 4) + "}", new byte[4]);
    refused("SAFETENSORS_INVALID", "a\\u000ab");
  }

  @Test
  void read_halfPrecision_isConvertedExactly() throws IOException {
    String header =
        "{\"brain\":%s,\"half\":%s}"
            .formatted(entry("BF16", "[2]", 0, 4), entry("F16", "[2]", 4, 8));
    ByteBuffer data = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
    data.putShort((short) 0x3FC0).putShort((short) 0xC000); // 1.5, -2
    data.putShort(Float.floatToFloat16(.333f)).putShort(Float.floatToFloat16(-65504));
    write(header, data.array());
    try (Safetensors in = Safetensors.open(file)) {
      var to = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
      in.read(in.tensors().values().iterator().next(), to);
      assertThat(to.getFloat(0)).isEqualTo(1.5f);
      assertThat(to.getFloat(4)).isEqualTo(-2);
      in.read(List.copyOf(in.tensors().values()).get(1), to);
      assertThat(to.getFloat(0)).isEqualTo(Float.float16ToFloat(Float.floatToFloat16(.333f)));
      assertThat(to.getFloat(4)).isEqualTo(-65504);
    }
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
  void read_notFinite_isRefusedByNameAndPlace(float bad) throws IOException {
    byte[] data =
        ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putFloat(1).putFloat(bad).array();
    write("{\"w\":" + entry("F32", "[2]", 0, 8) + "}", data);
    try (Safetensors in = Safetensors.open(file)) {
      Safetensors.Tensor w = in.tensors().values().iterator().next();
      assertThatThrownBy(() -> in.read(w, ByteBuffer.allocate(8)))
          .hasMessageContaining("tensor w")
          .hasMessageContaining("element 1")
          .isInstanceOfSatisfying(
              InvalidInputException.class,
              e -> assertThat(e.reason()).isEqualTo("TENSOR_NOT_FINITE"));
    }
  }

  @Test
  void open_randomDamage_neverFailsOtherwise() throws IOException {
    Safetensors.write(
        file,
        Map.of("format", "pt"),
        List.of(
            new Safetensors.Content("a", List.of(2, 3), ByteBuffer.allocate(24)),
            new Safetensors.Content("b", List.of(4), ByteBuffer.allocate(16))));
    byte[] good = Files.readAllBytes(file);
    var random = new Random(1);
    int refused = 0;
    for (int i = 0; i < 2000; i++) {
      byte[] bytes = Arrays.copyOf(good, good.length - (i % 3 == 0 ? random.nextInt(40) : 0));
      int at = random.nextInt(bytes.length);
      bytes[at] = (byte) random.nextInt(256);
      Files.write(file, bytes);
      try (Safetensors in = Safetensors.open(file)) {
        for (Safetensors.Tensor tensor : in.tensors().values()) {
          assertThat(tensor.end()).isLessThanOrEqualTo(good.length);
        }
      } catch (InvalidInputException e) {
        refused++;
      }
    }
    assertThat(refused).isBetween(500, 2000);
  }
}
