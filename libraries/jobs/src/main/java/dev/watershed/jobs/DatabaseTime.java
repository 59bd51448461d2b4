package dev.watershed.jobs;

import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.OffsetDateTime;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The time of the database, which all processes that share it agree on, however far their own
 * clocks are apart: by it they tell whether another's heartbeat was missed. It is asked for at the
 * start and now and then; between, the own clock goes on from there.
 */
final class DatabaseTime implements InstantSource {
  private static final Logger log = LoggerFactory.getLogger(DatabaseTime.class);
  private static final Duration ASK_AGAIN = Duration.ofMinutes(1);

  /** Less is what clocks and a round trip make. */
  private static final Duration WORTH_SAYING = Duration.ofSeconds(2);

  private final DataSource dataSource;
  private final InstantSource own;
  private Duration ahead;
  private long askedNanos = System.nanoTime();

  /**
   * @throws StoreException where the database does not tell
   */
  DatabaseTime(DataSource dataSource, InstantSource own) {
    this.dataSource = dataSource;
    this.own = own;
    try {
      this.ahead = ask();
    } catch (SQLException e) {
      throw new StoreException(e);
    }
    if (ahead.abs().compareTo(WORTH_SAYING) > 0) {
      log.warn(
          "The database's clock is {} ahead of this machine's. Jobs go by the database's; set the"
              + " clocks (NTP), for other times that are told are this machine's",
          ahead);
    }
  }

  @Override
  public synchronized Instant instant() {
    if (System.nanoTime() - askedNanos > ASK_AGAIN.toNanos()) {
      askedNanos = System.nanoTime();
      try {
        ahead = ask();
      } catch (SQLException e) {
        log.debug("The database does not tell the time now", e);
      }
    }
    return own.instant().plus(ahead);
  }

  /** How far the database's clock is ahead of our own. */
  private Duration ask() throws SQLException {
    try (var connection = dataSource.getConnection();
        var statement = connection.createStatement()) {
      var before = own.instant();
      try (var row = statement.executeQuery("select current_timestamp")) {
        row.next();
        var there = row.getObject(1, OffsetDateTime.class).toInstant();
        var after = own.instant();
        return Duration.between(before.plus(Duration.between(before, after).dividedBy(2)), there);
      }
    }
  }
}
