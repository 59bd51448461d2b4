package dev.watershed.jobs;

import dev.watershed.server.RefusedException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a service says of its jobs: where they are kept, what one is, and what callers are told.
 *
 * @param <C> what a job holds besides its life: its spec and its progress; immutable
 */
public interface JobKind<C> {
  /** Where they are kept. */
  JobTables tables();

  /** The kind's own columns of the jobs' table. */
  List<String> columns();

  /** Reads what the kind's own columns hold. */
  C read(ResultSet row) throws SQLException;

  /** Returns the values of {@link #columns}, in their order. */
  List<@Nullable Object> write(Job<C> job);

  /** Orders what may be told of one attempt: more progress is more. */
  Comparator<C> progress();

  /** How far a job has come, in a measure that grows with what would be lost. */
  long reached(C content);

  /**
   * Whether a job that is cancelled has ended at once, and its worker only hears of it; otherwise
   * its worker ends it when it has come to rest.
   */
  boolean endsAtOnce();

  /** What one is called in messages: "run". */
  String noun();

  /** Returns the resource name of an id. */
  String name(String id);

  /** There is no such job, or not any more. */
  RefusedException notFound(String id);

  /** A job is not tried again, because it ended so many processes in a row. */
  RefusedException crashedRepeatedly(Job<C> job);

  /**
   * No more jobs can wait.
   *
   * @param waiting how many do
   * @param more how many were asked for
   * @param most how many may
   */
  RefusedException queueFull(long waiting, int more, int most);
}
