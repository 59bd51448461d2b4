package dev.watershed.analysis.fleet;

import dev.watershed.server.ConfigurationException;
import io.micronaut.context.annotation.ConfigurationProperties;
import io.micronaut.core.bind.annotation.Bindable;
import java.time.Duration;

/**
 * Where the evaluators are and how patient we are with them.
 *
 * @param address where they are: {@code HOST:PORT} or {@code dns:///HOST:PORT}, an evaluator for
 *     each address that the name has, looked up again every two seconds while there is work;
 *     several with commas between; or {@code inprocess:NAME} for one in this process
 * @param concurrency pairs in flight at a time at one evaluator, over all studies of this process;
 *     0: as many as it has workers, and one whose models it reads meanwhile
 * @param deadline how long one call may take; what it has sent by then is kept, and the rest asked
 *     for again
 * @param firstBackoff wait before a failed call is repeated; doubled each time
 * @param longestBackoff the longest such wait, unless the evaluator asks for a longer one
 * @param checkDeadline how long a new study waits for what the evaluator can tell without computing
 * @param probeDeadline how long an evaluator may take to say that it is there, before it gets work
 * @param patience how long failing calls that bring no point are repeated, and an evaluator is
 *     waited for where none answers, before the study fails
 * @param absence how long an evaluator is waited for where their name has no address, as where
 *     there are none because none was needed
 * @param keepAlive a connection with calls that was silent for so long is asked whether it still
 *     lives; at least ten seconds
 * @param keepAliveTimeout one that does not answer within this is closed, and its pairs go to
 *     another evaluator or are asked for again
 */
@ConfigurationProperties("watershed.analysis.evaluator")
public record EvaluatorConfiguration(
    @Bindable(defaultValue = "dns:///127.0.0.1:8980") String address,
    @Bindable(defaultValue = "0") int concurrency,
    @Bindable(defaultValue = "30m") Duration deadline,
    @Bindable(defaultValue = "5s") Duration checkDeadline,
    @Bindable(defaultValue = "3s") Duration probeDeadline,
    @Bindable(defaultValue = "500ms") Duration firstBackoff,
    @Bindable(defaultValue = "30s") Duration longestBackoff,
    @Bindable(defaultValue = "15m") Duration patience,
    @Bindable(defaultValue = "15m") Duration absence,
    @Bindable(defaultValue = "10s") Duration keepAlive,
    @Bindable(defaultValue = "3s") Duration keepAliveTimeout) {
  private static final String PREFIX = "watershed.analysis.evaluator.";

  public EvaluatorConfiguration {
    ConfigurationException.requireBetween(PREFIX + "concurrency", concurrency, 0, 10_000);
    ConfigurationException.requirePositive(PREFIX + "deadline", deadline);
    ConfigurationException.requirePositive(PREFIX + "check-deadline", checkDeadline);
    ConfigurationException.requirePositive(PREFIX + "probe-deadline", probeDeadline);
    ConfigurationException.requirePositive(PREFIX + "first-backoff", firstBackoff);
    ConfigurationException.requirePositive(PREFIX + "longest-backoff", longestBackoff);
    ConfigurationException.requirePositive(PREFIX + "patience", patience);
    ConfigurationException.requirePositive(PREFIX + "absence", absence);
    ConfigurationException.requirePositive(PREFIX + "keep-alive", keepAlive);
    ConfigurationException.requirePositive(PREFIX + "keep-alive-timeout", keepAliveTimeout);
  }
}
