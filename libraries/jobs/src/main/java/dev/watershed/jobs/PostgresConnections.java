package dev.watershed.jobs;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.SQLExceptionOverride;
import io.micronaut.configuration.jdbc.hikari.DatasourceConfiguration;
import io.micronaut.context.event.BeanCreatedEvent;
import io.micronaut.context.event.BeanCreatedEventListener;
import jakarta.inject.Singleton;
import java.sql.SQLException;

/**
 * Has connections to a PostgreSQL given up in time when another machine takes over from it. What
 * the URL says goes before what is said here.
 */
@Singleton
final class PostgresConnections implements BeanCreatedEventListener<DatasourceConfiguration> {
  private static final String URL = "jdbc:postgresql:";

  /** Seconds for each host of the URL: the next is tried while a caller still waits. */
  private static final String CONNECT = "2";

  /**
   * Seconds without an answer after which the machine counts as gone; the kernel would wait a
   * quarter of an hour. Only migrations may take longer: {@link UnhurriedMigrations}.
   */
  private static final String SILENCE = "60";

  /** The state of what was to be written to a standby: read_only_sql_transaction. */
  private static final String READ_ONLY = "25006";

  @Override
  public DatasourceConfiguration onCreated(BeanCreatedEvent<DatasourceConfiguration> event) {
    DatasourceConfiguration pool = event.getBean();
    if (pool.getUrl().startsWith(URL)) {
      settle(pool);
    }
    return pool;
  }

  private static void settle(HikariConfig pool) {
    pool.addDataSourceProperty("connectTimeout", CONNECT);
    pool.addDataSourceProperty("socketTimeout", SILENCE);
    pool.setExceptionOverride(new Standbys());
  }

  /** A server that has become a standby answers so for ever, while another one takes writes. */
  private static final class Standbys implements SQLExceptionOverride {
    @java.lang.Override
    public Override adjudicate(SQLException failure) {
      return READ_ONLY.equals(failure.getSQLState())
          ? Override.MUST_EVICT
          : Override.CONTINUE_EVICT;
    }
  }
}
