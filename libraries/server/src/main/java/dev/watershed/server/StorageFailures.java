package dev.watershed.server;

import jakarta.inject.Singleton;
import java.sql.SQLException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What failed because a disk is full, or a database away: asking again will work some day. */
@Singleton
final class StorageFailures implements Errors.Translation {
  private static final Logger log = LoggerFactory.getLogger(StorageFailures.class);
  private static final Duration RETRY = Duration.ofSeconds(5);

  private final DiskSpace disk;

  StorageFailures(DiskSpace disk) {
    this.disk = disk;
  }

  @Override
  public @Nullable RefusedException translate(Throwable thrown) {
    var full = disk.explain(thrown);
    if (full.isPresent()) {
      return full.get();
    }
    for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
      if (cause instanceof SQLException database) {
        // A database that a full disk has closed says only that it is closed.
        return disk.shortage().orElseGet(() -> away(database));
      }
    }
    return null;
  }

  private static RefusedException away(SQLException failure) {
    log.warn("The database cannot be used: {}", failure.toString());
    return RefusedException.unavailable(
        "DATABASE_UNAVAILABLE",
        "The server's database cannot be used now; nothing was changed. Try again; if it stays so,"
            + " the server's log says why.",
        RETRY);
  }
}
