package dev.watershed.classifier.checkpoint;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.watershed.classifier.InvalidInputException;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Files of named tensors in the safetensors format: an unsigned 64-bit little-endian header length,
 * a JSON header, then the tensors' bytes without gaps. Nothing of the header is believed before it
 * is checked against the file.
 */
public final class Safetensors implements AutoCloseable {
  private static final int MAX_HEADER_BYTES = 1 << 26;
  private static final int MAX_TENSORS = 100_000;
  private static final int MAX_DIMENSIONS = 8;
  private static final int MAX_NAME_LENGTH = 500;
  private static final int BLOCK_BYTES = 1 << 20;
  private static final String METADATA = "__metadata__";
  private static final ObjectMapper JSON =
      new ObjectMapper(
          JsonFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build());
  private static final Map<String, Integer> BITS =
      Map.ofEntries(
          Map.entry("F64", 64),
          Map.entry("F32", 32),
          Map.entry("F16", 16),
          Map.entry("BF16", 16),
          Map.entry("F8_E4M3", 8),
          Map.entry("F8_E5M2", 8),
          Map.entry("I64", 64),
          Map.entry("I32", 32),
          Map.entry("I16", 16),
          Map.entry("I8", 8),
          Map.entry("U64", 64),
          Map.entry("U32", 32),
          Map.entry("U16", 16),
          Map.entry("U8", 8),
          Map.entry("BOOL", 8));

  /**
   * A tensor of a file.
   *
   * @param type the format's name, such as {@code F32}
   * @param begin first byte, from the end of the header
   * @param end first byte after it
   */
  public record Tensor(String name, String type, List<Integer> shape, long begin, long end) {
    boolean isFloat() {
      return type.equals("F32") || type.equals("F16") || type.equals("BF16");
    }
  }

  /**
   * A tensor to write.
   *
   * @param bytes little-endian fp32
   */
  public record Content(String name, List<Integer> shape, ByteBuffer bytes) {}

  private final String file;
  private final FileChannel channel;
  private final long dataStart;
  private final Map<String, Tensor> tensors;
  private final Map<String, String> metadata;

  private Safetensors(
      String file,
      FileChannel channel,
      long dataStart,
      Map<String, Tensor> tensors,
      Map<String, String> metadata) {
    this.file = file;
    this.channel = channel;
    this.dataStart = dataStart;
    this.tensors = tensors;
    this.metadata = metadata;
  }

  /**
   * Opens a file and checks its header.
   *
   * @throws InvalidInputException with reason SAFETENSORS_INVALID or SAFETENSORS_TRUNCATED
   */
  public static Safetensors open(Path path) throws IOException {
    // Messages name the file alone: where it lies is nobody's business but the server's.
    String file = String.valueOf(path.getFileName());
    FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
    try {
      long size = channel.size();
      if (size < Long.BYTES) {
        throw truncated(file, "it has %d bytes, not even a header length".formatted(size));
      }
      ByteBuffer length = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
      readFully(channel, length, 0);
      long headerBytes = length.getLong(0);
      if (headerBytes < 2 || headerBytes > MAX_HEADER_BYTES) {
        throw invalid(
            file,
            "the header length is %s bytes, it must be 2 to %d"
                .formatted(Long.toUnsignedString(headerBytes), MAX_HEADER_BYTES));
      }
      if (headerBytes > size - Long.BYTES) {
        throw truncated(
            file, "its header has %d bytes, the file only %d".formatted(headerBytes, size));
      }
      ByteBuffer header = ByteBuffer.allocate((int) headerBytes);
      readFully(channel, header, Long.BYTES);
      long dataStart = Long.BYTES + headerBytes;
      JsonNode json = parse(file, header.array());
      return new Safetensors(
          file, channel, dataStart, tensors(file, json, size - dataStart), metadata(file, json));
    } catch (Throwable e) {
      channel.close();
      throw e;
    }
  }

  /** Tensors by name, in order of their place in the file. */
  public Map<String, Tensor> tensors() {
    return tensors;
  }

  /** Free text of the file. */
  public Map<String, String> metadata() {
    return metadata;
  }

  /**
   * Reads a tensor as fp32 into {@code to}, converting half precision exactly.
   *
   * @param to as many floats as the tensor has, little-endian
   * @throws InvalidInputException where an element is NaN or infinite (TENSOR_NOT_FINITE) or the
   *     type is not a float of at most 32 bits (TENSOR_TYPE)
   */
  public void read(Tensor tensor, ByteBuffer to) throws IOException {
    if (!tensor.isFloat()) {
      throw InvalidInputException.invalid(
          "TENSOR_TYPE",
          tensor.name(),
          "tensor %s of %s has type %s; save it as F32, F16 or BF16"
              .formatted(tensor.name(), file, tensor.type()));
    }
    ByteBuffer bytes = to.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    if (tensor.type().equals("F32")) {
      readFully(channel, bytes, dataStart + tensor.begin());
    } else {
      readHalf(tensor, bytes.asFloatBuffer());
    }
    requireFinite(tensor, to.duplicate().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer());
  }

