package dev.watershed.trainer.run;

import com.google.protobuf.util.Timestamps;
import dev.watershed.classifier.checkpoint.CheckpointStore;
import dev.watershed.input.CheckpointName;
import dev.watershed.input.InvalidInputException;
import dev.watershed.input.Quoted;
import dev.watershed.jobs.CreateCall;
import dev.watershed.jobs.CreatedJobs;
import dev.watershed.jobs.Job;
import dev.watershed.jobs.JobPage;
import dev.watershed.jobs.Jobs;
import dev.watershed.jobs.NewJob;
import dev.watershed.jobs.Watcher;
import dev.watershed.server.RefusedException;
import dev.watershed.server.dataset.UnknownCheckpoint;
import dev.watershed.trainer.engine.ResolvedSpec;
import dev.watershed.trainer.engine.TrainingEngine;
import dev.watershed.trainer.store.CreatedRuns;
import dev.watershed.trainer.store.RunContent;
import dev.watershed.trainer.store.RunKind;
import dev.watershed.trainer.store.RunStore;
import dev.watershed.trainer.v1.RunCheckpoint;
import dev.watershed.trainer.v1.Seeds;
import dev.watershed.trainer.v1.TrainingPoint;
import dev.watershed.trainer.v1.TrainingProgress;
import dev.watershed.trainer.v1.TrainingRun;
import dev.watershed.trainer.v1.TrainingRunSpec;
import dev.watershed.trainer.v1.TrainingRunState;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** All runs: what can be asked of them. */
@Singleton
public final class TrainingRuns {
  private static final Logger log = LoggerFactory.getLogger(TrainingRuns.class);
  private static final int ID_LENGTH = 12;
  private static final String ID_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";

  private final RunStore store;
  private final Jobs<RunContent> jobs;
  private final TrainingEngine engine;
  private final CheckpointStore checkpoints;
  private final TrainerConfiguration configuration;
  private final Clock clock;
  private final SecureRandom random = new SecureRandom();

  public TrainingRuns(
      RunStore store,
      Jobs<RunContent> jobs,
      TrainingEngine engine,
      CheckpointStore checkpoints,
      TrainerConfiguration configuration,
      Clock clock) {
    this.store = store;
    this.jobs = jobs;
    this.engine = engine;
    this.checkpoints = checkpoints;
    this.configuration = configuration;
    this.clock = clock;
  }

  /**
   * Queues a run of one spec for each pair of seeds, all or none; a repeated call returns what it
   * made first.
   *
   * @param spec one that keeps the rules of its contract
   * @param reuse whether runs of the same spec, seeds, weights and rows are returned instead of new
   *     ones
   * @throws RefusedException as {@code CreateTrainingRun} documents
   */
  public CreatedRuns create(CreateCall call, TrainingRunSpec spec, List<Seeds> seeds, boolean reuse)
      throws IOException {
    var known = store.jobs().findCreatedBy(call);
    if (known.isPresent()) {
      return answer(known.get());
    }
    var files = engine.files(spec);
    var resolved = engine.resolve(spec);
    var runs = new ArrayList<NewJob<RunContent>>();
    for (var pair : seeds) {
      var run = queued(resolved, pair);
      runs.add(new NewJob<>(RunKind.id(run), RunContent.of(resolved.identity(pair), run)));
    }
    var created =
        answer(
            store.create(
                call,
                () -> refuseDeleted(spec.getInitialCheckpoint(), files),
                runs,
                run -> reuse && hasItsCheckpoints(run),
                configuration.maxQueuedRuns()));
    log.info(
        "{} run(s) of \"{}\" queued, {} there already",
        created.runs().size() - created.reusedCount(),
        Quoted.of(spec.getDisplayName()),
        created.reusedCount());
    jobs.created();
    return created;
  }

  private static CreatedRuns answer(CreatedJobs<RunContent> created) {
    return new CreatedRuns(
        created.jobs().stream().map(RunKind::message).toList(), created.reusedCount());
  }

  /**
   * What the runs begin with and read may have been deleted since their spec was resolved.
   *
   * @param checkpoint empty where they begin with random weights
   */
  private void refuseDeleted(String checkpoint, Set<Path> files) {
    if (!checkpoint.isEmpty() && !isThere(checkpoint)) {
      throw UnknownCheckpoint.refused(checkpoint, checkpoints);
    }
    for (var file : files) {
      if (!Files.exists(file)) {
        throw new InvalidInputException(
            InvalidInputException.Kind.NOT_FOUND,
            "FILE_NOT_FOUND",
            "spec",
            "the file '%s' was deleted a moment ago"
                .formatted(Quoted.of(String.valueOf(file.getFileName()))));
      }
    }
  }

