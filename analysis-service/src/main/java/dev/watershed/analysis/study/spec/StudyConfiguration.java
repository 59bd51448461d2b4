package dev.watershed.analysis.study.spec;

import dev.watershed.jobs.WorkerSettings;
import dev.watershed.server.ConfigurationException;
import io.micronaut.context.annotation.ConfigurationProperties;
import io.micronaut.core.bind.annotation.Bindable;
import java.time.Duration;

/**
 * How studies are worked on.
 *
 * @param concurrentStudies studies that this process works on at a time; 0 makes it one that only
 *     answers calls
 * @param soleWorker whether no other process works on the same database, so that what a killed
 *     process left is taken up at once and not when its heartbeat is missed
 * @param maxPoints a study that needs more evaluations is refused
 * @param pollInterval how often the queue, and a watched study that another process works on, are
 *     looked at
 * @param heartbeatInterval how often a worker says that it lives; four missed ones and its study is
 *     taken over
 * @param maxQueuedStudies more are refused
 * @param keepPoints how long the points of a study are kept after it ended and another last took
 *     some over; its report is kept as long as it is
 */
@ConfigurationProperties("watershed.analysis")
public record StudyConfiguration(
    @Bindable(defaultValue = "1") int concurrentStudies,
    @Bindable(defaultValue = "false") boolean soleWorker,
    @Bindable(defaultValue = "1000000") long maxPoints,
    @Bindable(defaultValue = "1s") Duration pollInterval,
    @Bindable(defaultValue = "15s") Duration heartbeatInterval,
    @Bindable(defaultValue = "1000") int maxQueuedStudies,
    @Bindable(defaultValue = "180d") Duration keepPoints) {
  private static final String PREFIX = "watershed.analysis.";

  /** A study that ended its process so often without one more point is not tried again. */
  private static final int MAX_CRASHES = 2;

  private static final Duration DRAIN = Duration.ofSeconds(10);

  public StudyConfiguration {
    ConfigurationException.requireBetween(
        PREFIX + "concurrent-studies", concurrentStudies, 0, 1000);
    ConfigurationException.requireAtLeast(PREFIX + "max-points", maxPoints, 1);
    ConfigurationException.requirePositive(PREFIX + "poll-interval", pollInterval);
    ConfigurationException.requirePositive(PREFIX + "heartbeat-interval", heartbeatInterval);
    ConfigurationException.requireBetween(
        PREFIX + "max-queued-studies", maxQueuedStudies, 1, 1_000_000);
    ConfigurationException.requirePositive(PREFIX + "keep-points", keepPoints);
  }

  /** How studies are worked on. */
  public WorkerSettings worker() {
    return new WorkerSettings(
        concurrentStudies, pollInterval, heartbeatInterval, soleWorker, false, MAX_CRASHES, DRAIN);
  }
}
