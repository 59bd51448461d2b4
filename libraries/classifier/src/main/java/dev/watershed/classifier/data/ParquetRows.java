package dev.watershed.classifier.data;

import static dev.watershed.input.InvalidInputException.invalid;

import com.fasterxml.jackson.databind.JsonNode;
import dev.watershed.input.InvalidInputException;
import dev.watershed.input.Quoted;
import dev.watershed.input.ThriftShape;
import dev.watershed.input.UntrustedJson;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CancellationException;
import org.apache.parquet.ParquetReadOptions;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.example.data.simple.convert.GroupRecordConverter;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.metadata.BlockMetaData;
import org.apache.parquet.hadoop.metadata.ColumnChunkMetaData;
import org.apache.parquet.io.ColumnIOFactory;
import org.apache.parquet.io.LocalInputFile;
import org.apache.parquet.io.RecordReader;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The rows of a Parquet file (<a href="https://parquet.apache.org/docs/file-format/">format</a>),
 * of whose columns only those asked for are read. Names of integer labels are taken from where
 * Hugging Face's {@code datasets} writes them: as JSON under the key {@code huggingface}.
 */
final class ParquetRows implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ParquetRows.class);
  private static final int MAX_FOOTER_BYTES = 64 << 20;
  private static final int MAX_COLUMNS = 10_000;
  private static final long MAX_GROUP_BYTES = 256L << 20;
  // "PAR1", then at the end the footer, its length and "PAR1" again.
  private static final int TAIL_BYTES = 8;

  private final ParquetFileReader file;
  private final long fileBytes;
  private final DataLimits limits;
  private final ReadingBounds bounds;
  private final MessageType schema;

  private ParquetRows(ParquetFileReader file, long fileBytes, ReadingBounds bounds) {
    this.file = file;
    this.fileBytes = fileBytes;
    this.bounds = bounds;
    this.limits = bounds.limits();
    this.schema = file.getFileMetaData().getSchema();
  }

  /**
   * Opens a file and reads its footer.
   *
   * @throws InvalidInputException PARQUET_INVALID if it has none, TOO_MANY_ROWS
   */
  static ParquetRows open(Path path, ReadingBounds bounds) throws IOException {
    DataLimits limits = bounds.limits();
    if (!Files.isRegularFile(path)) {
      throw invalid("FILE_NOT_REGULAR", "uri", "'%s' is no file".formatted(path.getFileName()));
    }
    long fileBytes = Files.size(path);
    requireFooter(path, fileBytes, limits);
    ParquetReadOptions options =
        ParquetReadOptions.builder(new PlainParquetConfiguration())
            .withCodecFactory(new ParquetCodecs(limits.fileBytes()))
            .usePageChecksumVerification()
            .build();
    ParquetRows rows;
    try {
      rows =
          new ParquetRows(
              ParquetFileReader.open(new LocalInputFile(path), options), fileBytes, bounds);
    } catch (FileSystemException e) {
      throw e;
    } catch (IOException | RuntimeException e) {
      throw damaged(e, "its footer");
    }
    try {
      rows.requireBounded();
      return rows;
    } catch (RuntimeException e) {
      rows.close();
      throw e;
    }
  }

  List<String> columns() {
    return schema.getFields().stream().map(Type::getName).toList();
  }

  /** Returns the names of the integers of each column that has some. */
  Map<String, List<String>> classNames() {
    String metadata = file.getFileMetaData().getKeyValueMetaData().get("huggingface");
    Map<String, List<String>> names = new HashMap<>();
    if (metadata != null) {
      JsonNode features = json(metadata).path("info").path("features");
      for (Map.Entry<String, JsonNode> feature : features.properties()) {
        JsonNode list = feature.getValue().path("names");
        if (list.isArray() && list.size() > 0) {
          List<String> ofColumn = new ArrayList<>();
          list.forEach(name -> ofColumn.add(name.asText()));
          names.put(feature.getKey(), ofColumn);
        }
      }
    }
    return names;
  }

  /** The same reading, with the file's names of labels where the caller has none. */
  FileReading named(FileReading reading) {
    FileSplit split = reading.columns();
    List<String> ofFile = classNames().getOrDefault(split.labelColumn(), List.of());
    return split.labelNames().isEmpty() && !ofFile.isEmpty()
        ? new FileReading(
            reading.path(),
            split.withLabelNames(ofFile),
            reading.onlyLabels(),
            reading.filters(),
            reading.labels(),
            reading.notices(),
            reading.lenient())
        : reading;
  }

  /** Reads the rows. */
  void read(FileReading reading, DatasetBuilder dataset) throws IOException {
    FileSplit split = reading.columns();
    if (split.textColumn().isEmpty()) {
      throw invalid(
          "COLUMN_MISSING",
          "text_column",
          "Parquet needs a text_column; only JSON Lines can be pre-tokenised");
    }
    Map<String, String> parameters = new LinkedHashMap<>();
    parameters.put(split.textColumn(), "text_column");
    parameters.putIfAbsent(split.textPairColumn(), "text_pair_column");
    parameters.putIfAbsent(split.labelColumn(), "label_column");
    for (int i = 0; i < reading.filters().size(); i++) {
      parameters.putIfAbsent(
          reading.filterColumns().get(i), String.format(Locale.ROOT, "filters[%d].column", i));
    }
    parameters.remove("");
    List<Type> types = new ArrayList<>();
    parameters.forEach((column, parameter) -> types.add(type(column, parameter)));
    try {
      read(new MessageType(schema.getName(), types), reading, dataset);
    } catch (InvalidInputException | CancellationException | FileSystemException e) {
      throw e;
    } catch (IOException | RuntimeException e) {
      throw damaged(e, "what lies in its columns");
    } catch (StackOverflowError e) {
      throw damaged("it nests too deep");
    }
  }

  private void read(MessageType projection, FileReading reading, DatasetBuilder dataset)
      throws IOException {
    file.setRequestedSchema(projection);
    var columns = new ColumnIOFactory().getColumnIO(projection, schema);
    var cells = new Cells(projection, limits);
    requireSmallGroups(projection);
    for (PageReadStore pages = file.readNextRowGroup();
        pages != null && !dataset.isFull();
        pages = file.readNextRowGroup()) {
      bounds.requireWanted();
      RecordReader<Group> groups =
          columns.getRecordReader(pages, new GroupRecordConverter(projection));
      for (long i = 0; i < pages.getRowCount() && !dataset.isFull(); i++) {
        dataset.countRow();
        cells.next(groups.read());
        add(cells, reading, dataset);
      }
    }
  }

  /** The library holds what it reads of a row group in memory. */
  private void requireSmallGroups(MessageType projection) {
    for (BlockMetaData block : file.getRowGroups()) {
      long bytes = 0;
      for (ColumnChunkMetaData chunk : block.getColumns()) {
        if (projection.containsField(chunk.getPath().toArray()[0])) {
          bytes += chunk.getTotalSize();
        }
      }
      if (bytes > MAX_GROUP_BYTES) {
        throw invalid(
            "ROW_GROUP_TOO_LARGE",
            "uri",
            String.format(
                Locale.ROOT,
                "the columns asked for take %d bytes of one row group, at most %d are read at a time; write the file with smaller row groups",
                bytes,
                MAX_GROUP_BYTES));
      }
    }
  }

  private static void add(Cells cells, FileReading reading, DatasetBuilder dataset) {
    FileSplit split = reading.columns();
    int label =
        split.labelColumn().isEmpty()
            ? -1
            : dataset
                .labels()
                .index(cells.value(split.labelColumn(), "label_column"), cells.number());
    for (int i = 0; i < reading.filters().size(); i++) {
      String column = reading.filterColumns().get(i);
      if (!dataset.passes(
          i, cells.value(column, String.format(Locale.ROOT, "filters[%d].column", i)))) {
        return;
      }
    }
    dataset.add(
        new Row.TextRow(
            cells.value(split.textColumn(), "text_column"),
            split.textPairColumn().isEmpty()
                ? null
                : cells.value(split.textPairColumn(), "text_pair_column"),
            label));
  }

  private Type type(String column, String parameter) {
    if (!schema.containsField(column)) {
      throw invalid(
          "COLUMN_MISSING",
          parameter,
          "there is no column '%s'; there are %s".formatted(column, FileColumns.shown(columns())));
    }
    Type type = schema.getType(column);
    if (!type.isPrimitive() || type.isRepetition(Type.Repetition.REPEATED)) {
      throw wrongType(type, parameter, "a plain value, not a list or a structure");
    }
    PrimitiveTypeName stored = type.asPrimitiveType().getPrimitiveTypeName();
    // Decimals and times are stored as integers or bytes too.
    LogicalTypeAnnotation meaning = type.getLogicalTypeAnnotation();
    boolean integer =
        (stored == PrimitiveTypeName.INT32 || stored == PrimitiveTypeName.INT64)
            && (meaning == null
                || meaning instanceof LogicalTypeAnnotation.IntLogicalTypeAnnotation);
    boolean text =
        stored == PrimitiveTypeName.BINARY
            && (meaning == null
                || meaning instanceof LogicalTypeAnnotation.StringLogicalTypeAnnotation);
    if (parameter.startsWith("text") && !text) {
      throw wrongType(type, parameter, "a text");
    }
    boolean number = stored == PrimitiveTypeName.FLOAT || stored == PrimitiveTypeName.DOUBLE;
    boolean label = parameter.equals("label_column");
    if (label && !text && !integer && !number && stored != PrimitiveTypeName.BOOLEAN) {
      throw wrongType(type, parameter, "a name, an integer or true or false");
    }
    if (!label && !text && !integer && stored != PrimitiveTypeName.BOOLEAN) {
      throw wrongType(type, parameter, "a text, an integer or true or false");
    }
    return type;
  }

  private static InvalidInputException wrongType(Type type, String parameter, String wanted) {
    return invalid(
        "COLUMN_TYPE_UNSUPPORTED",
        parameter,
        "column '%s' must hold %s, it is declared '%s'"
            .formatted(type.getName(), wanted, type.toString().lines().findFirst().orElse("")));
  }

  private void requireBounded() {
    if (schema.getFieldCount() > MAX_COLUMNS) {
      throw invalid(
          "TOO_MANY_COLUMNS",
          "uri",
          String.format(Locale.ROOT, "the file has more than %d columns", MAX_COLUMNS));
    }
    if (file.getRecordCount() > limits.rows()) {
      throw invalid(
          "TOO_MANY_ROWS",
          "uri",
          String.format(
              Locale.ROOT,
              "the file has %d rows, at most %d are read (watershed.data.max-rows); split it, or raise it",
              file.getRecordCount(),
              limits.rows()));
    }
    // The library reserves what the footer says before it reads.
    for (BlockMetaData block : file.getRowGroups()) {
      for (ColumnChunkMetaData chunk : block.getColumns()) {
        if (chunk.getTotalSize() < 0
            || chunk.getStartingPos() < 0
            || chunk.getStartingPos() > fileBytes - chunk.getTotalSize()) {
          throw damaged("column '%s' ends behind the file".formatted(chunk.getPath()));
        }
      }
    }
  }

  private static void requireFooter(Path path, long fileBytes, DataLimits limits)
      throws IOException {
    if (fileBytes > limits.fileBytes()) {
      throw invalid(
          "FILE_TOO_LARGE",
          "uri",
          String.format(
              Locale.ROOT,
              "the file has %d bytes, at most %d are read (watershed.data.max-file-bytes); split it, or raise it",
              fileBytes,
              limits.fileBytes()));
    }
    if (fileBytes < TAIL_BYTES + Integer.BYTES) {
      throw damaged("it is too short");
    }
    byte[] tail = new byte[TAIL_BYTES];
    try (RandomAccessFile bytes = new RandomAccessFile(path.toFile(), "r")) {
      bytes.seek(fileBytes - TAIL_BYTES);
      bytes.readFully(tail);
    }
    int footer = ByteBuffer.wrap(tail).order(ByteOrder.LITTLE_ENDIAN).getInt();
    if (!new String(tail, 4, 4, StandardCharsets.US_ASCII).equals("PAR1")) {
      throw damaged("it does not end as one; is it complete, and not encrypted?");
    }
    if (footer < 0 || footer > Math.min(MAX_FOOTER_BYTES, fileBytes - TAIL_BYTES - 4)) {
      throw damaged(String.format(Locale.ROOT, "its footer cannot have %d bytes", footer));
    }
    byte[] thrift = new byte[footer];
    try (RandomAccessFile bytes = new RandomAccessFile(path.toFile(), "r")) {
      bytes.seek(fileBytes - TAIL_BYTES - footer);
      bytes.readFully(thrift);
    }
    if (!ThriftShape.isSane(ByteBuffer.wrap(thrift))) {
      throw damaged("its footer is broken or nests too deep");
    }
  }

  private static JsonNode json(String text) {
    return UntrustedJson.tree(
        text.getBytes(StandardCharsets.UTF_8),
        problem -> damaged("of what it says under 'huggingface', " + problem));
  }

  /** The library's words are for the log: they name its classes, not what is in the file. */
  private static InvalidInputException damaged(Exception e, String part) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof InvalidInputException input) {
        return input;
      }
    }
    LOG.info("A Parquet file cannot be read: {}", Quoted.of(String.valueOf(e.getMessage())));
    return damaged(part + " cannot be decoded; is it complete, and written by a current library?");
  }

  static InvalidInputException damaged(String problem) {
    return invalid("PARQUET_INVALID", "uri", "no usable Parquet file: " + problem);
  }

  @Override
  public void close() throws IOException {
    file.close();
  }

  /** The values of one row after the other as texts, as long in all as a file may be. */
  private static final class Cells {
    private static final MessageType EMPTY = new MessageType("empty", List.of());

    private final MessageType schema;
    private final DataLimits limits;
    private final CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
    private Group row = new SimpleGroup(EMPTY);
    private long number;
    private long characters;
    private int rowCharacters;

    Cells(MessageType schema, DataLimits limits) {
      this.schema = schema;
      this.limits = limits;
    }

    void next(Group row) {
      this.row = row;
      number++;
      rowCharacters = 0;
    }

    /** Rows are counted from 1. */
    long number() {
      return number;
    }

    String value(String column, String parameter) {
      int index = schema.getFieldIndex(column);
      if (row.getFieldRepetitionCount(index) == 0) {
        throw invalid(
            parameter.equals("label_column") ? "LABEL_MISSING" : "ROW_MALFORMED",
            parameter,
            String.format(Locale.ROOT, "row %d has no value in column '%s'", number, column));
      }
      if (schema.getType(index).asPrimitiveType().getPrimitiveTypeName()
          != PrimitiveTypeName.BINARY) {
        return row.getValueToString(index, 0);
      }
      ByteBuffer bytes = row.getBinary(index, 0).toByteBuffer();
      rowCharacters += bytes.remaining();
      characters += bytes.remaining();
      if (rowCharacters > limits.rowCharacters()) {
        throw invalid(
            "ROW_TOO_LONG",
            "uri",
            String.format(
                Locale.ROOT,
                "row %d is longer than %d bytes; is it the right column?",
                number,
                limits.rowCharacters()));
      }
      if (characters > limits.fileBytes()) {
        throw invalid(
            "FILE_TOO_LARGE",
            "uri",
            String.format(
                Locale.ROOT,
                "the texts are longer than %d bytes (watershed.data.max-file-bytes); split the file, or raise it",
                limits.fileBytes()));
      }
      try {
        return decoder.decode(bytes).toString();
      } catch (CharacterCodingException e) {
        throw invalid(
            "FILE_NOT_UTF8",
            "uri",
            String.format(Locale.ROOT, "row %d, column '%s' is not UTF-8", number, column));
      }
    }
  }
}
