package dev.watershed.analysis.store;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.watershed.type.v1.ClassificationMetrics;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/** Transactions and statements of this package. */
final class Sql {
  private Sql() {}

  static <T> Optional<T> first(List<T> rows) {
    return rows.stream().findFirst();
  }

  static ClassificationMetrics metrics(ResultSet row, int column)
      throws SQLException, InvalidProtocolBufferException {
    return ClassificationMetrics.parseFrom(row.getBytes(column));
  }

  interface Work<T> {
    T run(Connection connection) throws SQLException, InvalidProtocolBufferException;
  }

  interface RowReader<T> {
    T read(ResultSet row) throws SQLException, InvalidProtocolBufferException;
  }

  /** Does the work in one transaction, or none of it. */
  static <T> T inTransaction(DataSource dataSource, Work<T> work) {
    try (var connection = dataSource.getConnection()) {
      connection.setAutoCommit(false);
      try {
        T result = work.run(connection);
        connection.commit();
        return result;
      } finally {
        // After a commit there is nothing left to roll back.
        connection.rollback();
      }
    } catch (SQLException | InvalidProtocolBufferException e) {
      throw new StoreException(e);
    }
  }

  static int update(Connection connection, String sql, @Nullable Object... parameters)
      throws SQLException {
    try (var statement = connection.prepareStatement(sql)) {
      bind(statement, parameters);
      return statement.executeUpdate();
    }
  }

  static <T> List<T> query(
      Connection connection, String sql, RowReader<T> reader, Object... parameters)
      throws SQLException, InvalidProtocolBufferException {
    try (var statement = connection.prepareStatement(sql)) {
      bind(statement, parameters);
      try (var rows = statement.executeQuery()) {
        var result = new ArrayList<T>();
        while (rows.next()) {
          result.add(reader.read(rows));
        }
        return result;
      }
    }
  }

  private static void bind(PreparedStatement statement, @Nullable Object[] parameters)
      throws SQLException {
    for (int i = 0; i < parameters.length; i++) {
      statement.setObject(i + 1, parameters[i]);
    }
  }
}
