package dev.watershed.trainer.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.protobuf.util.Timestamps;
import com.google.rpc.Status;
import dev.watershed.jobs.Crashes;
import dev.watershed.jobs.CreateCall;
import dev.watershed.jobs.CreatedJobs;
import dev.watershed.jobs.Job;
import dev.watershed.jobs.JobPage;
import dev.watershed.jobs.JobState;
import dev.watershed.jobs.NewJob;
import dev.watershed.jobs.kit.TestDatabase;
import dev.watershed.jobs.kit.TestDatabase.Engine;
import dev.watershed.server.RefusedException;
import dev.watershed.trainer.v1.TrainingPoint;
import dev.watershed.trainer.v1.TrainingRun;
import dev.watershed.trainer.v1.TrainingRunSpec;
import dev.watershed.trainer.v1.TrainingRunState;
import java.time.Clock;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Runs and their migrations on each database; what they share with other jobs is tested there. */
@ParameterizedClass
@EnumSource(Engine.class)
final class RunStoreTest {
  private static final String MIGRATIONS = "classpath:db/trainer";
  private static final CreateCall ANONYMOUS = new CreateCall("", "aa");
  private static final TrainingRunState QUEUED = TrainingRunState.TRAINING_RUN_STATE_QUEUED;
  private static final TrainingRunState RUNNING = TrainingRunState.TRAINING_RUN_STATE_RUNNING;

  private final Engine engine;
  private final TestDatabase database;
  private final RunStore store;

  RunStoreTest(Engine engine) throws Exception {
    this.engine = engine;
    database = TestDatabase.create(engine, MIGRATIONS);
    store = new RunStore(database.dataSource(), Clock.systemUTC());
  }

  @AfterEach
  void close() throws Exception {
    database.close();
  }

  @Test
  void create_moreThanTheQueueHolds_isRefusedWithTheNumbers() throws Exception {
    create(ANONYMOUS, runs("a", "b"), 3);

    var refused =
        catchThrowableOfType(RefusedException.class, () -> create(ANONYMOUS, runs("c", "d"), 3));

    assertThat(refused.kind()).isEqualTo(RefusedException.Kind.RESOURCE_EXHAUSTED);
    assertThat(refused)
        .hasMessageContaining("2 runs wait and 2 more")
        .hasMessageContaining("the queue holds 3")
        .hasMessageContaining("watershed.trainer.max-queued-runs");
    assertThat(database.column("select id from training_run")).containsExactly("a", "b");
  }

  @Test
  void claim_thenSucceed_isTheMessageThatCallersSee() {
    create(ANONYMOUS, runs("a"), 10);
    assertThat(message("a").getState()).isEqualTo(QUEUED);
    assertThat(message("a").getAttemptCount()).isZero();

    setState("a", JobState.SUCCEEDED);

    var ended = message("a");
    assertThat(ended.getState()).isEqualTo(TrainingRunState.TRAINING_RUN_STATE_SUCCEEDED);
    assertThat(ended.getName()).isEqualTo("trainingRuns/a");
  }

  @Test
  void delete_lastLookRefuses_keepsAll() throws Exception {
    create(new CreateCall("once", "aa"), runs("a", "b"), 10);
    setState("b", JobState.SUCCEEDED);

    assertThatThrownBy(
            () ->
                store.delete(
                    "b",
                    (run, active) -> {
                      assertThat(RunKind.id(run)).isEqualTo("b");
                      assertThat(active).extracting(RunKind::id).containsExactly("a");
                      throw new IllegalStateException("in use");
                    }))
        .hasMessage("in use");

    assertThat(database.column("select id from training_run order by id"))
        .containsExactly("a", "b");
    assertThat(database.column("select run_id from training_request")).hasSize(2);
    assertThat(store.delete("none", (run, active) -> {})).isFalse();
  }

