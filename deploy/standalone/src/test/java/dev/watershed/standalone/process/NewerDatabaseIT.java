package dev.watershed.standalone.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A data directory that a newer version of the program has written. */
final class NewerDatabaseIT {
  private static final String USER = "watershed";

  @ParameterizedTest
  @ValueSource(strings = {"trainer", "analysis"})
  void serve_databaseOfANewerVersion_isRefusedInASentence(String service, @TempDir Path directory)
      throws Exception {
    Path data = directory.resolve("data");
    try (ServerProcess server = ServerProcess.serve(data, directory)) {
      assertThat(server.terminate()).isEqualTo(143);
    }
    var database = new EmbeddedDatabase(data.resolve("db"), service);
    execute(
        database,
        "insert into \"flyway_schema_history\" (\"installed_rank\", \"version\", \"description\","
            + " \"type\", \"script\", \"installed_by\", \"execution_time\", \"success\")"
            + " values (99, '99', 'future', 'SQL', 'V99__future.sql', 'x', 1, true)");
    Map<Path, String> before = content(data);

    Path log = directory.resolve("refused.log");
    Process refused =
        ServerProcess.command(
            log,
            "serve",
            "--port",
            "0",
            "--data",
            data.toString(),
            "--data-root",
            directory.toString());

    assertThat(refused.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(refused.exitValue()).isEqualTo(2);
    assertThat(Files.readString(log))
        .contains("The database of the " + service + " (jdbc:h2:file:" + data)
        .contains("is of version 99", "knows versions up to ", "--data", "backup")
        .doesNotContain("\tat ", "Exception");
    assertThat(content(data)).isEqualTo(before);
  }

  private static void execute(EmbeddedDatabase database, String sql) throws Exception {
    try (var connection = DriverManager.getConnection(database.url(), USER, "");
        var statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  /** What is in the databases, and all other files as they are. */
  private static Map<Path, String> content(Path data) throws Exception {
    var content = new HashMap<Path, String>();
    try (var files = Files.walk(data)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        content.put(file, String.valueOf(Files.size(file)));
      }
    }
    for (String name : List.of("trainer", "analysis")) {
      var database = new EmbeddedDatabase(data.resolve("db"), name);
      try (var connection = DriverManager.getConnection(database.url(), USER, "");
          var statement = connection.createStatement();
          var rows = statement.executeQuery("script nosettings")) {
        var script = new StringBuilder();
        while (rows.next()) {
          script.append(rows.getString(1)).append('\n');
        }
        // H2 writes a file anew when it is closed.
        content.put(database.file(), script.toString());
      }
    }
    return content;
  }
}
