package dev.watershed.classifier.checkpoint;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.watershed.input.InvalidInputException;
import dev.watershed.input.Quoted;
import dev.watershed.input.UntrustedJson;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Files of named tensors in the safetensors format: an unsigned 64-bit little-endian header length,
 * a JSON header, then the tensors' bytes without gaps. Nothing of the header is believed before it
 * is checked against the file.
 */
public final class Safetensors implements AutoCloseable {
  /** A model of 250 layers needs half a megabyte. */
  private static final int MAX_HEADER_BYTES = 1 << 23;

  private static final int MAX_TENSORS = 20_000;
  private static final int MAX_DIMENSIONS = 8;
  private static final int BLOCK_BYTES = 1 << 20;
  private static final String METADATA = "__metadata__";
  private static final ObjectMapper JSON = new ObjectMapper();
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
        throw truncated(file, "it has " + size + " bytes, not even a header length");
      }
      ByteBuffer length = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
      readFully(channel, length, 0);
      long headerBytes = length.getLong(0);
      if (headerBytes < 2 || headerBytes > MAX_HEADER_BYTES) {
        throw invalid(
            file,
            String.format(
                Locale.ROOT,
                "the header length is %s bytes, it must be 2 to %d",
                Long.toUnsignedString(headerBytes),
                MAX_HEADER_BYTES));
      }
      if (headerBytes > size - Long.BYTES) {
        throw truncated(
            file,
            String.format(
                Locale.ROOT, "its header has %d bytes, the file only %d", headerBytes, size));
      }
      ByteBuffer header = ByteBuffer.allocate((int) headerBytes);
      readFully(channel, header, Long.BYTES);
      long dataStart = Long.BYTES + headerBytes;
      Header read = Header.read(file, header.array());
      return new Safetensors(
          file,
          channel,
          dataStart,
          inOrder(file, read.tensors, size - dataStart),
          Map.copyOf(read.metadata));
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
    read(tensor, 0, to);
  }

  /**
   * Reads some of a tensor.
   *
   * @param first the first element that is read
   * @param to as many floats as are read, little-endian
   */
  void read(Tensor tensor, long first, ByteBuffer to) throws IOException {
    if (!tensor.isFloat()) {
      throw InvalidInputException.invalid(
          "TENSOR_TYPE",
          Quoted.of(tensor.name()),
          "tensor %s of %s has type %s; save it as F32, F16 or BF16"
              .formatted(Quoted.of(tensor.name()), file, tensor.type()));
    }
    ByteBuffer bytes = to.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    if (tensor.type().equals("F32")) {
      readFully(channel, bytes, dataStart + tensor.begin() + first * Float.BYTES);
    } else {
      readHalf(tensor, first, bytes.asFloatBuffer());
    }
    requireFinite(tensor, first, to.duplicate().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer());
  }

  private void readHalf(Tensor tensor, long first, FloatBuffer to) throws IOException {
    boolean brain = tensor.type().equals("BF16");
    ByteBuffer block = ByteBuffer.allocate(BLOCK_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    long at = dataStart + tensor.begin() + first * Short.BYTES;
    while (to.hasRemaining()) {
      block.clear().limit((int) Math.min(BLOCK_BYTES, to.remaining() * (long) Short.BYTES));
      readFully(channel, block, at);
      at += block.flip().remaining();
      while (block.hasRemaining()) {
        short half = block.getShort();
        to.put(brain ? Float.intBitsToFloat(half << 16) : Float.float16ToFloat(half));
      }
    }
  }

  private void requireFinite(Tensor tensor, long first, FloatBuffer values) {
    int n = values.remaining();
    for (int i = 0; i < n; i++) {
      if (!Float.isFinite(values.get(i))) {
        throw InvalidInputException.invalid(
            "TENSOR_NOT_FINITE",
            Quoted.of(tensor.name()),
            String.format(
                Locale.ROOT,
                "tensor %s of %s holds %s at element %d; these weights cannot be used",
                Quoted.of(tensor.name()),
                file,
                values.get(i),
                first + i));
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
    write(file, metadata, contents, bytes -> {});
  }

  /** Writes the same, and returns the digest of what it wrote. */
  static Digest writeDigested(Path file, Map<String, String> metadata, List<Content> contents)
      throws IOException {
    var sha256 = Digest.newSha256();
    write(file, metadata, contents, sha256::update);
    return new Digest(HexFormat.of().formatHex(sha256.digest()), Files.size(file));
  }

  /**
   * @param seen is given all bytes in their order, to read
   */
  private static void write(
      Path file, Map<String, String> metadata, List<Content> contents, Consumer<ByteBuffer> seen)
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
      start.flip();
      seen.accept(start.duplicate());
      writeFully(out, start);
      for (Content content : contents) {
        seen.accept(content.bytes().duplicate());
        writeFully(out, content.bytes().duplicate());
      }
      out.force(true);
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }

  /** What a header says, read token by token: a file may list more than is wanted in memory. */
  private static final class Header {
    private final String file;
    private final List<Tensor> tensors = new ArrayList<>();
    private final Map<String, String> metadata = new LinkedHashMap<>();

    private Header(String file) {
      this.file = file;
    }

    static Header read(String file, byte[] json) {
      var header = new Header(file);
      return UntrustedJson.stream(
          json,
          parser -> {
            header.readObject(parser);
            return header;
          },
          what -> invalid(file, "its header cannot be read: " + what));
    }

    private void readObject(JsonParser parser) throws IOException {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw invalid(file, "its header is not a JSON object");
      }
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String name = parser.currentName();
        parser.nextToken();
        if (name.equals(METADATA)) {
          readMetadata(parser);
        } else if (tensors.size() == MAX_TENSORS) {
          throw invalid(
              file,
              String.format(
                  Locale.ROOT, "it has more than the %d tensors that are read", MAX_TENSORS));
        } else {
          tensors.add(readTensor(name, parser));
        }
      }
    }

    private void readMetadata(JsonParser parser) throws IOException {
      if (parser.currentToken() != JsonToken.START_OBJECT) {
        throw invalid(file, "its metadata is not a JSON object");
      }
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String key = parser.currentName();
        if (parser.nextToken() != JsonToken.VALUE_STRING) {
          throw invalid(file, "its metadata '" + Quoted.of(key) + "' is not text");
        }
        metadata.put(key, parser.getText());
      }
    }

    private Tensor readTensor(String name, JsonParser parser) throws IOException {
      String shown = Quoted.of(name);
      if (parser.currentToken() != JsonToken.START_OBJECT) {
        throw invalid(file, "tensor " + shown + " is not described by a JSON object");
      }
      String type = "";
      List<Long> shape = null;
      List<Long> offsets = null;
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String key = parser.currentName();
        JsonToken value = parser.nextToken();
        switch (key) {
          case "dtype" -> type = value == JsonToken.VALUE_STRING ? parser.getText() : "";
          case "shape" -> shape = readCounts(shown, key, MAX_DIMENSIONS, parser);
          case "data_offsets" -> offsets = readCounts(shown, key, 2, parser);
          default -> parser.skipChildren();
        }
      }
      Integer bits = BITS.get(type);
      if (bits == null) {
        throw invalid(file, "tensor " + shown + " has unknown type '" + Quoted.of(type) + "'");
      }
      if (shape == null || offsets == null || offsets.size() != 2) {
        throw invalid(
            file,
            String.format(
                Locale.ROOT,
                "tensor %s needs a shape of at most %d sizes and two data_offsets",
                shown,
                MAX_DIMENSIONS));
      }
      return tensor(name, type, bits / 8, shape, offsets.get(0), offsets.get(1));
    }

    private List<Long> readCounts(String tensor, String key, int most, JsonParser parser)
        throws IOException {
      var counts = new ArrayList<Long>();
      if (parser.currentToken() != JsonToken.START_ARRAY) {
        throw invalid(file, "tensor " + tensor + " needs a list of counts as its " + key);
      }
      while (parser.nextToken() != JsonToken.END_ARRAY) {
        boolean isCount =
            parser.currentToken() == JsonToken.VALUE_NUMBER_INT
                && parser.getNumberType() != JsonParser.NumberType.BIG_INTEGER
                && parser.getLongValue() >= 0;
        if (!isCount) {
          String found = parser.currentToken() == null ? "" : Quoted.of(parser.getText());
          throw invalid(
              file, "tensor " + tensor + " has in its " + key + " what is no count: " + found);
        }
        if (counts.size() == most) {
          throw invalid(
              file,
              String.format(
                  Locale.ROOT,
                  "tensor %s has a longer %s than is read, at most %d",
                  tensor,
                  key,
                  most));
        }
        counts.add(parser.getLongValue());
      }
      return counts;
    }

    private Tensor tensor(
        String name, String type, long elementBytes, List<Long> shape, long begin, long end) {
      long bytes = elementBytes;
      var sizes = new ArrayList<Integer>();
      for (long size : shape) {
        if (size > Integer.MAX_VALUE) {
          throw invalid(
              file, "tensor " + Quoted.of(name) + " has in its shape what is no count: " + size);
        }
        sizes.add((int) size);
        try {
          bytes = Math.multiplyExact(bytes, size);
        } catch (ArithmeticException e) {
          throw invalid(file, "tensor " + Quoted.of(name) + " has an impossible shape " + shape);
        }
      }
      if (end < begin || end - begin != bytes) {
        throw invalid(
            file,
            String.format(
                Locale.ROOT,
                "tensor %s of type %s and shape %s needs %d bytes, its data_offsets are %d and %d",
                Quoted.of(name),
                type,
                sizes,
                bytes,
                begin,
                end));
      }
      return new Tensor(name, type, List.copyOf(sizes), begin, end);
    }
  }

  private static Map<String, Tensor> inOrder(String file, List<Tensor> tensors, long dataBytes) {
    tensors.sort(Comparator.comparingLong(Tensor::begin).thenComparingLong(Tensor::end));
    long expected = 0;
    for (Tensor tensor : tensors) {
      if (tensor.begin() != expected) {
        throw invalid(
            file,
            String.format(
                Locale.ROOT,
                "tensor %s begins at byte %d where %d was due: tensors overlap or leave a gap",
                Quoted.of(tensor.name()),
                tensor.begin(),
                expected));
      }
      expected = tensor.end();
      if (expected > dataBytes) {
        throw truncated(
            file,
            String.format(
                Locale.ROOT,
                "tensor %s ends at byte %d of the data, which has only %d",
                Quoted.of(tensor.name()),
                expected,
                dataBytes));
      }
    }
    if (expected != dataBytes) {
      throw invalid(
          file,
          String.format(
              Locale.ROOT, "it has %d bytes of data, its tensors only %d", dataBytes, expected));
    }
    var byName = new LinkedHashMap<String, Tensor>();
    tensors.forEach(tensor -> byName.put(tensor.name(), tensor));
    return byName;
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