  @Test
  void delete_withItsCurve_leavesNothing() throws Exception {
    create(new CreateCall("once", "aa"), runs("a"), 10);
    writeCurve("a", List.of(point(1)));

    assertThat(store.delete("a", (run, active) -> {})).isTrue();

    for (var table : List.of("run", "curve", "request", "queue")) {
      assertThat(database.column("select count(*) from training_" + table)).containsExactly("0");
    }
  }

  @Test
  void create_sameIdentityNotEndedBadly_isReused() {
    create(ANONYMOUS, runs("a"), 10);
    for (var state : List.of(JobState.QUEUED, JobState.RUNNING, JobState.SUCCEEDED)) {
      setState("a", state);

      var created = store.create(ANONYMOUS, () -> {}, runs("b"), run -> true, 10);

      assertThat(ids(created)).containsExactly("a");
      assertThat(created.jobs().getFirst().state()).isEqualTo(state);
      assertThat(created.reusedCount()).isEqualTo(1);
    }
  }

  @Test
  void create_sameIdentityFailed_isMadeAnew() {
    create(ANONYMOUS, runs("a"), 10);
    setState("a", JobState.FAILED);

    var created = store.create(ANONYMOUS, () -> {}, runs("b"), run -> true, 10);

    assertThat(ids(created)).containsExactly("b");
    assertThat(created.reusedCount()).isZero();
  }

  @Test
  void create_sameIdentityCancelled_isQueuedAgain() throws Exception {
    create(ANONYMOUS, runs("a"), 10);
    store.jobs().change("a", run -> run.withCancelRequested(true).with(new Crashes(1, 3, "p")));
    store.jobs().cancel("a");
    assertThat(database.column("select task_instance from training_queue")).isEmpty();

    var created = store.create(ANONYMOUS, () -> {}, runs("b"), run -> true, 10);

    assertThat(ids(created)).containsExactly("a");
    var stored = find("a");
    assertThat(stored.state()).isEqualTo(JobState.QUEUED);
    assertThat(stored.cancelRequested()).isFalse();
    assertThat(stored.crashes()).isEqualTo(Crashes.NONE);
    assertThat(message("a").hasEndTime()).isFalse();
    assertThat(database.column("select task_instance from training_queue")).containsExactly("a");
  }

  @Test
  void create_sameIdentityAboutToBeCancelled_isNotCancelled() {
    create(ANONYMOUS, runs("a"), 10);
    setState("a", JobState.RUNNING);
    store.jobs().cancel("a");
    assertThat(find("a").cancelRequested()).isTrue();

    assertThat(ids(store.create(ANONYMOUS, () -> {}, runs("b"), run -> true, 10)))
        .containsExactly("a");
    assertThat(find("a").cancelRequested()).isFalse();
  }

  @Test
  void curve_written_isKeptApartFromTheRun() {
    create(ANONYMOUS, runs("a"), 10);

    writeCurve("a", List.of(point(1)));
    assertThat(store.curve("a")).containsExactly(point(1));
    writeCurve("a", List.of(point(1), point(2)));

    assertThat(store.curve("a")).containsExactly(point(1), point(2));
    assertThat(store.curve("nobody")).isEmpty();
    assertThat(message("a").getCurveList()).isEmpty();
  }

  @Test
  void create_severalToReuse_takesTheFurthestThatWillDo() {
    create(ANONYMOUS, runs("deleted", "queued", "succeeded", "running"), 10);
    setState("deleted", JobState.SUCCEEDED);
    setState("succeeded", JobState.SUCCEEDED);
    setState("running", JobState.RUNNING);

    var created =
        store.create(ANONYMOUS, () -> {}, runs("b"), run -> !RunKind.id(run).equals("deleted"), 10);

    assertThat(ids(created)).containsExactly("succeeded");
  }

  @Test
  void create_sameIdentityTwiceInOneCall_isOneRunThatIsNotCountedAsReused() throws Exception {
    var once = new CreateCall("once", "aa");
    var created = store.create(once, () -> {}, runs("a", "b"), run -> true, 1);

    assertThat(ids(created)).containsExactly("a", "a");
    assertThat(created.reusedCount()).isZero();
    assertThat(database.column("select task_instance from training_queue")).containsExactly("a");
    assertThat(store.jobs().findCreatedBy(once)).contains(created);
  }

