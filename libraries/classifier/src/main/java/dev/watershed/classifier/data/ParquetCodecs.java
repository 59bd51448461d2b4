package dev.watershed.classifier.data;

import static dev.watershed.input.InvalidInputException.invalid;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.Locale;
import java.util.zip.GZIPInputStream;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.compression.CompressionCodecFactory;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.xerial.snappy.Snappy;

/**
 * Decompresses the pages of one Parquet file, to no more bytes in all than a file may have. A page
 * that is not as long as it says is refused before anything is written behind its end.
 */
final class ParquetCodecs implements CompressionCodecFactory {
  private static final Logger LOG = LoggerFactory.getLogger(ParquetCodecs.class);
  private static final int MAX_PAGE_BYTES = 128 << 20;

  private final long maximumBytes;
  private long bytes;

  ParquetCodecs(long maximumBytes) {
    this.maximumBytes = maximumBytes;
  }

  @Override
  public BytesInputDecompressor getDecompressor(CompressionCodecName codec) {
    return switch (codec) {
      case UNCOMPRESSED, SNAPPY, GZIP, ZSTD -> new Decompressor(codec);
      default ->
          throw invalid(
              "PARQUET_CODEC_UNSUPPORTED",
              "uri",
              "the file is compressed by %s; write it anew uncompressed or with snappy, gzip or zstd"
                  .formatted(codec));
    };
  }

  @Override
  public BytesInputCompressor getCompressor(CompressionCodecName codec) {
    throw new UnsupportedOperationException("Parquet files are only read");
  }

  @Override
  public void release() {}

  private void count(int size) {
    if (size > MAX_PAGE_BYTES) {
      throw invalid(
          "PAGE_TOO_LARGE",
          "uri",
          String.format(
              Locale.ROOT,
              "a page has %d bytes uncompressed, at most %d are read at a time; write the file with smaller pages",
              size,
              MAX_PAGE_BYTES));
    }
    if (size < 0 || size > maximumBytes - bytes) {
      throw invalid(
          "FILE_TOO_LARGE",
          "uri",
          String.format(
              Locale.ROOT,
              "the file is longer than %d bytes uncompressed (watershed.data.max-file-bytes); split it, or raise it",
              maximumBytes));
    }
    bytes += size;
  }

  private static byte[] decompress(CompressionCodecName codec, byte[] compressed, int size) {
    byte[] page = new byte[size];
    long length;
    try {
      switch (codec) {
        case SNAPPY -> {
          length = Snappy.uncompressedLength(compressed);
          if (length == size) {
            Snappy.uncompress(compressed, 0, compressed.length, page, 0);
          }
        }
        case ZSTD ->
            length = Zstd.decompressByteArray(page, 0, size, compressed, 0, compressed.length);
        default -> {
          try (InputStream gzip = new GZIPInputStream(new ByteArrayInputStream(compressed))) {
            length = gzip.readNBytes(page, 0, size);
            length += gzip.read() < 0 ? 0 : 1;
          }
        }
      }
    } catch (IOException | ZstdException e) {
      LOG.info("A page of {} cannot be decompressed: {}", codec, e.toString());
      throw ParquetRows.damaged("a page is not what %s compresses to".formatted(codec));
    }
    if (length != size) {
      throw ParquetRows.damaged(
          String.format(Locale.ROOT, "a page is not of the %d bytes that it says", size));
    }
    return page;
  }

  private final class Decompressor implements BytesInputDecompressor {
    private final CompressionCodecName codec;

    Decompressor(CompressionCodecName codec) {
      this.codec = codec;
    }

    @Override
    public BytesInput decompress(BytesInput page, int size) throws IOException {
      count(size);
      return codec == CompressionCodecName.UNCOMPRESSED
          ? page
          : BytesInput.from(ParquetCodecs.decompress(codec, page.toByteArray(), size));
    }

    @Override
    public void decompress(
        ByteBuffer input, int compressedSize, ByteBuffer output, int decompressedSize) {
      count(decompressedSize);
      byte[] compressed = new byte[compressedSize];
      input.get(compressed);
      output.put(
          codec == CompressionCodecName.UNCOMPRESSED
              ? compressed
              : ParquetCodecs.decompress(codec, compressed, decompressedSize));
    }

    @Override
    public void release() {}
  }
}
