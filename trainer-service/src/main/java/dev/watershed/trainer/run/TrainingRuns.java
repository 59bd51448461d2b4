package dev.watershed.trainer.run;

import com.google.protobuf.util.Timestamps;
import dev.watershed.classifier.checkpoint.CheckpointStore;
import dev.watershed.input.Quoted;
import dev.watershed.server.RefusedException;
import dev.watershed.server.dataset.UnknownCheckpoint;
import dev.watershed.trainer.engine.ResolvedSpec;
import dev.watershed.trainer.engine.TrainingEngine;
import dev.watershed.trainer.store.CreateCall;
import dev.watershed.trainer.store.CreatedRuns;
import dev.watershed.trainer.store.NewRun;
import dev.watershed.trainer.store.RunPage;
import dev.watershed.trainer.store.RunStore;
import dev.watershed.trainer.store.StoredRun;
import dev.watershed.trainer.v1.Seeds;
import dev.watershed.trainer.v1.TrainingProgress;
import dev.watershed.trainer.v1.TrainingRun;
import dev.watershed.trainer.v1.TrainingRunSpec;
import dev.watershed.trainer.v1.TrainingRunState;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
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

  /** How often a follower looks into the database for what other processes do. */
  private static final Duration LOOK_INTERVAL = Duration.ofSeconds(1);

  /** Where a watched run is sent to. */
  @FunctionalInterface
  public interface Follower {
    /**
     * @throws java.util.concurrent.CancellationException when nobody follows any more
     */
    void send(TrainingRun run) throws InterruptedException;

    /** Called now and then while nothing happens; throws as {@link #send} does. */
    default void throwIfGone() {}
  }

  private final RunStore store;
  private final RunFeed feed;
  private final RunWorker worker;
  private final TrainingEngine engine;
  private final CheckpointStore checkpoints;
  private final TrainerConfiguration configuration;
  private final Clock clock;
  private final SecureRandom random = new SecureRandom();

  public TrainingRuns(
      RunStore store,
      RunFeed feed,
      RunWorker worker,
      TrainingEngine engine,
      CheckpointStore checkpoints,
      TrainerConfiguration configuration,
      Clock clock) {
    this.store = store;
    this.feed = feed;
    this.worker = worker;
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
   * @param reuse whether runs of the same spec, weights and rows are returned instead of new ones
   * @throws RefusedException as {@code CreateTrainingRun} documents
   */
  public CreatedRuns create(CreateCall call, TrainingRunSpec spec, List<Seeds> seeds, boolean reuse)
      throws IOException {
    var known = store.findCreatedBy(call);
    if (known.isPresent()) {
      return known.get();
    }
    var resolved = engine.resolve(spec);
    var runs = new ArrayList<NewRun>();
    for (var pair : seeds) {
      var seeded = resolved.with(pair);
      runs.add(new NewRun(queued(seeded), seeded.identity()));
    }
    var created =
        store.create(
            call,
            () -> refuseDeleted(spec.getInitialCheckpoint()),
            runs,
            run -> reuse && hasItsCheckpoints(run),
            configuration.maxQueuedRuns());
    log.info(
        "{} run(s) of \"{}\" queued, {} there already",
        created.runs().size() - created.reusedCount(),
        Quoted.of(spec.getDisplayName()),
        created.reusedCount());
    worker.wake();
    return created;
  }

  /**
   * What the runs begin with may have been deleted since their spec was resolved.
   *
   * @param checkpoint empty where they begin with random weights
   */
  private void refuseDeleted(String checkpoint) {
    if (!checkpoint.isEmpty() && !isThere(checkpoint)) {
      throw UnknownCheckpoint.refused(checkpoint, checkpoints);
    }
  }

  /** What a run has written may have been deleted since; then it is of no use to anybody. */
  private boolean hasItsCheckpoints(TrainingRun run) {
    return run.getCheckpointsList().stream().allMatch(this::isThere);
  }

  private boolean isThere(String checkpoint) {
    try {
      return checkpoints.find(checkpoint.substring(checkpoint.indexOf('/') + 1)).isPresent();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private TrainingRun queued(ResolvedSpec resolved) {
    return TrainingRun.newBuilder()
        .setName(RunStore.name(newId()))
        .setSpec(resolved.spec())
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
   * Returns a run.
   *
   * @throws RefusedException NOT_FOUND
   */
  public TrainingRun get(String id) {
    return store.find(id).map(StoredRun::run).orElseThrow(() -> notFound(id));
  }

  /**
   * Returns a run with its curve.
   *
   * @throws RefusedException NOT_FOUND
   */
  public TrainingRun getWithCurve(String id) {
    return withCurveAfter(0, get(id));
  }

  /** Adds the part of its curve that lies after a step. */
  private TrainingRun withCurveAfter(long step, TrainingRun run) {
    var curve =
        store.curve(RunStore.id(run)).stream().filter(point -> point.getStep() > step).toList();
    return curve.isEmpty() ? run : run.toBuilder().addAllCurve(curve).build();
  }

  /** Returns runs, oldest first; see {@link RunStore#list}. */
  public RunPage list(Set<TrainingRunState> states, String displayName, long after, int limit) {
    return store.list(states, displayName, after, limit);
  }

  /**
   * Ends a waiting run; asks a running one to stop after its step. Changes nothing where it has
   * ended.
   *
   * @throws RefusedException NOT_FOUND
   */
  public TrainingRun cancel(String id) {
    var run =
        store
            .update(
                id,
                before ->
                    switch (before.run().getState()) {
                      case TRAINING_RUN_STATE_QUEUED -> before.with(cancelled(before.run()));
                      case TRAINING_RUN_STATE_RUNNING ->
                          new StoredRun(before.run(), true, before.crashes());
                      default -> before;
                    })
            .orElseThrow(() -> notFound(id))
            .run();
    if (run.getState() == TrainingRunState.TRAINING_RUN_STATE_CANCELLED) {
      feed.publish(run);
    }
    worker.cancel(run.getName());
    return run;
  }

  private TrainingRun cancelled(TrainingRun run) {
    return run.toBuilder()
        .setState(TrainingRunState.TRAINING_RUN_STATE_CANCELLED)
        .setEndTime(Timestamps.fromMillis(clock.millis()))
        .build();
  }

  /**
   * Sends a run as it is now and at each change until it has ended, with what its curve has gained
   * since it was sent before. What this process does with it is heard at once; what others do, and
   * the curve, is read from the database.
   *
   * @throws RefusedException NOT_FOUND; UNAVAILABLE where the server is going down
   */
  public void follow(String id, Follower listener) throws InterruptedException {
    var follower = new CurveFollower(listener);
    try (var subscription = feed.subscribe(RunStore.name(id))) {
      var told = get(id);
      follower.send(told);
      while (!RunStates.isEnded(told)) {
        var next = subscription.next(LOOK_INTERVAL);
        follower.throwIfGone();
        if (next == null) {
          next = get(id);
        }
        if (RunStates.isNews(told, next)) {
          told = tell(told, next, follower);
        }
      }
    }
  }

  /** Adds to each run what its curve has gained. */
  private final class CurveFollower implements Follower {
    private final Follower to;
    private long sentStep;

    CurveFollower(Follower to) {
      this.to = to;
    }

    @Override
    public void send(TrainingRun run) throws InterruptedException {
      long stride = LossCurve.stride(run.getProgress().getTotalSteps());
      boolean gained = run.getProgress().getStep() / stride > sentStep / stride;
      var whole = gained || RunStates.isEnded(run) ? withCurveAfter(sentStep, run) : run;
      if (whole.getCurveCount() > 0) {
        sentStep = whole.getCurve(whole.getCurveCount() - 1).getStep();
      }
      to.send(whole);
    }

    @Override
    public void throwIfGone() {
      to.throwIfGone();
    }
  }

  /** A run that was seen waiting and then ended has run in between. */
  private static TrainingRun tell(TrainingRun told, TrainingRun next, Follower follower)
      throws InterruptedException {
    if (told.getState() == TrainingRunState.TRAINING_RUN_STATE_QUEUED
        && RunStates.isEnded(next)
        && next.hasStartTime()) {
      follower.send(
          next.toBuilder()
              .setState(TrainingRunState.TRAINING_RUN_STATE_RUNNING)
              .clearEndTime()
              .clearError()
              .build());
    }
    follower.send(next);
    return next;
  }

  /** There is no such run, or not any more. */
  public static RefusedException notFound(String id) {
    return RefusedException.notFound(
        "TRAINING_RUN_NOT_FOUND",
        RunStore.name(id),
        "There is no run \"" + RunStore.name(id) + "\"; list the runs.");
  }
}
