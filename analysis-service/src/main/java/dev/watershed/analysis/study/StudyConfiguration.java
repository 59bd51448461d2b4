package dev.watershed.analysis.study;

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
 */
@ConfigurationProperties("watershed.analysis")
public record StudyConfiguration(
    @Bindable(defaultValue = "1") int concurrentStudies,
    @Bindable(defaultValue = "false") boolean soleWorker,
    @Bindable(defaultValue = "1000000") long maxPoints,
    @Bindable(defaultValue = "1s") Duration pollInterval,
    @Bindable(defaultValue = "15s") Duration heartbeatInterval) {
  private static final String PREFIX = "watershed.analysis.";

  public StudyConfiguration {
    ConfigurationException.requireBetween(
        PREFIX + "concurrent-studies", concurrentStudies, 0, 1000);
    ConfigurationException.requireAtLeast(PREFIX + "max-points", maxPoints, 1);
    ConfigurationException.requirePositive(PREFIX + "poll-interval", pollInterval);
    ConfigurationException.requirePositive(PREFIX + "heartbeat-interval", heartbeatInterval);
  }
}
