package dev.watershed.standalone.process;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Optional;

/**
 * One of the databases of a data directory, before and after it is used.
 *
 * @param directory where the databases are
 * @param name of the service that it belongs to
 */
record EmbeddedDatabase(Path directory, String name) {
  /**
   * The same SQL as PostgreSQL; closed by us and not by H2's own hook. A commit is on disk when it
   * returns: with H2's usual delay of half a second a killed process would lose what it had
   * promised. What goes wrong is thrown, so H2 keeps no log of its own, which would grow up to 16
   * MiB on a disk that is full already.
   */
  private static final String FLAGS =
      ";MODE=PostgreSQL;DATABASE_TO_LOWER=TRUE;DEFAULT_NULL_ORDERING=HIGH;DB_CLOSE_ON_EXIT=FALSE"
          + ";WRITE_DELAY=0;TRACE_LEVEL_FILE=0";

  private static final String USER = "watershed";

  Path file() {
    return directory.resolve(name + ".mv.db");
  }

  /** For H2; {@link DataDirectory} accepts no name that would mean something there. */
  String url() {
    return "jdbc:h2:file:" + directory.resolve(name) + FLAGS;
  }

  /** Returns what is wrong with the file itself; empty where nothing is. */
  Optional<String> damage() {
    String shown = directory.getFileName() + "/" + file().getFileName();
    try {
      if (!Files.exists(file())) {
        return Optional.of(shown + " is missing");
      }
      if (!Files.isRegularFile(file())) {
        return Optional.of(shown + " is no file");
      }
      return Files.size(file()) == 0 ? Optional.of(shown + " is empty") : Optional.empty();
    } catch (IOException e) {
      throw new StartException("cannot read " + file() + ": " + DataDirectory.reason(e), e);
    }
  }

  /**
   * Returns the mark in an existing database; empty where it has none.
   *
   * @throws StartException where it cannot be read
   */
  Optional<DirectoryMark> mark() {
    try (var connection = connect(";IFEXISTS=TRUE")) {
      return mark(connection);
    } catch (SQLException e) {
      throw new StartException(
          "the database "
              + file()
              + " cannot be read: "
              + firstLine(e)
              + ". Restore it from a backup, or move it away and start with 'serve --adopt', which"
              + " begins an empty one and keeps the checkpoints.",
          e);
    }
  }

  private static Optional<DirectoryMark> mark(Connection connection) throws SQLException {
    try (var tables = connection.getMetaData().getTables(null, null, "data_directory", null)) {
      if (!tables.next()) {
        return Optional.empty();
      }
    }
    try (var query = connection.createStatement();
        var rows = query.executeQuery("select id, generation from data_directory")) {
      return rows.next()
          ? Optional.of(new DirectoryMark(rows.getString(1), rows.getLong(2)))
          : Optional.empty();
    }
  }

  /** Writes the mark into a database that has its tables. */
  void stamp(DirectoryMark mark) {
    try (var connection = connect("")) {
      if (mark(connection).equals(Optional.of(mark))) {
        return;
      }
      connection.setAutoCommit(false);
      try (var statement = connection.createStatement()) {
        statement.execute(
            "create table if not exists data_directory"
                + " (id varchar(64) not null, generation bigint not null)");
        statement.execute("delete from data_directory");
      }
      try (var insert =
          connection.prepareStatement(
              "insert into data_directory (id, generation) values (?, ?)")) {
        insert.setString(1, mark.id());
        insert.setLong(2, mark.generation());
        insert.executeUpdate();
      }
      connection.commit();
    } catch (SQLException e) {
      throw new StartException("cannot write to " + file() + ": " + firstLine(e), e);
    }
  }

  private Connection connect(String more) throws SQLException {
    return DriverManager.getConnection(url() + more, USER, "");
  }

  /** H2 appends the statement and its own version. */
  private static String firstLine(SQLException e) {
    String message = String.valueOf(e.getMessage());
    return message.lines().findFirst().orElse(message).replaceFirst(" \\[\\d+-\\d+]$", "");
  }
}
