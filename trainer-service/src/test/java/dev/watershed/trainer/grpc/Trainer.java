package dev.watershed.trainer.grpc;

import dev.watershed.classifier.checkpoint.CheckpointStore;
import dev.watershed.classifier.checkpoint.FileCheckpointStore;
import dev.watershed.classifier.data.DataRoots;
import dev.watershed.classifier.data.Datasets;
import dev.watershed.classifier.data.UploadedFiles;
import dev.watershed.jobs.JobFeed;
import dev.watershed.jobs.JobWorker;
import dev.watershed.jobs.Jobs;
import dev.watershed.server.ByteSize;
import dev.watershed.server.DiskConfiguration;
import dev.watershed.server.DiskSpace;
import dev.watershed.server.ErrorInterceptor;
import dev.watershed.server.Errors;
import dev.watershed.server.ValidationInterceptor;
import dev.watershed.server.dataset.InvalidInputs;
import dev.watershed.trainer.engine.TrainingEngine;
import dev.watershed.trainer.engine.TrainingLimits;
import dev.watershed.trainer.run.Deletions;
import dev.watershed.trainer.run.FileDeletions;
import dev.watershed.trainer.run.RunLoop;
import dev.watershed.trainer.run.TrainerConfiguration;
import dev.watershed.trainer.run.TrainingRuns;
import dev.watershed.trainer.store.RunContent;
import dev.watershed.trainer.store.RunStore;
import dev.watershed.trainer.v1.CheckpointServiceGrpc;
import dev.watershed.trainer.v1.CreateTrainingRunRequest;
import dev.watershed.trainer.v1.Seeds;
import dev.watershed.trainer.v1.TrainingRun;
import dev.watershed.trainer.v1.TrainingRunSpec;
import dev.watershed.trainer.v1.TrainingServiceGrpc;
import dev.watershed.trainer.v1.WatchTrainingRunRequest;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.ToLongFunction;
import javax.sql.DataSource;

/**
 * A trainer's process in small: its own directory of states, served in process, on a database and a
 * checkpoint store that may outlive it.
 */
public final class Trainer implements AutoCloseable {
  private static final int MAX_QUEUED = 20;

  final CheckpointStore checkpoints;
  final RunStore store;
  final TrainingEngine engine;
  final JobWorker<RunContent> worker;
  final TrainingServiceGrpc.TrainingServiceBlockingStub training;
  final CheckpointServiceGrpc.CheckpointServiceBlockingStub checkpointService;
  private final JobFeed<RunContent> feed;
  private final RunLoop loop;
  private final Server server;
  final ManagedChannel channel;

  /**
   * @param directory holds "checkpoints", "work" and "data", a data root
   */
  Trainer(Path directory, DataSource database, boolean soleWorker) throws IOException {
    this(directory, database, soleWorker, path -> Long.MAX_VALUE);
  }

  /**
   * @param usable what is free in a directory
   */
  Trainer(Path directory, DataSource database, boolean soleWorker, ToLongFunction<Path> usable)
      throws IOException {
    var disk = new DiskSpace(new DiskConfiguration(List.of(directory), new ByteSize(1000)), usable);
    var clock = Clock.systemUTC();
    var roots = new DataRoots(List.of(directory.resolve("data")), directory.resolve("uploads"));
    var configuration =
        new TrainerConfiguration(
            TrainerConfiguration.TakeRuns.ALL,
            Duration.ofSeconds(30),
            directory.resolve("work"),
            // Four missed ones are a death, also on a busy machine.
            Duration.ofMillis(300),
            Duration.ofMillis(50),
            MAX_QUEUED,
            soleWorker,
            2,
            Duration.ofMinutes(1),
            1_000_000,
            8192,
            20,
            Duration.ofDays(7),
            false);
    var errors = new Errors(List.of(new InvalidInputs()));
    checkpoints = new FileCheckpointStore(directory.resolve("checkpoints"), clock);
    var datasets = new Datasets(roots);
    engine =
        new TrainingEngine(
            checkpoints,
            roots,
            datasets,
            new TrainingLimits(1_000_000, 8192, 20),
            configuration.work(),
            disk);
    store = new RunStore(database, clock);
    feed = new JobFeed<>(store.jobs().kind());
    loop = new RunLoop(store, engine, configuration.keepStates(), clock);
    worker =
        new JobWorker<>(database, store.jobs(), feed, loop, configuration.worker(), errors, clock);
    var jobs = new Jobs<>(store.jobs(), feed, worker);
    var runs = new TrainingRuns(store, jobs, engine, checkpoints, configuration, clock);
    var deletions = new Deletions(store, runs, engine, checkpoints);
    var uploads = new UploadedFiles(directory.resolve("uploads"), 1_000, 2_000);
    var rules = new ValidationInterceptor();
    String name = InProcessServerBuilder.generateName();
    server =
        InProcessServerBuilder.forName(name)
            .addService(new TrainingService(runs, deletions))
            .addService(new CheckpointService(checkpoints, roots, deletions, disk))
            .addService(
                new DataService(
                    datasets, roots, uploads, new FileDeletions(store, engine, uploads), disk))
            .intercept(rules)
            .intercept(new ErrorInterceptor(errors))
            .build()
            .start();
    channel = InProcessChannelBuilder.forName(name).build();
    training = TrainingServiceGrpc.newBlockingStub(channel);
    checkpointService = CheckpointServiceGrpc.newBlockingStub(channel);
  }

  /** Begins to train, as a process does. */
  void start() {
    loop.forgetEnded();
    worker.start();
  }

  /** Queues a run. */
  TrainingRun create(TrainingRunSpec spec) {
    return create(spec, Specs.SEEDS);
  }

  TrainingRun create(TrainingRunSpec spec, Seeds seeds) {
    return training
        .createTrainingRun(
            CreateTrainingRunRequest.newBuilder().setSpec(spec).setSeeds(seeds).build())
        .getTrainingRun();
  }

  /** Queues a run, waits for its end and returns it. */
  TrainingRun train(TrainingRunSpec spec) {
    return await(create(spec));
  }

  TrainingRun train(TrainingRunSpec spec, Seeds seeds) {
    return await(create(spec, seeds));
  }

  /** Waits for a run's end and returns it. */
  TrainingRun await(TrainingRun run) {
    TrainingRun last = run;
    var answers =
        training
            .withDeadlineAfter(60, TimeUnit.SECONDS)
            .watchTrainingRun(WatchTrainingRunRequest.newBuilder().setName(run.getName()).build());
    while (answers.hasNext()) {
      last = answers.next().getTrainingRun();
    }
    return last;
  }

  @Override
  public void close() {
    feed.close();
    worker.close();
    channel.shutdownNow();
    server.shutdownNow();
  }
}
