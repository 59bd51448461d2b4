package dev.watershed.cli.parquet;

import static dev.watershed.input.InvalidInputException.invalid;

import dev.hardwood.InputFile;
import dev.hardwood.metadata.ColumnChunk;
import dev.hardwood.metadata.RowGroup;
import dev.hardwood.reader.ParquetFileReader;
import dev.hardwood.reader.RowReader;
import dev.hardwood.schema.ColumnProjection;
import dev.hardwood.schema.SchemaNode;
import dev.watershed.input.InvalidInputException;
import dev.watershed.input.Quoted;
import dev.watershed.input.ThriftShape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * The rows of a <a href="https://parquet.apache.org/docs/file-format/">Parquet</a> file held in
 * memory. What pages, rows and names would take is bounded before anything is decoded.
 */
public final class ParquetTable implements AutoCloseable {
  private static final byte[] MAGIC = "PAR1".getBytes(StandardCharsets.US_ASCII);
  // "PAR1", then at the end the footer, its length and "PAR1" again.
  private static final int TAIL_BYTES = 8;
  private static final int MAX_FOOTER_BYTES = 16 << 20;
  private static final int MAX_COLUMNS = 10_000;

  /** Ten times what 100 alphas of a curve with 4,000 examples have. */
  private static final int MAX_ROWS = 4_000_000;

  // What the library decompresses with is no news. Logging begins here, not in its many threads.
  private static final Logger LIBRARY = Logger.getLogger("dev.hardwood");

  static {
    LIBRARY.setLevel(Level.WARNING);
    System.getLogger(LIBRARY.getName());
  }

  private final ByteBuffer bytes;
  private final ParquetFileReader file;

  private ParquetTable(ByteBuffer bytes, ParquetFileReader file) {
    this.bytes = bytes;
    this.file = file;
  }

  /** Whether bytes begin as a Parquet file does. */
  public static boolean isParquet(byte[] bytes) {
    return bytes.length >= MAGIC.length && ByteBuffer.wrap(bytes, 0, 4).equals(magic());
  }

  /**
   * Reads the footer.
   *
   * @throws InvalidInputException if there is none that can be used, or it says more rows or
   *     columns than are read
   */
  public static ParquetTable open(byte[] file) {
    ByteBuffer bytes = ByteBuffer.wrap(file);
    requireFooter(bytes);
    try {
      ParquetTable table =
          new ParquetTable(bytes, ParquetFileReader.open(InputFile.of(bytes.duplicate())));
      try {
        table.requireBounded();
        return table;
      } catch (RuntimeException e) {
        table.close();
        throw e;
      }
    } catch (InvalidInputException e) {
      throw e;
    } catch (IOException | RuntimeException e) {
      throw unusable("its footer cannot be decoded");
    }
  }

  /** The names of the columns; a list or structure has one. */
  public List<String> columns() {
    return file.getFileSchema().getRootNode().children().stream()
        .map(node -> Objects.requireNonNullElse(node.name(), ""))
        .toList();
  }

  /**
   * Reads some columns, row by row.
   *
   * @param columns present in the file
   * @param rows takes each row's values, numbers or text, in the order of {@code columns}; the
   *     array is used again
   * @throws InvalidInputException for what is neither number nor text, what is absent, and pages
   *     that cannot be decoded
   */
  public void read(List<String> columns, Consumer<Object[]> rows) {
    Object[] values = new Object[columns.size()];
    try (RowReader reader = decoded(() -> reader(columns))) {
      for (long row = 1; row <= file.getFileMetaData().numRows(); row++) {
        long number = row;
        rows.accept(decoded(() -> next(reader, columns, values, number)));
      }
    }
  }

  /** The library tells what it cannot decode by exceptions of many kinds. */
  private static <T> T decoded(Supplier<T> part) {
    try {
      return part.get();
    } catch (InvalidInputException e) {
      throw e;
    } catch (RuntimeException e) {
      throw unusable("what lies in its columns cannot be decoded");
    }
  }

