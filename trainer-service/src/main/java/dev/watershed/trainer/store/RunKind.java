package dev.watershed.trainer.store;

import com.google.protobuf.Timestamp;
import com.google.protobuf.util.Timestamps;
import dev.watershed.input.TrainingRunName;
import dev.watershed.jobs.Database;
import dev.watershed.jobs.Job;
import dev.watershed.jobs.JobKind;
import dev.watershed.jobs.JobState;
import dev.watershed.jobs.JobTables;
import dev.watershed.server.RefusedException;
import dev.watershed.trainer.v1.RunCheckpoint;
import dev.watershed.trainer.v1.TrainingRun;
import dev.watershed.trainer.v1.TrainingRunSpec;
import dev.watershed.trainer.v1.TrainingRunState;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Training runs as jobs. */
public final class RunKind implements JobKind<RunContent> {
  static final String STATE_PREFIX = "TRAINING_RUN_STATE_";

  private static final Duration QUEUE_RETRY = Duration.ofSeconds(30);

  private static final JobTables TABLES =
      new JobTables(
          "training_run",
          "sequence",
          STATE_PREFIX,
          "attempts_since_save",
          "crash_step",
          "training_queue",
          "training-run",
          "training_request",
          "run_id",
          "training_create_turn");

  /** Returns the id in a resource name. */
  public static String id(TrainingRun run) {
    return TrainingRunName.of(run.getName()).id();
  }

  /** Returns a run as its callers see it, without its curve. */
  public static TrainingRun message(Job<RunContent> job) {
    var run =
        job.content().run().toBuilder()
            .setState(TrainingRunState.valueOf(STATE_PREFIX + job.state().name()))
            .setAttemptCount(job.attempt())
            .clearStartTime()
            .clearEndTime()
            .clearError();
    if (job.startTime() != null) {
      run.setStartTime(timestamp(job.startTime()));
    }
    if (job.endTime() != null) {
      run.setEndTime(timestamp(job.endTime()));
      if (run.hasProgress()) {
        run.getProgressBuilder().setRemainingSeconds(0);
      }
    }
    if (job.error() != null) {
      run.setError(job.error());
    }
    return run.build();
  }

  /** Returns a run as lists tell it. */
  static TrainingRun basic(Job<RunContent> job) {
    var run = message(job);
    var basic =
        run.toBuilder()
            .setSpec(TrainingRunSpec.newBuilder().setDisplayName(run.getSpec().getDisplayName()))
            .clearSplits()
            .clearNotices();
    basic.getCheckpointsBuilderList().forEach(RunCheckpoint.Builder::clearValidation);
    return basic.build();
  }

  private static Timestamp timestamp(Instant instant) {
    return Timestamps.fromMillis(instant.toEpochMilli());
  }

  @Override
  public JobTables tables() {
    return TABLES;
  }

  @Override
  public List<String> columns() {
    return List.of("identity", "display_name", "payload");
  }

  @Override
  public RunContent read(ResultSet row) throws SQLException {
    return new RunContent(
        row.getString("identity"),
        OlderRuns.upgraded(Database.parse(TrainingRun.parser(), row.getBytes("payload"))),
        null);
  }

  @Override
  public List<@Nullable Object> write(Job<RunContent> job) {
    var values = new ArrayList<@Nullable Object>();
    values.add(job.content().identity());
    values.add(job.content().run().getSpec().getDisplayName());
    values.add(message(job).toByteArray());
    return values;
  }

  @Override
  public Comparator<RunContent> progress() {
    return Comparator.<RunContent>comparingLong(this::reached)
        .thenComparingInt(content -> content.run().getCheckpointsCount());
  }

  @Override
  public long reached(RunContent content) {
    return content.run().getProgress().getStep();
  }

  /** It keeps a state to go on from, once its step is done. */
  @Override
  public boolean endsAtOnce() {
    return false;
  }

  @Override
  public String noun() {
    return "run";
  }

  @Override
  public String name(String id) {
    return new TrainingRunName(id).toString();
  }

  @Override
  public RefusedException notFound(String id) {
    return RefusedException.notFound(
        "TRAINING_RUN_NOT_FOUND", name(id), "There is no run \"" + name(id) + "\"; list the runs.");
  }

  @Override
  public RefusedException crashedRepeatedly(Job<RunContent> job) {
    return RefusedException.refused(
        RefusedException.Kind.ABORTED,
        "CRASHED_REPEATEDLY",
        String.format(
            Locale.ROOT,
            "The server's process ended %d times in a row while it trained this run, the last"
                + " time at step %d, and nothing of it was saved in between; it is not tried"
                + " again by itself. It may need more memory than there is, or have been killed"
                + " from outside. Ask for the same run again to try once more.",
            job.crashes().count(),
            reached(job.content())),
        Map.of("crashes", Integer.toString(job.crashes().count())));
  }

  @Override
  public RefusedException queueFull(long waiting, int more, int most) {
    return RefusedException.resourceExhausted(
        "QUEUE_FULL",
        String.format(
            Locale.ROOT,
            "%d runs wait and %d more were asked for, but the queue holds %d. Retry later, or raise"
                + " watershed.trainer.max-queued-runs.",
            waiting,
            more,
            most),
        QUEUE_RETRY);
  }

  /** What an older version wrote of a run's life: in its payload alone. */
  static Job<RunContent> ofOlderVersion(Job<RunContent> row) {
    var run = row.content().run();
    return new Job<>(
        row.number(),
        row.id(),
        JobState.valueOf(run.getState().name().substring(STATE_PREFIX.length())),
        run.getAttemptCount(),
        row.cancelRequested(),
        row.crashes(),
        row.createTime(),
        run.hasStartTime() ? instant(run.getStartTime()) : null,
        run.hasEndTime() ? instant(run.getEndTime()) : null,
        run.hasError() ? run.getError() : null,
        row.content());
  }

  private static Instant instant(Timestamp time) {
    return Instant.ofEpochMilli(Timestamps.toMillis(time));
  }
}
