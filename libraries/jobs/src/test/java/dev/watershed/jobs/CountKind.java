package dev.watershed.jobs;

import com.google.protobuf.Int64Value;
import dev.watershed.server.RefusedException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/**
 * A third kind of job: counts to a number. This class and a loop are all that a kind costs.
 *
 * @param endsAtOnce how it is cancelled
 */
record CountKind(boolean endsAtOnce) implements JobKind<CountKind.Count> {
  /**
   * @param counted how far it is
   */
  record Count(Int64Value spec, long counted) {
    static Count to(long end) {
      return new Count(Int64Value.of(end), 0);
    }

    Count one() {
      return new Count(spec, counted + 1);
    }
  }

  @Override
  public JobTables tables() {
    return new JobTables(
        "count_job",
        "number",
        "",
        "crashes",
        "crash_mark",
        "count_queue",
        "count",
        "count_request",
        "job_id",
        "count_turn");
  }

  @Override
  public List<String> columns() {
    return List.of("spec", "counted");
  }

  @Override
  public Count read(ResultSet row) throws SQLException {
    return new Count(
        Database.parse(Int64Value.parser(), row.getBytes("spec")), row.getLong("counted"));
  }

  @Override
  public List<Object> write(Job<Count> job) {
    return List.of(job.content().spec().toByteArray(), job.content().counted());
  }

  @Override
  public Comparator<Count> progress() {
    return Comparator.comparingLong(Count::counted);
  }

  @Override
  public long reached(Count content) {
    return content.counted();
  }

  @Override
  public String noun() {
    return "count";
  }

  @Override
  public String name(String id) {
    return "counts/" + id;
  }

  @Override
  public RefusedException notFound(String id) {
    return RefusedException.notFound("COUNT_NOT_FOUND", name(id), "There is no " + name(id));
  }

  @Override
  public RefusedException crashedRepeatedly(Job<Count> job) {
    return RefusedException.refused(
        RefusedException.Kind.ABORTED,
        "CRASHED_REPEATEDLY",
        "ended " + job.crashes().count(),
        Map.of());
  }

  @Override
  public RefusedException queueFull(long waiting, int more, int most) {
    return RefusedException.resourceExhausted(
        "QUEUE_FULL", waiting + " and " + more + " of " + most, Duration.ofSeconds(1));
  }
}
