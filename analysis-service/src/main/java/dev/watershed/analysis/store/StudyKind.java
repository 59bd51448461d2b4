package dev.watershed.analysis.store;

import com.google.protobuf.Timestamp;
import com.google.protobuf.util.Timestamps;
import dev.watershed.analysis.v1.Study;
import dev.watershed.analysis.v1.StudyProgress;
import dev.watershed.analysis.v1.StudySpec;
import dev.watershed.analysis.v1.StudyState;
import dev.watershed.input.StudyName;
import dev.watershed.jobs.Database;
import dev.watershed.jobs.Job;
import dev.watershed.jobs.JobKind;
import dev.watershed.jobs.JobTables;
import dev.watershed.server.RefusedException;
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

/** Studies as jobs. */
public final class StudyKind implements JobKind<StudyContent> {
  private static final Duration QUEUE_RETRY = Duration.ofSeconds(30);

  private static final JobTables TABLES =
      new JobTables(
          "study",
          "number",
          "",
          "fruitless_attempts",
          "crash_mark",
          "study_queue",
          "study",
          "study_request",
          "study_id",
          "study_create_turn");

  /** Returns a study as its callers see it. */
  public static Study message(Job<StudyContent> job) {
    var content = job.content();
    var study =
        Study.newBuilder()
            .setName(new StudyName(job.id()).toString())
            .setSpec(content.spec())
            .setModelCount(content.spec().getModelsCount())
            .setState(StudyState.valueOf("STUDY_STATE_" + job.state()))
            .setCreateTime(timestamp(job.createTime()))
            .setProgress(content.progress());
    if (job.endTime() != null) {
      study.setEndTime(timestamp(job.endTime()));
      study.getProgressBuilder().setRemainingSeconds(0);
    }
    if (job.error() != null) {
      study.setError(job.error());
    }
    return study.build();
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
    return List.of(
        "spec",
        "completed_points",
        "total_points",
        "completed_pairs",
        "total_pairs",
        "remaining_seconds",
        "elapsed_seconds",
        "intervals");
  }

  @Override
  public StudyContent read(ResultSet row) throws SQLException {
    return new StudyContent(
        Database.parse(StudySpec.parser(), row.getBytes("spec")),
        progress(row),
        row.getDouble("elapsed_seconds"),
        row.getObject("intervals", Integer.class));
  }

  static StudyProgress progress(ResultSet row) throws SQLException {
    return StudyProgress.newBuilder()
        .setCompletedPoints(row.getLong("completed_points"))
        .setTotalPoints(row.getLong("total_points"))
        .setCompletedPairs(row.getInt("completed_pairs"))
        .setTotalPairs(row.getInt("total_pairs"))
        .setRemainingSeconds(row.getDouble("remaining_seconds"))
        .build();
  }

  @Override
  public List<@Nullable Object> write(Job<StudyContent> job) {
    var content = job.content();
    var progress = content.progress();
    var values = new ArrayList<@Nullable Object>();
    values.add(content.spec().toByteArray());
    values.add(progress.getCompletedPoints());
    values.add(progress.getTotalPoints());
    values.add(progress.getCompletedPairs());
    values.add(progress.getTotalPairs());
    values.add(job.state().ended() ? 0.0 : progress.getRemainingSeconds());
    values.add(content.elapsedSeconds());
    values.add(content.intervals());
    return values;
  }

  @Override
  public Comparator<StudyContent> progress() {
    return Comparator.<StudyContent>comparingLong(this::reached)
        .thenComparingInt(content -> content.progress().getCompletedPairs());
  }

  @Override
  public long reached(StudyContent content) {
    return content.progress().getCompletedPoints();
  }

  /** Points are stored as they come, so there is nothing that its worker would have to save. */
  @Override
  public boolean endsAtOnce() {
    return true;
  }

  @Override
  public String noun() {
    return "study";
  }

  @Override
  public String name(String id) {
    return new StudyName(id).toString();
  }

  @Override
  public RefusedException notFound(String id) {
    return RefusedException.notFound(
        "STUDY_NOT_FOUND", name(id), "There is no " + name(id) + "; list the studies.");
  }

  @Override
  public RefusedException crashedRepeatedly(Job<StudyContent> job) {
    return RefusedException.refused(
        RefusedException.Kind.ABORTED,
        "CRASHED_REPEATEDLY",
        String.format(
            Locale.ROOT,
            "The server's process ended %d times in a row while it worked on this study, and no"
                + " point was stored in between; it is not tried again by itself. It may need"
                + " more memory than there is, or have been killed from outside. Create the study"
                + " again to try once more; points that are stored are taken over.",
            job.crashes().count()),
        Map.of("crashes", Integer.toString(job.crashes().count())));
  }

  @Override
  public RefusedException queueFull(long waiting, int more, int most) {
    return RefusedException.resourceExhausted(
        "QUEUE_FULL",
        String.format(
            Locale.ROOT,
            "%d studies wait, and the queue holds %d. Retry later, or raise"
                + " watershed.analysis.max-queued-studies.",
            waiting,
            most),
        QUEUE_RETRY);
  }
}
