package dev.watershed.jobs;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Parser;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.function.Function;
import javax.sql.DataSource;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;
import org.jspecify.annotations.Nullable;

/** Transactions of one database. */
public final class Database {
  private final Jdbi jdbi;

  public Database(DataSource dataSource) {
    this.jdbi = Jdbi.create(dataSource);
  }

  /**
   * Does the work in one transaction, or none of it.
   *
   * @throws StoreException where the database cannot be used; what the work throws is thrown on
   */
  public <T> T transact(Function<Handle, T> work) {
    try {
      return jdbi.inTransaction(work::apply);
    } catch (JdbiException e) {
      throw new StoreException(e);
    }
  }

  /** Returns a message that was stored. */
  public static <M> M parse(Parser<M> parser, byte[] bytes) {
    try {
      return parser.parseFrom(bytes);
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException("A stored message is damaged", e);
    }
  }

  /** Returns a moment as columns hold it. */
  public static OffsetDateTime time(Instant instant) {
    return instant.atOffset(ZoneOffset.UTC);
  }

  static @Nullable Instant instant(@Nullable OffsetDateTime time) {
    return time == null ? null : time.toInstant();
  }
}
