package dev.watershed.jobs.kit;

import java.io.PrintWriter;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Logger;
import javax.sql.DataSource;

/** Counts how often a database is asked for a connection, and refuses while it is told to. */
public final class CountingDataSource implements DataSource {
  private final DataSource dataSource;
  private final AtomicInteger connections = new AtomicInteger();
  private final AtomicBoolean away = new AtomicBoolean();

  public CountingDataSource(DataSource dataSource) {
    this.dataSource = dataSource;
  }

  /** How many connections were asked for. */
  public int connections() {
    return connections.get();
  }

  /** Whether the database is away. */
  public void setAway(boolean isAway) {
    away.set(isAway);
  }

  @Override
  public Connection getConnection() throws SQLException {
    connections.incrementAndGet();
    if (away.get()) {
      throw new SQLException("the database is away");
    }
    return dataSource.getConnection();
  }

  @Override
  public Connection getConnection(String user, String password) throws SQLException {
    return getConnection();
  }

  @Override
  public PrintWriter getLogWriter() throws SQLException {
    return dataSource.getLogWriter();
  }

  @Override
  public void setLogWriter(PrintWriter writer) throws SQLException {
    dataSource.setLogWriter(writer);
  }

  @Override
  public void setLoginTimeout(int seconds) throws SQLException {
    dataSource.setLoginTimeout(seconds);
  }

  @Override
  public int getLoginTimeout() throws SQLException {
    return dataSource.getLoginTimeout();
  }

  @Override
  public Logger getParentLogger() throws SQLFeatureNotSupportedException {
    return dataSource.getParentLogger();
  }

  @Override
  public <T> T unwrap(Class<T> type) throws SQLException {
    return dataSource.unwrap(type);
  }

  @Override
  public boolean isWrapperFor(Class<?> type) throws SQLException {
    return dataSource.isWrapperFor(type);
  }
}
