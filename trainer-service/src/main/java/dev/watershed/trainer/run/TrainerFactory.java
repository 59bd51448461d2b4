package dev.watershed.trainer.run;

import dev.watershed.classifier.TorchSettings;
import dev.watershed.classifier.checkpoint.CheckpointStore;
import dev.watershed.classifier.data.DataRoots;
import dev.watershed.classifier.data.Datasets;
import dev.watershed.jobs.JobFeed;
import dev.watershed.jobs.JobMetrics;
import dev.watershed.jobs.JobWorker;
import dev.watershed.jobs.Jobs;
import dev.watershed.jobs.Upkeep;
import dev.watershed.server.DiskSpace;
import dev.watershed.server.Errors;
import dev.watershed.trainer.engine.TrainingEngine;
import dev.watershed.trainer.store.RunContent;
import dev.watershed.trainer.store.RunStore;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.micronaut.context.annotation.Bean;
import io.micronaut.context.annotation.Factory;
import io.micronaut.jdbc.DataSourceResolver;
import jakarta.inject.Named;
import jakarta.inject.Singleton;
import java.time.Clock;
import java.time.Duration;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/** Puts the trainer's parts together in a process of ours. */
@Factory
final class TrainerFactory {
  private static final Duration UPKEEP_INTERVAL = Duration.ofHours(1);

  @Singleton
  RunStore store(
      @Named("trainer") DataSource dataSource,
      @Nullable DataSourceResolver resolver,
      CheckpointStore checkpoints,
      TrainerConfiguration configuration,
      Clock clock) {
    var store = new RunStore(plain(dataSource, resolver), clock);
    Ownership.require(store, checkpoints, configuration.adopt());
    store.fillColumns();
    return store;
  }

  /**
   * @param torch here so that libtorch runs as configured
   */
  @Singleton
  TrainingEngine engine(
      CheckpointStore checkpoints,
      DataRoots roots,
      Datasets datasets,
      TrainerConfiguration configuration,
      TorchSettings torch,
      DiskSpace disk) {
    return new TrainingEngine(
        checkpoints, roots, datasets, configuration.limits(), configuration.work(), disk);
  }

  @Bean(preDestroy = "close")
  @Singleton
  JobFeed<RunContent> feed(RunStore store) {
    return new JobFeed<>(store.jobs().kind());
  }

  @Singleton
  RunLoop loop(
      RunStore store, TrainingEngine engine, TrainerConfiguration configuration, Clock clock) {
    return new RunLoop(store, engine, configuration.keepStates(), clock);
  }

  @Bean(preDestroy = "close")
  @Singleton
  @Named("trainer")
  Upkeep upkeep(
      @Named("trainer") DataSource dataSource,
      @Nullable DataSourceResolver resolver,
      RunLoop loop,
      Clock clock) {
    return new Upkeep(
        plain(dataSource, resolver),
        "training_upkeep",
        "delete-saved-states",
        UPKEEP_INTERVAL,
        loop::forgetEnded,
        clock);
  }

  @Bean(preDestroy = "close")
  @Singleton
  JobWorker<RunContent> worker(
      @Named("trainer") DataSource dataSource,
      @Nullable DataSourceResolver resolver,
      RunStore store,
      JobFeed<RunContent> feed,
      RunLoop loop,
      TrainerConfiguration configuration,
      Errors errors,
      Clock clock) {
    return new JobWorker<>(
        plain(dataSource, resolver),
        store.jobs(),
        feed,
        loop,
        configuration.worker(),
        errors,
        clock);
  }

  @Singleton
  Jobs<RunContent> jobs(RunStore store, JobFeed<RunContent> feed, JobWorker<RunContent> worker) {
    return new Jobs<>(store.jobs(), feed, worker);
  }

  @Singleton
  @Named("trainer-jobs")
  MeterBinder jobMetrics(RunStore store) {
    return new JobMetrics(store.jobs());
  }

  @Singleton
  @Named("trainer-steps")
  MeterBinder stepMetrics(RunLoop loop) {
    return meters ->
        FunctionCounter.builder("watershed.trainer.steps", loop, RunLoop::stepCount)
            .description("Optimizer steps done by this process")
            .register(meters);
  }

  /** Without the wrapping that ties connections to Micronaut's own transactions. */
  private static DataSource plain(DataSource dataSource, @Nullable DataSourceResolver resolver) {
    return (resolver == null ? DataSourceResolver.DEFAULT : resolver).resolve(dataSource);
  }
}
