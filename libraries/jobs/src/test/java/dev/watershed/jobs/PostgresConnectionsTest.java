package dev.watershed.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.watershed.jobs.kit.TestDatabase;
import dev.watershed.jobs.kit.TestDatabase.Engine;
import io.micronaut.context.ApplicationContext;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.Map;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class PostgresConnectionsTest {
  @TempDir private Path migrations = Path.of("");
  private TestDatabase database;

  @BeforeEach
  void create() throws SQLException {
    database = TestDatabase.empty(Engine.POSTGRESQL, "");
  }

  @AfterEach
  void close() throws Exception {
    database.close();
  }

  /** Opens the database as a process does. */
  private ApplicationContext open(String url, Map<String, Object> properties) {
    var all = new HashMap<>(properties);
    all.put("datasources.a.url", url);
    all.put("datasources.a.username", "postgres");
    return ApplicationContext.run(all);
  }

  private String silentFor(int seconds) {
    return database.url() + (database.url().contains("?") ? "&" : "?") + "socketTimeout=" + seconds;
  }

  private static int silenceMillis(ApplicationContext context) throws SQLException {
    try (var connection = context.getBean(DataSource.class).getConnection()) {
      return connection.getNetworkTimeout();
    }
  }

  @Test
  void connection_unlessTheUrlSaysOtherwise_isGivenUpAfterAMinuteOfSilence() throws Exception {
    try (var context = open(database.url(), Map.of())) {
      assertThat(silenceMillis(context)).isEqualTo(60_000);
    }
    try (var context = open(silentFor(5), Map.of())) {
      assertThat(silenceMillis(context)).isEqualTo(5_000);
    }
  }

  @Test
  void transact_onAConnectionThatReadsAlone_failsAndTheNextHasAnother() throws Exception {
    try (var context = open(database.url(), Map.of("datasources.a.maximum-pool-size", 1))) {
      var source = context.getBean(DataSource.class);
      var store = new Database(source);
      try (var connection = source.getConnection();
          var statement = connection.createStatement()) {
        // What every session of a standby is.
        statement.execute("set session characteristics as transaction read only");
      }
      assertThatThrownBy(() -> store.transact(handle -> handle.execute("create table a (id int)")))
          .isInstanceOf(StoreException.class)
          .hasMessageContaining("read-only");
      store.transact(handle -> handle.execute("create table a (id int)"));
      assertThat(database.column("select count(*) from a")).containsExactly("0");
    }
  }

  @Test
  void migrate_longerThanAStatementMayTake_isDone() throws Exception {
    Files.writeString(
        migrations.resolve("V1__slow.sql"), "create table slow (id int); select pg_sleep(1.5);");
    Map<String, Object> properties =
        Map.of(
            "flyway.datasources.a.enabled",
            true,
            "flyway.datasources.a.locations",
            "filesystem:" + migrations);
    try (var context = open(silentFor(1), properties)) {
      assertThat(silenceMillis(context)).isEqualTo(1_000);
      assertThat(database.column("select count(*) from slow")).containsExactly("0");
    }
  }
}
