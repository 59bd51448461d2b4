package dev.watershed.classifier.data;

import static dev.watershed.input.InvalidInputException.invalid;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.zip.GZIPInputStream;

/**
 * The characters of a UTF-8 file, which may be compressed and may begin with a byte order mark.
 * Reading fails once the file or one row of it is too long, or where it is not UTF-8.
 */
final class TextFile extends Reader {
  private static final int BYTE_ORDER_MARK = 0xFEFF;

  private final Reader characters;
  private final DataLimits limits;
  private final ReadingBounds bounds;
  private long rowCharacters;
  private boolean begun;

  private TextFile(Reader characters, ReadingBounds bounds) {
    this.characters = characters;
    this.bounds = bounds;
    this.limits = bounds.limits();
  }

  static TextFile open(Path file, ReadingBounds bounds) throws IOException {
    DataLimits limits = bounds.limits();
    if (!Files.isRegularFile(file)) {
      throw invalid("FILE_NOT_REGULAR", "uri", "'%s' is no file".formatted(file.getFileName()));
    }
    InputStream bytes = Files.newInputStream(file);
    try {
      if (file.toString().endsWith(".gz")) {
        bytes = new GZIPInputStream(bytes, 1 << 16);
      }
      var decoder =
          StandardCharsets.UTF_8
              .newDecoder()
              .onMalformedInput(CodingErrorAction.REPORT)
              .onUnmappableCharacter(CodingErrorAction.REPORT);
      InputStream bounded = new BoundedBytes(bytes, limits.fileBytes());
      return new TextFile(new InputStreamReader(bounded, decoder), bounds);
    } catch (IOException | RuntimeException e) {
      bytes.close();
      throw e;
    }
  }

  /** Says that what is read from here on belongs to another row. */
  void startRow() {
    rowCharacters = 0;
  }

  @Override
  public int read(char[] buffer, int offset, int length) throws IOException {
    bounds.requireWanted();
    int count = characters.read(buffer, offset, length);
    if (!begun && count > 0) {
      begun = true;
      if (buffer[offset] == BYTE_ORDER_MARK) {
        System.arraycopy(buffer, offset + 1, buffer, offset, count - 1);
        return count == 1 ? read(buffer, offset, length) : count - 1;
      }
    }
    rowCharacters += Math.max(0, count);
    if (rowCharacters - length > limits.rowCharacters()) {
      throw invalid(
          "ROW_TOO_LONG",
          "uri",
          String.format(
              Locale.ROOT,
              "a row is longer than %d characters; is the format or the quoting another one?",
              limits.rowCharacters()));
    }
    return count;
  }

  @Override
  public void close() throws IOException {
    characters.close();
  }

  private static final class BoundedBytes extends FilterInputStream {
    private final long limit;
    private long count;

    BoundedBytes(InputStream in, long limit) {
      super(in);
      this.limit = limit;
    }

    @Override
    public int read() throws IOException {
      int value = super.read();
      add(value < 0 ? 0 : 1);
      return value;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
      int read = super.read(buffer, offset, length);
      add(Math.max(0, read));
      return read;
    }

    private void add(int read) {
      count += read;
      if (count > limit) {
        throw invalid(
            "FILE_TOO_LARGE",
            "uri",
            String.format(
                Locale.ROOT,
                "the file is longer than %d bytes uncompressed (watershed.data.max-file-bytes); split it, or raise it",
                limit));
      }
    }
  }
}
