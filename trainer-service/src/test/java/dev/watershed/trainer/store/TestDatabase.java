package dev.watershed.trainer.store;

import java.util.UUID;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.configuration.FluentConfiguration;
import org.h2.jdbcx.JdbcDataSource;

/** An H2 database in memory, migrated as a server's is. */
public final class TestDatabase {
  private TestDatabase() {}

  /** Returns a new one; it lives as long as the process. */
  public static DataSource create() {
    var dataSource = empty();
    migrate(dataSource);
    return dataSource;
  }

  /** Returns a new one as the first version of the program left it. */
  static DataSource createFirstVersion() {
    var dataSource = empty();
    flyway(dataSource).target("1").load().migrate();
    return dataSource;
  }

  static void migrate(DataSource dataSource) {
    flyway(dataSource).load().migrate();
  }

  private static FluentConfiguration flyway(DataSource dataSource) {
    return Flyway.configure().dataSource(dataSource).locations("classpath:db/trainer");
  }

  private static DataSource empty() {
    var dataSource = new JdbcDataSource();
    dataSource.setURL(
        "jdbc:h2:mem:"
            + UUID.randomUUID()
            + ";MODE=PostgreSQL;DB_CLOSE_DELAY=-1;DATABASE_TO_LOWER=TRUE;DEFAULT_NULL_ORDERING=HIGH");
    return dataSource;
  }
}