  /** What a run has written may have been deleted since; then it is of no use to anybody. */
  private boolean hasItsCheckpoints(TrainingRun run) {
    return run.getCheckpointsList().stream()
        .map(RunCheckpoint::getCheckpoint)
        .allMatch(this::isThere);
  }

  private boolean isThere(String checkpoint) {
    try {
      return checkpoints.find(CheckpointName.of(checkpoint).id()).isPresent();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private TrainingRun queued(ResolvedSpec resolved, Seeds seeds) {
    return TrainingRun.newBuilder()
        .setName(store.jobs().kind().name(newId()))
        .setSpec(resolved.spec())
        .setSeeds(seeds)
        .addAllSplits(resolved.splits())
        .addAllNotices(resolved.notices())
        .setState(TrainingRunState.TRAINING_RUN_STATE_QUEUED)
        .setProgress(TrainingProgress.newBuilder().setTotalSteps(resolved.totalSteps()))
        .setCreateTime(Timestamps.fromMillis(clock.millis()))
        .build();
  }

  /** Whether a text is what runs are called, so that a directory of that name is one's. */
  static boolean isId(String text) {
    return text.length() == ID_LENGTH && text.chars().allMatch(c -> ID_ALPHABET.indexOf(c) >= 0);
  }

  private String newId() {
    var id = new StringBuilder();
    for (int i = 0; i < ID_LENGTH; i++) {
      id.append(ID_ALPHABET.charAt(random.nextInt(ID_ALPHABET.length())));
    }
    return id.toString();
  }

  /**
   * Returns a run with its curve.
   *
   * @throws RefusedException NOT_FOUND
   */
  public TrainingRun getWithCurve(String id) {
    var run = jobs.get(id);
    return RunKind.message(run).toBuilder().addAllCurve(curve(run)).build();
  }

  private List<TrainingPoint> curve(Job<RunContent> run) {
    var known = run.content().curve();
    return known == null ? store.curve(run.id()) : known;
  }

  /** Returns runs, oldest first; see {@link RunStore#list}. */
  public JobPage<TrainingRun> list(
      Set<TrainingRunState> states, String displayName, long after, int limit, boolean full) {
    return store.list(states, displayName, after, limit, full);
  }

  /**
   * Ends a waiting run; asks a running one to stop after its step. Changes nothing where it has
   * ended.
   *
   * @throws RefusedException NOT_FOUND
   */
  public TrainingRun cancel(String id) {
    return RunKind.message(jobs.cancel(id));
  }

  /** Where a followed run is sent to. */
  @FunctionalInterface
  public interface Follower {
    /**
     * @throws java.util.concurrent.CancellationException when nobody follows any more
     */
    void send(TrainingRun run) throws InterruptedException;
  }

  /**
   * Sends a run as it is now and at each change until it has ended, with what its curve has gained
   * since it was sent before.
   *
   * @throws RefusedException NOT_FOUND; UNAVAILABLE where the server is going down
   * @throws java.util.concurrent.CancellationException once the call that this is part of is over
   */
  public void follow(String id, Follower follower) throws InterruptedException {
    jobs.watch(id, new CurveWatcher(follower));
  }

  /** Adds to each run what its curve has gained. */
  private final class CurveWatcher implements Watcher<RunContent> {
    private final Follower to;
    private long sentStep;

    CurveWatcher(Follower to) {
      this.to = to;
    }

    @Override
    public void see(Job<RunContent> run) throws InterruptedException {
      var progress = run.content().run().getProgress();
      long stride = TrainingCurve.stride(progress.getTotalSteps());
      var message = RunKind.message(run).toBuilder();
      if (progress.getStep() / stride > sentStep / stride || run.state().ended()) {
        for (var point : curve(run)) {
          if (point.getStep() > sentStep) {
            message.addCurve(point);
            sentStep = point.getStep();
          }
        }
      }
      to.send(message.build());
    }
  }

  /** There is no such run, or not any more. */
  public RefusedException notFound(String id) {
    return store.jobs().kind().notFound(id);
  }
}
