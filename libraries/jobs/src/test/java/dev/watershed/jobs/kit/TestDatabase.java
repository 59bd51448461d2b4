package dev.watershed.jobs.kit;

import com.zaxxer.hikari.HikariDataSource;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.h2.jdbcx.JdbcDataSource;
import org.junit.jupiter.api.Assumptions;

/**
 * A database of its own for a test, migrated as a server's is. It goes with the process; the
 * connections to it are closed before.
 */
public final class TestDatabase implements AutoCloseable {
  private static final int CONNECTIONS = 12;

  /** What databases the product runs on. */
  public enum Engine {
    H2,
    /** Skips the test where it cannot be started here. */
    POSTGRESQL
  }

  /** One server for all tests of a process; a database each. */
  private static final class PostgresServer {
    private static final PostgresServer INSTANCE = start();

    private final EmbeddedPostgres server;
    private final String failure;

    private PostgresServer(EmbeddedPostgres server, String failure) {
      this.server = server;
      this.failure = failure;
    }

    private static PostgresServer start() {
      try {
        return new PostgresServer(
            EmbeddedPostgres.builder().setPGStartupWait(Duration.ofMinutes(1)).start(), "");
      } catch (IOException | RuntimeException e) {
        return new PostgresServer(null, e.toString());
      }
    }

    private static EmbeddedPostgres get() {
      Assumptions.assumeTrue(
          INSTANCE.server != null,
          () -> "SKIPPED: PostgreSQL cannot be started here: " + INSTANCE.failure);
      return INSTANCE.server;
    }
  }

  private final DataSource dataSource;
  private final List<AutoCloseable> toClose = new ArrayList<>();
  private final String migrations;
  private final String url;

  private TestDatabase(Engine engine, String migrations) throws SQLException {
    this.migrations = migrations;
    if (engine == Engine.H2) {
      url =
          "jdbc:h2:mem:"
              + UUID.randomUUID()
              + ";MODE=PostgreSQL;DB_CLOSE_DELAY=-1;DATABASE_TO_LOWER=TRUE;DEFAULT_NULL_ORDERING=HIGH";
      var h2 = new JdbcDataSource();
      h2.setURL(url);
      dataSource = h2;
    } else {
      var server = PostgresServer.get();
      var name = "test_" + UUID.randomUUID().toString().replace('-', '_');
      try (var connection = server.getPostgresDatabase().getConnection();
          var statement = connection.createStatement()) {
        statement.execute("create database " + name);
      }
      url = server.getJdbcUrl("postgres", name);
      var pool = new HikariDataSource();
      pool.setJdbcUrl(url);
      pool.setMaximumPoolSize(CONNECTIONS);
      pool.setMinimumIdle(0);
      dataSource = pool;
      toClose.add(pool);
    }
  }

  /** Returns a new one of H2 in memory, that lives as long as the process. */
  public static DataSource h2(String migrations) {
    try {
      return create(Engine.H2, migrations).dataSource();
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * Returns a new one.
   *
   * @param migrations where they are, such as "classpath:db/trainer"
   */
  public static TestDatabase create(Engine engine, String migrations) throws SQLException {
    var database = empty(engine, migrations);
    database.migrate();
    return database;
  }

  /** Returns a new one as an older version of the program left it. */
  public static TestDatabase createAt(Engine engine, String migrations, String version)
      throws SQLException {
    var database = empty(engine, migrations);
    Flyway.configure()
        .dataSource(database.dataSource)
        .locations(migrations)
        .target(version)
        .load()
        .migrate();
    return database;
  }

  /** Returns a new one without tables. */
  public static TestDatabase empty(Engine engine, String migrations) throws SQLException {
    return new TestDatabase(engine, migrations);
  }

  /** Runs the migrations that are to come. */
  public void migrate() {
    Flyway.configure().dataSource(dataSource).locations(migrations).load().migrate();
  }

  /** Gives out connections. */
  public DataSource dataSource() {
    return dataSource;
  }

  /** Where a process of its own finds it. */
  public String url() {
    return url;
  }

  /** Runs a statement. */
  public void execute(String sql) throws SQLException {
    try (var connection = dataSource.getConnection();
        var statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  /** Returns the first column of what a query gives, as text. */
  public List<String> column(String sql) throws SQLException {
    try (var connection = dataSource.getConnection();
        var statement = connection.createStatement();
        var rows = statement.executeQuery(sql)) {
      var values = new ArrayList<String>();
      while (rows.next()) {
        values.add(rows.getString(1));
      }
      return values;
    }
  }

  @Override
  public void close() throws Exception {
    for (var each : toClose) {
      each.close();
    }
  }
}