  private RowReader reader(List<String> columns) {
    columns.forEach(this::requirePlain);
    requirePages(columns);
    return file.buildRowReader()
        .projection(ColumnProjection.columns(columns.toArray(String[]::new)))
        .build();
  }

  private static Object[] next(RowReader reader, List<String> columns, Object[] values, long row) {
    reader.next();
    for (int i = 0; i < values.length; i++) {
      values[i] = value(reader.getValue(columns.get(i)), columns.get(i), row);
    }
    return values;
  }

  private static Object value(@Nullable Object value, String column, long row) {
    if (value instanceof Number || value instanceof String) {
      return value;
    }
    if (value instanceof byte[] text) {
      return new String(text, StandardCharsets.UTF_8);
    }
    throw invalid(
        "PARQUET_INVALID",
        "",
        "row "
            + row
            + ", column '"
            + Quoted.of(column)
            + "': "
            + (value == null ? "there is nothing" : "a number or text is wanted"));
  }

  private void requirePlain(String column) {
    if (!(file.getFileSchema().getField(column) instanceof SchemaNode.PrimitiveNode node)
        || node.maxRepetitionLevel() > 0) {
      throw invalid(
          "COLUMN_TYPE_UNSUPPORTED",
          "",
          "column '" + Quoted.of(column) + "' holds lists or structures, not one value a row");
    }
  }

  private void requirePages(List<String> columns) {
    ParquetPages pages = new ParquetPages(bytes);
    for (RowGroup group : file.getFileMetaData().rowGroups()) {
      for (ColumnChunk chunk : group.columns()) {
        String name = chunk.metaData().pathInSchema().topLevelName();
        if (columns.contains(name)) {
          pages.require(name, chunk, group.numRows());
        }
      }
    }
  }

  private void requireBounded() {
    if (columns().size() > MAX_COLUMNS) {
      throw invalid(
          "TOO_MANY_COLUMNS",
          "",
          "the table has " + columns().size() + " columns, at most " + MAX_COLUMNS + " are read");
    }
    long rows = 0;
    for (RowGroup group : file.getFileMetaData().rowGroups()) {
      if (group.numRows() < 0) {
        throw unusable("a row group has " + group.numRows() + " rows");
      }
      rows = Math.min(rows, MAX_ROWS) + Math.min(group.numRows(), MAX_ROWS + 1L);
    }
    if (rows <= MAX_ROWS && rows != file.getFileMetaData().numRows()) {
      throw unusable("its row groups do not have the rows that it says");
    }
    if (rows > MAX_ROWS) {
      throw invalid(
          "TOO_MANY_ROWS",
          "",
          "the table has more than "
              + MAX_ROWS
              + " rows; give the losses of fewer examples, or a curve of means (alpha, loss)");
    }
  }

  private static void requireFooter(ByteBuffer bytes) {
    int end = bytes.limit() - TAIL_BYTES;
    if (end < MAGIC.length || !bytes.slice(bytes.limit() - 4, 4).equals(magic())) {
      throw unusable("it does not end as one; is it complete, and not encrypted?");
    }
    int length = bytes.slice(end, 4).order(ByteOrder.LITTLE_ENDIAN).getInt();
    if (length < 0 || length > Math.min(MAX_FOOTER_BYTES, end - MAGIC.length)) {
      throw unusable("its footer cannot have " + length + " bytes");
    }
    if (!ThriftShape.isSane(bytes.slice(end - length, length))) {
      throw unusable("its footer is broken or nests too deep");
    }
  }

  private static ByteBuffer magic() {
    return ByteBuffer.wrap(MAGIC);
  }

  static InvalidInputException unusable(String problem) {
    return invalid("PARQUET_INVALID", "", "standard input is no usable Parquet file: " + problem);
  }

  @Override
  public void close() {
    try {
      file.close();
    } catch (IOException e) {
      throw new IllegalStateException("bytes in memory cannot be let go", e);
    }
  }
}
