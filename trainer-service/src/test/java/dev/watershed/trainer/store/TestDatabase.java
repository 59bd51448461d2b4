package dev.watershed.trainer.store;

import java.util.UUID;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.h2.jdbcx.JdbcDataSource;

/** An H2 database in memory, migrated as a server's is. */
public final class TestDatabase {
  private TestDatabase() {}

  /** Returns a new one; it lives as long as the process. */
  public static DataSource create() {
    var dataSource = new JdbcDataSource();
    dataSource.setURL(
        "jdbc:h2:mem:"
            + UUID.randomUUID()
            + ";MODE=PostgreSQL;DB_CLOSE_DELAY=-1;DATABASE_TO_LOWER=TRUE;DEFAULT_NULL_ORDERING=HIGH");
    Flyway.configure().dataSource(dataSource).locations("classpath:db/trainer").load().migrate();
    return dataSource;
  }
}
