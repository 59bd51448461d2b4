package dev.watershed.analysis.study;

import dev.watershed.analysis.fleet.Lanes;
import dev.watershed.analysis.store.KnownPoints;
import dev.watershed.analysis.store.StudyContent;
import dev.watershed.analysis.store.StudyStore;
import dev.watershed.analysis.store.UnusedPoints;
import dev.watershed.analysis.study.measuring.StudyLoop;
import dev.watershed.analysis.study.spec.StudyConfiguration;
import dev.watershed.jobs.JobFeed;
import dev.watershed.jobs.JobMetrics;
import dev.watershed.jobs.JobWorker;
import dev.watershed.jobs.Jobs;
import dev.watershed.jobs.Upkeep;
import dev.watershed.server.Errors;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.micronaut.context.annotation.Bean;
import io.micronaut.context.annotation.Factory;
import jakarta.inject.Named;
import jakarta.inject.Singleton;
import java.time.Clock;
import java.time.Duration;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Puts together what works on studies in a process of ours. */
@Factory
final class StudyFactory {
  private static final Logger log = LoggerFactory.getLogger(StudyFactory.class);
  private static final Duration UPKEEP_INTERVAL = Duration.ofHours(1);

  @Singleton
  StudyStore store(@Named("analysis") DataSource dataSource, Clock clock) {
    return new StudyStore(dataSource, clock);
  }

  @Bean(preDestroy = "close")
  @Singleton
  JobFeed<StudyContent> feed(StudyStore store) {
    return new JobFeed<>(store.jobs().kind());
  }

  @Bean(preDestroy = "close")
  @Singleton
  JobWorker<StudyContent> worker(
      @Named("analysis") DataSource dataSource,
      StudyStore store,
      JobFeed<StudyContent> feed,
      KnownPoints known,
      Lanes lanes,
      StudyConfiguration configuration,
      Errors errors,
      Clock clock) {
    return new JobWorker<>(
        dataSource,
        store.jobs(),
        feed,
        new StudyLoop(store, known, lanes),
        configuration.worker(),
        errors,
        clock);
  }

  @Bean(preDestroy = "close")
  @Singleton
  @Named("analysis")
  Upkeep upkeep(
      @Named("analysis") DataSource dataSource,
      UnusedPoints points,
      StudyConfiguration configuration,
      Clock clock) {
    return new Upkeep(
        dataSource,
        "study_upkeep",
        "delete-unused-points",
        UPKEEP_INTERVAL,
        () -> {
          long deleted =
              points.deleteUnusedSince(clock.instant().minus(configuration.keepPoints()));
          if (deleted > 0) {
            log.info("{} points were deleted that no study took over for long", deleted);
          }
        },
        clock);
  }

  @Singleton
  Jobs<StudyContent> jobs(
      StudyStore store, JobFeed<StudyContent> feed, JobWorker<StudyContent> worker) {
    return new Jobs<>(store.jobs(), feed, worker);
  }

  @Singleton
  @Named("analysis-jobs")
  MeterBinder jobMetrics(StudyStore store) {
    return new JobMetrics(store.jobs());
  }
}
