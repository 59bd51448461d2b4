package dev.watershed.cli.parquet;

import static dev.watershed.input.InvalidInputException.invalid;

import com.github.luben.zstd.util.Native;
import dev.hardwood.metadata.ColumnChunk;
import dev.hardwood.metadata.CompressionCodec;
import dev.hardwood.metadata.PhysicalType;
import dev.watershed.input.InvalidInputException;
import dev.watershed.input.Quoted;
import dev.watershed.input.ThriftShape;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.xerial.snappy.Snappy;
import org.xerial.snappy.SnappyError;

/**
 * Looks at the headers of all pages of some columns. The library reserves what a header claims, and
 * gives Snappy's native code a buffer of that size without asking how long the content says it is.
 */
final class ParquetPages {
  private static final long MAX_BYTES = 256L << 20;
  // Each row may name an entry, so that the entries' length is a row's.
  private static final long MAX_TEXT_DICTIONARY_BYTES = 1 << 20;

  // Fields of the format's PageHeader, and of the headers in it.
  private static final int TYPE = 1;
  private static final int UNCOMPRESSED_SIZE = 2;
  private static final int COMPRESSED_SIZE = 3;
  private static final int DATA_HEADER = 5;
  private static final int DICTIONARY_HEADER = 7;
  private static final int DATA_HEADER_V2 = 8;
  private static final int VALUES = 1;
  private static final int ENCODING = 2;
  private static final int ENCODING_V2 = 4;
  private static final int DEFINITION_BYTES = 5;
  private static final int REPETITION_BYTES = 6;
  private static final int IS_COMPRESSED = 7;
  private static final int DATA_PAGE = 0;
  private static final int INDEX_PAGE = 1;
  private static final int DICTIONARY_PAGE = 2;
  private static final int DATA_PAGE_V2 = 3;
  private static final int DELTA_BYTE_ARRAY = 7;

  private final ByteBuffer file;
  private long uncompressed;

  ParquetPages(ByteBuffer file) {
    this.file = file;
  }

  /**
   * Requires that a column's part of a row group can be decoded within bounds.
   *
   * @throws InvalidInputException naming the codec, the size or what is broken
   */
  void require(String column, ColumnChunk chunk, long rows) {
    requireCodec(chunk.metaData().codec());
    long start = chunk.chunkStartOffset();
    long length = chunk.metaData().totalCompressedSize();
    if (start < 0 || length < 0 || start > file.limit() - length) {
      throw broken(column, "ends behind the file");
    }
    int end = (int) (start + length);
    long values = 0;
    Map<Long, Integer> pages = new HashMap<>();
    for (int at = (int) start; at < end; ) {
      Header header = new Header();
      ByteBuffer bytes = file.slice(at, end - at);
      if (!ThriftShape.isSane(bytes, header) || header.of(0, COMPRESSED_SIZE) > bytes.remaining()) {
        throw broken(column, "has a page that is cut off or without a header");
      }
      header.require(column, rows);
      int head = bytes.position();
      int size = head + (int) header.of(0, COMPRESSED_SIZE);
      requireBounded(column, chunk, header, bytes.slice(head, size - head));
      values += header.isData() ? header.values() : 0;
      pages.put((long) at, size);
      at += size;
    }
    if (values != rows || values != chunk.metaData().numValues()) {
      throw broken(column, "has " + values + " values where there are " + rows + " rows");
    }
    requireIndex(column, chunk, pages);
  }

  private void requireBounded(String column, ColumnChunk chunk, Header header, ByteBuffer content) {
    long size = header.of(0, UNCOMPRESSED_SIZE);
    uncompressed += size;
    if (uncompressed > MAX_BYTES) {
      throw invalid(
          "FILE_TOO_LARGE",
          "",
          "the columns are longer than "
              + MAX_BYTES
              + " bytes uncompressed; give fewer examples, and name them by numbers");
    }
    boolean text =
        chunk.metaData().type() == PhysicalType.BYTE_ARRAY
            || chunk.metaData().type() == PhysicalType.FIXED_LEN_BYTE_ARRAY;
    if (text && header.is(DICTIONARY_PAGE) && size > MAX_TEXT_DICTIONARY_BYTES) {
      throw invalid(
          "PAGE_TOO_LARGE",
          "",
          "column '"
              + Quoted.of(column)
              + "' has a dictionary of "
              + size
              + " bytes, at most "
              + MAX_TEXT_DICTIONARY_BYTES
              + " are read; name examples by numbers, or write the file without dictionaries");
    }
    if (text && header.encoding() == DELTA_BYTE_ARRAY) {
      throw invalid(
          "COLUMN_TYPE_UNSUPPORTED",
          "",
          "column '"
              + Quoted.of(column)
              + "' is written as differences of texts (DELTA_BYTE_ARRAY); name examples by"
              + " numbers, or write the file without that encoding");
    }
    if (chunk.metaData().codec() == CompressionCodec.SNAPPY && header.isCompressed()) {
      int levels = (int) header.levels();
      if (levels > content.remaining() || snappyLength(content.position(levels)) != size - levels) {
        throw broken(column, "has a page that is not of the " + size + " bytes that it says");
      }
    }
  }

