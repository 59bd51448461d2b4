package dev.watershed.classifier.data;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.stream.Collectors;

/** Writes Parquet by DuckDB, so that what is read was written by another implementation. */
final class ParquetFiles {
  private ParquetFiles() {}

  /**
   * Writes the rows of a query.
   *
   * @param options more of COPY's, for example {@code ROW_GROUP_SIZE 2048}
   */
  static void write(Path file, String query, String codec, String... options) throws SQLException {
    String all =
        List.of(options).stream().map(option -> ", " + option).collect(Collectors.joining());
    try (Connection database = DriverManager.getConnection("jdbc:duckdb:");
        Statement statement = database.createStatement()) {
      statement.execute(
          "COPY (%s) TO '%s' (FORMAT parquet, CODEC '%s'%s)".formatted(query, file, codec, all));
    }
  }

  /** Says what integers in "label" mean, where and as Hugging Face's {@code datasets} says it. */
  static String labels(String... names) {
    String quoted =
        List.of(names).stream().map(name -> '"' + name + '"').collect(Collectors.joining(", "));
    return """
    KV_METADATA {huggingface: '{"info": {"features": {"premise": {"dtype": "string", "_type": \
    "Value"}, "label": {"names": [%s], "_type": "ClassLabel"}}}}'}"""
        .formatted(quoted);
  }
}
