package dev.watershed.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.watershed.jobs.kit.TestDatabase;
import dev.watershed.jobs.kit.TestDatabase.Engine;
import dev.watershed.server.ConfigurationException;
import io.micronaut.context.ApplicationContext;
import java.util.Map;
import java.util.Optional;
import javax.sql.DataSource;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class KnownSchemasTest {
  private static final String MIGRATIONS = "classpath:db/count";
  private static final String TABLES =
      "select table_name from information_schema.tables where lower(table_schema) = 'public'"
          + " order by table_name";
  private static final String HISTORY =
      "select version from flyway_schema_history where version is not null order by installed_rank";

  /** Starts a process of two databases, as far as opening these. */
  private static Optional<String> refusal(TestDatabase older, TestDatabase other) {
    Map<String, Object> properties =
        Map.of(
            "datasources.a.url",
            older.url(),
            "datasources.b.url",
            other.url(),
            "datasources.a.username",
            user(older),
            "datasources.b.username",
            user(other),
            "flyway.datasources.a.enabled",
            true,
            "flyway.datasources.a.locations",
            MIGRATIONS,
            "flyway.datasources.b.enabled",
            true,
            "flyway.datasources.b.locations",
            MIGRATIONS);
    var thrown =
        catchThrowable(
            () -> {
              try (var context = ApplicationContext.run(properties)) {
                context.getBeansOfType(DataSource.class).forEach(source -> {});
              }
            });
    return Optional.ofNullable(thrown)
        .map(failure -> ConfigurationException.in(failure).orElseThrow().getMessage());
  }

  private static String user(TestDatabase database) {
    return database.url().startsWith("jdbc:h2:") ? "" : "postgres";
  }

  @ParameterizedTest
  @EnumSource
  void start_databaseOfANewerVersion_isRefusedAndNothingChanges(Engine engine) throws Exception {
    try (var empty = TestDatabase.empty(engine, MIGRATIONS);
        var newer = TestDatabase.create(engine, MIGRATIONS)) {
      newer.execute("create table of_the_future (id int)");
      newer.execute(
          "insert into flyway_schema_history (installed_rank, version, description, type, script,"
              + " installed_by, execution_time, success) values (99, '99', 'future', 'SQL',"
              + " 'V99__future.sql', 'x', 1, true)");
      var tables = newer.column(TABLES);
      var history = newer.column(HISTORY);

      var said = refusal(empty, newer);

      assertThat(said).isPresent();
      assertThat(said.get())
          .startsWith("The database of the b (")
          .contains("is of version 99", "knows versions up to " + history.get(0) + ".")
          .contains("datasources.b.url", "backup")
          .doesNotContain("password", "MODE=");
      assertThat(newer.column(TABLES)).isEqualTo(tables);
      assertThat(newer.column(HISTORY)).isEqualTo(history);
      // The other one, which is opened first, was not migrated before the look at this one.
      assertThat(empty.column(TABLES)).isEmpty();
    }
  }

  @ParameterizedTest
  @EnumSource
  void start_databasesOfThisVersionAndNone_areMigrated(Engine engine) throws Exception {
    try (var empty = TestDatabase.empty(engine, MIGRATIONS);
        var present = TestDatabase.create(engine, MIGRATIONS)) {
      assertThat(refusal(empty, present)).isEmpty();
      assertThat(empty.column(HISTORY)).isEqualTo(present.column(HISTORY)).isNotEmpty();
    }
  }
}