  /** The pages may be read by where an index says they are, so that it must name those seen. */
  private void requireIndex(String column, ColumnChunk chunk, Map<Long, Integer> pages) {
    Long at = chunk.offsetIndexOffset();
    Integer length = chunk.offsetIndexLength();
    if (at == null) {
      return;
    }
    Set<Long> offsets = new HashSet<>();
    int[] mismatches = {length == null || at < 0 || length < 0 ? 1 : 0};
    long[] offset = {-1};
    if (mismatches[0] > 0
        || at > file.limit() - length
        || !ThriftShape.isSane(
            file.slice(at.intValue(), length),
            (parent, field, value) -> {
              if (parent == 1 && field == 1) {
                offset[0] = value;
                mismatches[0] += offsets.add(value) ? 0 : 1;
              } else if (parent == 1 && field == 2) {
                mismatches[0] += Long.valueOf(value).equals(size(pages, offset[0])) ? 0 : 1;
              }
            })
        || mismatches[0] > 0) {
      throw broken(column, "has an index that names other pages than there are");
    }
  }

  private static Long size(Map<Long, Integer> pages, long offset) {
    Integer size = pages.get(offset);
    return size == null ? -1L : Long.valueOf(size);
  }

  /** What a block of Snappy says at its beginning, a varint of at most five bytes. */
  private static long snappyLength(ByteBuffer block) {
    long value = 0;
    for (int shift = 0; shift < Integer.SIZE && block.hasRemaining(); shift += 7) {
      byte next = block.get();
      value |= (long) (next & 0x7F) << shift;
      if (next >= 0) {
        return value;
      }
    }
    return -1;
  }

  private static void requireCodec(CompressionCodec codec) {
    try {
      switch (codec) {
        case UNCOMPRESSED, GZIP -> {
          // Java's own.
        }
        case SNAPPY -> Snappy.getNativeLibraryVersion();
        case ZSTD -> Native.load();
        default ->
            throw invalid(
                "PARQUET_CODEC_UNSUPPORTED",
                "",
                "the file is compressed by "
                    + codec
                    + "; write it anew uncompressed or with snappy, gzip or zstd");
      }
    } catch (LinkageError | SnappyError e) {
      throw invalid(
          "PARQUET_CODEC_UNSUPPORTED",
          "",
          "the file is compressed by "
              + codec
              + ", whose library cannot be loaded here ("
              + System.getProperty("os.name")
              + ", "
              + System.getProperty("os.arch")
              + ", from "
              + System.getProperty("java.io.tmpdir")
              + "); write it anew uncompressed or with gzip");
    }
  }

  private static InvalidInputException broken(String column, String problem) {
    return ParquetTable.unusable("column '" + Quoted.of(column) + "' " + problem);
  }

  /** The numbers of a page's header by where they stand. */
  private static final class Header implements ThriftShape.Numbers {
    private final Map<Integer, Long> numbers = new HashMap<>();

    @Override
    public void number(int parent, int field, long value) {
      numbers.put(key(parent, field), value);
    }

    private static int key(int parent, int field) {
      return (parent << 16) | (field & 0xFFFF);
    }

    long of(int parent, int field) {
      return numbers.getOrDefault(key(parent, field), 0L);
    }

    void require(String column, long rows) {
      long type = of(0, TYPE);
      boolean sane = type >= DATA_PAGE && type <= DATA_PAGE_V2 && type != INDEX_PAGE;
      for (int parent : new int[] {DATA_HEADER, DICTIONARY_HEADER, DATA_HEADER_V2}) {
        sane &= of(parent, VALUES) >= 0 && of(parent, VALUES) <= rows;
      }
      for (long size :
          new long[] {
            of(0, UNCOMPRESSED_SIZE),
            of(0, COMPRESSED_SIZE),
            of(DATA_HEADER_V2, DEFINITION_BYTES),
            of(DATA_HEADER_V2, REPETITION_BYTES)
          }) {
        sane &= size >= 0 && size <= Integer.MAX_VALUE;
      }
      if (!sane) {
        throw broken(column, "has a page with a size or count that cannot be");
      }
    }

    boolean is(int type) {
      return of(0, TYPE) == type;
    }

    boolean isData() {
      return !is(DICTIONARY_PAGE);
    }

    long values() {
      return of(is(DATA_PAGE_V2) ? DATA_HEADER_V2 : DATA_HEADER, VALUES);
    }

    long encoding() {
      return is(DATA_PAGE_V2) ? of(DATA_HEADER_V2, ENCODING_V2) : of(DATA_HEADER, ENCODING);
    }

    /** The bytes in front of a page's values that are never compressed. */
    long levels() {
      return is(DATA_PAGE_V2)
          ? of(DATA_HEADER_V2, DEFINITION_BYTES) + of(DATA_HEADER_V2, REPETITION_BYTES)
          : 0;
    }

    boolean isCompressed() {
      return !is(DATA_PAGE_V2) || numbers.getOrDefault(key(DATA_HEADER_V2, IS_COMPRESSED), 1L) == 1;
    }
  }
}
