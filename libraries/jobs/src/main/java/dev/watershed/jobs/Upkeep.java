package dev.watershed.jobs;

import com.github.kagkarlsson.scheduler.Scheduler;
import com.github.kagkarlsson.scheduler.logging.LogLevel;
import com.github.kagkarlsson.scheduler.task.helper.Tasks;
import com.github.kagkarlsson.scheduler.task.schedule.FixedDelay;
import dev.watershed.server.SteadyTime;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.sql.DataSource;

/**
 * Work that is due again and again, such as deleting what is too old; of all processes that share a
 * database, one does it at a time. When it is due is kept apart from the queue of jobs, which take
 * as long as they take: this does not wait for them.
 */
public final class Upkeep implements AutoCloseable {
  private static final Duration MAX_POLL = Duration.ofMinutes(1);
  private static final Duration DRAIN = Duration.ofSeconds(10);

  private final Scheduler scheduler;
  private final AtomicBoolean started = new AtomicBoolean();

  /**
   * @param table laid out as db-scheduler defines it, of this work alone
   * @param name what the work goes by in it
   * @param interval between an end and the next begin
   * @param work what fails is logged and tried again after the interval
   */
  public Upkeep(
      DataSource dataSource,
      String table,
      String name,
      Duration interval,
      Runnable work,
      Clock clock) {
    var task =
        Tasks.recurring(name, FixedDelay.of(interval)).execute((instance, context) -> work.run());
    this.scheduler =
        Scheduler.create(dataSource)
            .startTasks(task)
            .tableName(table)
            .threads(1)
            .pollingInterval(interval.compareTo(MAX_POLL) < 0 ? interval : MAX_POLL)
            .shutdownMaxWait(DRAIN)
            .failureLogging(LogLevel.WARN, true)
            .clock(new SteadyTime(clock)::now)
            .build();
  }

  /** Does it now, and from then on; once. */
  public void start() {
    if (started.compareAndSet(false, true)) {
      scheduler.start();
    }
  }

  @Override
  public void close() {
    scheduler.stop();
  }
}