  @Test
  void create_someReused_queuesTheOthersAndAnswersTheSameAgain() throws Exception {
    create(ANONYMOUS, runs("a"), 10);
    var call = new CreateCall("once", "aa");
    var wanted = List.of(newRun("b", "", "other"), newRun("c", "", "same"));

    var created = store.create(call, () -> {}, wanted, run -> true, 2);

    assertThat(ids(created)).containsExactly("b", "a");
    assertThat(created.reusedCount()).isEqualTo(1);
    assertThat(database.column("select task_instance from training_queue order by execution_time"))
        .containsExactly("a", "b");
    // Also once the reused run would not be reused any more.
    store.jobs().cancel("a");
    var again = store.create(call, () -> {}, wanted, run -> true, 2);
    assertThat(ids(again)).containsExactly("b", "a");
    assertThat(again.reusedCount()).isEqualTo(1);
  }

  @Test
  void create_allReusedWhileTheQueueIsFull_isAnswered() {
    create(ANONYMOUS, runs("a", "b"), 2);

    assertThat(store.create(ANONYMOUS, () -> {}, runs("c"), run -> true, 1).reusedCount())
        .isEqualTo(1);
  }

  @Test
  void create_sameSweepAtTheSameMoment_makesOneSet() throws Exception {
    // Two stores stand for two processes: what keeps them apart is the database.
    var stores = List.of(store, new RunStore(database.dataSource(), Clock.systemUTC()));
    var start = new CountDownLatch(1);
    try (var threads = Executors.newFixedThreadPool(8)) {
      List<Future<CreatedJobs<RunContent>>> created =
          IntStream.range(0, 8)
              .mapToObj(
                  i ->
                      threads.submit(
                          () -> {
                            start.await();
                            var sweep =
                                IntStream.range(0, 5)
                                    .mapToObj(seed -> newRun(i + "-" + seed, "", "seed" + seed))
                                    .toList();
                            return stores
                                .get(i % 2)
                                .create(ANONYMOUS, () -> {}, sweep, run -> true, 100);
                          }))
              .toList();
      start.countDown();
      int reused = 0;
      var sets = new HashSet<List<String>>();
      for (var future : created) {
        sets.add(ids(future.get()));
        reused += future.get().reusedCount();
      }
      assertThat(sets).hasSize(1);
      assertThat(reused).isEqualTo(7 * 5);
    }
    assertThat(database.column("select id from training_run")).hasSize(5);
  }

  @Test
  void list_byDisplayNameAndState_leavesOthersOut() {
    create(
        ANONYMOUS,
        List.of(newRun("a", "sweep", "1"), newRun("b", "other", "2"), newRun("c", "sweep", "3")),
        10);
    setState("b", JobState.RUNNING);

    var first = store.list(Set.of(QUEUED), "sweep", 0, 1, true);
    assertThat(ids(first)).containsExactly("a");
    assertThat(ids(store.list(Set.of(), "sweep", first.next().orElseThrow(), 1, true)))
        .containsExactly("c");
    assertThat(ids(store.list(Set.of(), "none", 0, 10, true))).isEmpty();
    assertThat(ids(store.list(Set.of(RUNNING), "", 0, 10, true))).containsExactly("b");
    assertThat(ids(store.list(Set.of(QUEUED, RUNNING), "", 0, 10, true)))
        .containsExactly("a", "b", "c");
  }