  private void readHalf(Tensor tensor, FloatBuffer to) throws IOException {
    boolean brain = tensor.type().equals("BF16");
    ByteBuffer block = ByteBuffer.allocate(BLOCK_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (long at = tensor.begin(); at < tensor.end(); at += BLOCK_BYTES) {
      block.clear().limit((int) Math.min(BLOCK_BYTES, tensor.end() - at));
      readFully(channel, block, dataStart + at);
      block.flip();
      while (block.hasRemaining()) {
        short half = block.getShort();
        to.put(brain ? Float.intBitsToFloat(half << 16) : Float.float16ToFloat(half));
      }
    }
  }

  private void requireFinite(Tensor tensor, FloatBuffer values) {
    int n = values.remaining();
    for (int i = 0; i < n; i++) {
      if (!Float.isFinite(values.get(i))) {
        throw InvalidInputException.invalid(
            "TENSOR_NOT_FINITE",
            tensor.name(),
            "tensor %s of %s holds %s at element %d; these weights cannot be used"
                .formatted(tensor.name(), file, values.get(i), i));
      }
    }
  }

  /** Whether a tensor of this file and one of another hold the same values. */
  boolean sameValues(Tensor a, Safetensors other, Tensor b) throws IOException {
    if (!a.type().equals(b.type()) || a.end() - a.begin() != b.end() - b.begin()) {
      return false;
    }
    ByteBuffer left = ByteBuffer.allocate(BLOCK_BYTES);
    ByteBuffer right = ByteBuffer.allocate(BLOCK_BYTES);
    long size = a.end() - a.begin();
    for (long at = 0; at < size; at += BLOCK_BYTES) {
      int n = (int) Math.min(BLOCK_BYTES, size - at);
      readFully(channel, left.clear().limit(n), dataStart + a.begin() + at);
      readFully(other.channel, right.clear().limit(n), other.dataStart + b.begin() + at);
      if (!left.flip().equals(right.flip())) {
        return false;
      }
    }
    return true;
  }

  /** Writes a file and flushes it to the disk. */
  public static void write(Path file, Map<String, String> metadata, List<Content> contents)
      throws IOException {
    ObjectNode header = JSON.createObjectNode();
    ObjectNode free = header.putObject(METADATA);
    metadata.forEach(free::put);
    long offset = 0;
    for (Content content : contents) {
      ObjectNode entry = header.putObject(content.name()).put("dtype", "F32");
      content.shape().forEach(entry.putArray("shape")::add);
      long end = offset + content.bytes().remaining();
      entry.putArray("data_offsets").add(offset).add(end);
      offset = end;
    }
    String text = header.toString();
    byte[] json = text.getBytes(StandardCharsets.UTF_8);
    int padded = (json.length + 7) & ~7; // so that tensors are aligned
    ByteBuffer start = ByteBuffer.allocate(Long.BYTES + padded).order(ByteOrder.LITTLE_ENDIAN);
    start.putLong(padded).put(json);
    while (start.hasRemaining()) {
      start.put((byte) ' ');
    }
    try (FileChannel out =
        FileChannel.open(
            file,
            StandardOpenOption.WRITE,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING)) {
      writeFully(out, start.flip());
      for (Content content : contents) {
        writeFully(out, content.bytes().duplicate());
      }
      out.force(true);
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }

  private static JsonNode parse(String file, byte[] header) throws IOException {
    try {
      JsonNode json = JSON.readTree(header);
      if (json == null || !json.isObject()) {
        throw invalid(file, "its header is not a JSON object");
      }
      return json;
    } catch (JsonProcessingException e) {
      throw invalid(file, "its header is not JSON: " + e.getOriginalMessage());
    }
  }

  private static Map<String, String> metadata(String file, JsonNode header) {
    var metadata = new LinkedHashMap<String, String>();
    for (Map.Entry<String, JsonNode> entry : header.path(METADATA).properties()) {
      if (!entry.getValue().isTextual()) {
        throw invalid(file, "its metadata '%s' is not text".formatted(shorten(entry.getKey())));
      }
      metadata.put(entry.getKey(), entry.getValue().textValue());
    }
    return metadata;
  }

  private static Map<String, Tensor> tensors(String file, JsonNode header, long dataBytes) {
    if (header.size() > MAX_TENSORS) {
      throw invalid(
          file, "it has %d tensors, at most %d are read".formatted(header.size(), MAX_TENSORS));
    }
    var tensors = new ArrayList<Tensor>();
    for (Map.Entry<String, JsonNode> entry : header.properties()) {
      if (!entry.getKey().equals(METADATA)) {
        tensors.add(tensor(file, entry.getKey(), entry.getValue()));
      }
    }
    tensors.sort(Comparator.comparingLong(Tensor::begin).thenComparingLong(Tensor::end));
    long expected = 0;
    for (Tensor tensor : tensors) {
      if (tensor.begin() != expected) {
        throw invalid(
            file,
            "tensor %s begins at byte %d where %d was due: tensors overlap or leave a gap"
                .formatted(tensor.name(), tensor.begin(), expected));
      }
      expected = tensor.end();
      if (expected > dataBytes) {
        throw truncated(
            file,
            "tensor %s ends at byte %d of the data, which has only %d"
                .formatted(tensor.name(), expected, dataBytes));
      }
    }
    if (expected != dataBytes) {
      throw invalid(
          file, "it has %d bytes of data, its tensors only %d".formatted(dataBytes, expected));
    }
    var byName = new LinkedHashMap<String, Tensor>();
    tensors.forEach(tensor -> byName.put(tensor.name(), tensor));
    return byName;
  }

  private static Tensor tensor(String file, String name, JsonNode entry) {
    String shown = shorten(name);
    if (name.length() > MAX_NAME_LENGTH) {
      throw invalid(file, "the name of tensor %s is too long".formatted(shown));
    }
    String type = entry.path("dtype").asText("");
    Integer bits = BITS.get(type);
    if (bits == null) {
      throw invalid(file, "tensor %s has unknown type '%s'".formatted(shown, shorten(type)));
    }
    JsonNode shape = entry.path("shape");
    JsonNode offsets = entry.path("data_offsets");
    if (!shape.isArray() || shape.size() > MAX_DIMENSIONS || offsets.size() != 2) {
      throw invalid(
          file,
          "tensor %s needs a shape of at most %d sizes and two data_offsets"
              .formatted(shown, MAX_DIMENSIONS));
    }
    long bytes = bits / 8;
    var sizes = new ArrayList<Integer>();
    for (JsonNode size : shape) {
      if (!size.canConvertToInt() || !size.isIntegralNumber() || size.intValue() < 0) {
        throw invalid(file, "tensor %s has a size that is no count: %s".formatted(shown, size));
      }
      sizes.add(size.intValue());
      try {
        bytes = Math.multiplyExact(bytes, size.longValue());
      } catch (ArithmeticException e) {
        throw invalid(file, "tensor %s has an impossible shape %s".formatted(shown, shape));
      }
    }
    Long begin = offset(offsets.get(0));
    Long end = offset(offsets.get(1));
    if (begin == null || end == null || end < begin || end - begin != bytes) {
      throw invalid(
          file,
          "tensor %s of type %s and shape %s needs %d bytes, its data_offsets are %s"
              .formatted(shown, type, sizes, bytes, shorten(offsets.toString())));
    }
    return new Tensor(name, type, List.copyOf(sizes), begin, end);
  }

  private static @Nullable Long offset(JsonNode node) {
    boolean isOffset = node.isIntegralNumber() && node.canConvertToLong() && node.longValue() >= 0;
    return isOffset ? node.longValue() : null;
  }

  /** Names come from a file that need not be friendly: keep messages short and printable. */
  static String shorten(String text) {
    String head = text.length() > 100 ? text.substring(0, 100) + "..." : text;
    return head.replaceAll("\\p{Cntrl}", "?");
  }

  private static InvalidInputException invalid(String file, String what) {
    return InvalidInputException.invalid(
        "SAFETENSORS_INVALID",
        file,
        "%s is not a safetensors file: %s; copy or save it again".formatted(file, what));
  }

  private static InvalidInputException truncated(String file, String what) {
    return InvalidInputException.invalid(
        "SAFETENSORS_TRUNCATED", file, "%s is truncated: %s; copy it again".formatted(file, what));
  }

  private static void readFully(FileChannel from, ByteBuffer to, long position) throws IOException {
    while (to.hasRemaining()) {
      int n = from.read(to, position);
      if (n < 0) {
        throw new EOFException("the file ended at byte " + position);
      }
      position += n;
    }
  }

  private static void writeFully(FileChannel to, ByteBuffer from) throws IOException {
    while (from.hasRemaining()) {
      to.write(from);
    }
  }
}
