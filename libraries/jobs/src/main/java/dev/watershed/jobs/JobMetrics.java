package dev.watershed.jobs;

import com.google.common.base.Suppliers;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How many jobs of a kind there are in each state, of all processes that share a database. */
public final class JobMetrics implements MeterBinder {
  private static final Logger log = LoggerFactory.getLogger(JobMetrics.class);

  /** A look at the database serves every state, and whoever asks meanwhile. */
  private static final Duration FRESH = Duration.ofSeconds(5);

  private final String noun;
  private final Supplier<Map<JobState, Long>> counts;

  public JobMetrics(JobStore<?> store) {
    this.noun = store.kind().noun();
    this.counts = Suppliers.memoizeWithExpiration(() -> counts(store), FRESH);
  }

  /**
   * Nothing where the database cannot be asked: whoever reads the metrics then still gets others.
   */
  private static Map<JobState, Long> counts(JobStore<?> store) {
    try {
      return store.counts();
    } catch (StoreException e) {
      log.warn("Metrics are told without those of jobs: {}", e.getMessage());
      return Map.of();
    }
  }

  @Override
  public void bindTo(MeterRegistry registry) {
    for (var state : JobState.values()) {
      Gauge.builder("watershed.jobs", () -> count(state))
          .description("Jobs in the database by kind and state")
          .tag("kind", noun)
          .tag("state", state.name().toLowerCase(Locale.ROOT))
          .register(registry);
    }
  }

  private Number count(JobState state) {
    var all = counts.get();
    return all.isEmpty() ? Double.NaN : all.get(state);
  }
}