  @Test
  void migrate_databaseOfTheFirstVersion_keepsItsRunsTheirLivesAndRequests() throws Exception {
    try (var old = TestDatabase.createAt(engine, MIGRATIONS, "1")) {
      var before =
          run("old1", "name1").toBuilder()
              .setState(TrainingRunState.TRAINING_RUN_STATE_FAILED)
              .setAttemptCount(3)
              .setStartTime(Timestamps.fromMillis(1_700_000_000_001L))
              .setEndTime(Timestamps.fromMillis(1_700_000_000_999L))
              .setError(Status.newBuilder().setCode(13).setMessage("no"))
              .build();
      try (var connection = old.dataSource().getConnection();
          var insert =
              connection.prepareStatement(
                  "insert into training_run (id, request_id, request_position, request_digest,"
                      + " state, cancel_requested, attempts_since_save, create_time, update_time,"
                      + " payload, version) values (?, 'once', ?, 'aa', ?, false, 0,"
                      + " current_timestamp, current_timestamp, ?, 1)")) {
        int position = 0;
        for (var run : List.of(run("old0", "name0"), before)) {
          insert.setString(1, RunKind.id(run));
          insert.setInt(2, position++);
          insert.setString(3, run.getState().name());
          insert.setBytes(4, run.toByteArray());
          insert.executeUpdate();
        }
      }

      old.migrate();
      var migrated = new RunStore(old.dataSource(), Clock.systemUTC());

      assertThat(migrated.fillColumns()).isEqualTo(2);
      assertThat(migrated.fillColumns()).isZero();
      var listed = migrated.list(Set.of(), "", 0, 10, true);
      assertThat(listed.items()).containsExactly(run("old0", "name0"), before);
      assertThat(ids(migrated.list(Set.of(), "name1", 0, 10, true))).containsExactly("old1");
      var once = migrated.jobs().findCreatedBy(new CreateCall("once", "aa")).orElseThrow();
      assertThat(ids(once)).containsExactly("old0", "old1");
      assertThat(once.reusedCount()).isZero();
      // Nobody knows what rows the old ones were of.
      assertThat(migrated.create(ANONYMOUS, () -> {}, runs("new"), run -> true, 10).reusedCount())
          .isZero();
    }
  }

  private void create(CreateCall call, List<NewJob<RunContent>> runs, int maxQueued) {
    store.create(call, () -> {}, runs, run -> false, maxQueued);
  }

  /** Runs that are all of one identity. */
  private static List<NewJob<RunContent>> runs(String... ids) {
    return Stream.of(ids).map(id -> newRun(id, "", "same")).toList();
  }

  private static NewJob<RunContent> newRun(String id, String displayName, String identity) {
    return new NewJob<>(id, RunContent.of(identity, run(id, displayName)));
  }

  private static TrainingRun run(String id, String displayName) {
    return TrainingRun.newBuilder()
        .setName("trainingRuns/" + id)
        .setSpec(TrainingRunSpec.newBuilder().setDisplayName(displayName))
        .setState(QUEUED)
        .build();
  }

  private static TrainingPoint point(long step) {
    return TrainingPoint.newBuilder().setStep(step).setTrainingLossNats(1. / step).build();
  }

  private void writeCurve(String id, List<TrainingPoint> curve) {
    store
        .jobs()
        .transact(
            transaction -> {
              var run = transaction.lock(id).orElseThrow();
              RunStore.writeCurve(
                  transaction, run.with(run.content().with(run.content().run(), curve)));
              return run;
            });
  }

  private void setState(String id, JobState state) {
    store
        .jobs()
        .change(
            id,
            run ->
                new Job<>(
                    run.number(),
                    run.id(),
                    state,
                    run.attempt(),
                    run.cancelRequested(),
                    run.crashes(),
                    run.createTime(),
                    run.startTime(),
                    run.endTime(),
                    run.error(),
                    run.content()));
  }

  private Job<RunContent> find(String id) {
    return store.jobs().find(id).orElseThrow();
  }

  private TrainingRun message(String id) {
    return RunKind.message(find(id));
  }

  private static List<String> ids(CreatedJobs<RunContent> created) {
    return created.jobs().stream().map(Job::id).toList();
  }

  private static List<String> ids(JobPage<TrainingRun> page) {
    return page.items().stream().map(RunKind::id).toList();
  }
}
