package dev.watershed.standalone.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.sql.DriverManager;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.flywaydb.core.Flyway;
import org.h2.jdbcx.JdbcDataSource;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** H2 commits each statement of a migration, so a kill can leave half of the tables behind. */
final class HalfMigrationTest {
  private static final String FLAGS =
      ";MODE=PostgreSQL;DATABASE_TO_LOWER=TRUE;DEFAULT_NULL_ORDERING=HIGH;DB_CLOSE_DELAY=-1";

  @ParameterizedTest
  @CsvSource({
    "db/trainer, 1, training_runs",
    "db/trainer, 2, sweeps",
    "db/trainer, 5, jobs",
    "db/trainer, 6, retention",
    "db/trainer, 7, owner",
    "db/analysis, 1, studies",
    "db/analysis, 2, label_counts",
    "db/analysis, 3, known_points",
    "db/trainer, 4, crashes",
    "db/analysis, 5, crashes",
    "db/analysis, 6, notices",
    "db/analysis, 7, jobs",
    "db/analysis, 8, retention",
    "db/analysis, 9, losses",
    "db/analysis, 10, diagnostic_points",
    "db/analysis, 11, probabilities",
    "db/analysis, 12, origins",
    "db/analysis, 13, diagnostic_points_reused",
    "db/analysis, 14, blocks"
  })
  void migrate_someStatementsDoneByAKilledProcess_completes(String folder, int version, String name)
      throws Exception {
    List<String> statements = statements("/" + folder + "/V" + version + "__" + name + ".sql");
    assertThat(statements).isNotEmpty();
    for (int done = 0; done <= statements.size(); done++) {
      String url = "jdbc:h2:mem:" + UUID.randomUUID() + FLAGS;
      try (var connection = DriverManager.getConnection(url);
          var statement = connection.createStatement()) {
        Flyway flyway = flyway(url, folder, "latest");
        flyway.baseline();
        flyway(url, folder, version - 1 + "?").migrate();
        for (String sql : statements.subList(0, done)) {
          statement.execute(sql);
        }
        assertThat(flyway.migrate().success).as("%s statements done", done).isTrue();
        statement.execute("SHUTDOWN");
      }
    }
  }

  private static Flyway flyway(String url, String folder, String target) {
    JdbcDataSource dataSource = new JdbcDataSource();
    dataSource.setURL(url);
    return Flyway.configure()
        .dataSource(dataSource)
        .locations("classpath:" + folder)
        .baselineVersion("0")
        .target(target)
        .load();
  }

  private static List<String> statements(String resource) throws IOException {
    try (var in = Objects.requireNonNull(HalfMigrationTest.class.getResourceAsStream(resource))) {
      String script = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      return script.replaceAll("(?m)--.*$", "").transform(text -> List.of(text.split(";"))).stream()
          .map(String::strip)
          .filter(sql -> !sql.isEmpty())
          .toList();
    }
  }
}
