package dev.watershed.trainer.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.rpc.Code;
import dev.watershed.server.RefusedException;
import dev.watershed.trainer.v1.TrainingPoint;
import dev.watershed.trainer.v1.TrainingRun;
import dev.watershed.trainer.v1.TrainingRunSpec;
import dev.watershed.trainer.v1.TrainingRunState;
import java.sql.SQLException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class RunStoreTest {
  private static final CreateCall ANONYMOUS = new CreateCall("", "aa");
  private static final TrainingRunState QUEUED = TrainingRunState.TRAINING_RUN_STATE_QUEUED;
  private static final TrainingRunState SUCCEEDED = TrainingRunState.TRAINING_RUN_STATE_SUCCEEDED;
  private static final TrainingRunState RUNNING = TrainingRunState.TRAINING_RUN_STATE_RUNNING;

  private final DataSource dataSource = TestDatabase.create();
  private final RunStore store = new RunStore(dataSource, Clock.systemUTC());

  @Test
  void create_batch_keepsItsOrderInTheQueue() throws Exception {
    create(ANONYMOUS, runs("c", "a", "b"), 10);

    assertThat(column("select task_instance from training_queue order by execution_time"))
        .containsExactly("c", "a", "b");
    assertThat(ids(store.list(Set.of(), "", 0, 10))).containsExactly("c", "a", "b");
  }

  @Test
  void create_moreThanTheQueueHolds_isRefusedWholly() throws Exception {
    create(ANONYMOUS, runs("a", "b"), 3);

    var refused =
        catchThrowableOfType(RefusedException.class, () -> create(ANONYMOUS, runs("c", "d"), 3));

    assertThat(refused.toStatus().getCode()).isEqualTo(Code.RESOURCE_EXHAUSTED_VALUE);
    assertThat(column("select id from training_run")).containsExactly("a", "b");
    assertThat(column("select task_instance from training_queue")).hasSize(2);
  }

  @Test
  void create_idOfABatchTaken_writesNothing() throws Exception {
    create(ANONYMOUS, runs("a"), 10);

    assertThatThrownBy(() -> create(ANONYMOUS, runs("b", "a"), 10))
        .isInstanceOf(StoreException.class);

    assertThat(column("select task_instance from training_queue")).containsExactly("a");
  }

  @Test
  void create_sameRequestTwice_returnsTheFirstAsItIsNow() {
    var call = new CreateCall("once", "aa");
    create(call, runs("a", "b"), 10);
    store.update("a", run -> run.with(run.run().toBuilder().setState(RUNNING).build()));

    var again = create(call, runs("c", "d"), 10);

    assertThat(again).extracting(RunStore::id).containsExactly("a", "b");
    assertThat(again.getFirst().getState()).isEqualTo(RUNNING);
  }

  @Test
  void create_lastLookRefuses_writesNothing() throws Exception {
    assertThatThrownBy(
            () ->
                store.create(
                    new CreateCall("once", "aa"),
                    () -> {
                      throw new IllegalStateException("deleted meanwhile");
                    },
                    runs("a"),
                    run -> true,
                    10))
        .hasMessage("deleted meanwhile");

    assertThat(column("select id from training_run")).isEmpty();
    assertThat(column("select request_id from training_request")).isEmpty();
  }

  @Test
  void delete_lastLookRefuses_keepsAll() throws Exception {
    create(new CreateCall("once", "aa"), runs("a", "b"), 10);
    store.update("b", run -> run.with(run.run().toBuilder().setState(SUCCEEDED).build()));

    assertThatThrownBy(
            () ->
                store.delete(
                    "b",
                    (run, active) -> {
                      assertThat(RunStore.id(run)).isEqualTo("b");
                      assertThat(active).extracting(RunStore::id).containsExactly("a");
                      throw new IllegalStateException("in use");
                    }))
        .hasMessage("in use");

    assertThat(column("select id from training_run order by id")).containsExactly("a", "b");
    assertThat(column("select run_id from training_request order by run_id"))
        .containsExactly("a", "b");
    assertThat(store.delete("none", (run, active) -> {})).isFalse();
  }

  /** Its worker finds it gone when it has claimed it, and takes the place out itself. */
  @Test
  void delete_placeClaimedByAWorker_isLeftToIt() throws Exception {
    create(ANONYMOUS, runs("claimed", "waiting"), 10);
    execute("update training_queue set picked = true where task_instance = 'claimed'");

    assertThat(store.delete("claimed", (run, active) -> {})).isTrue();
    assertThat(store.delete("waiting", (run, active) -> {})).isTrue();

    assertThat(column("select task_instance from training_queue")).containsExactly("claimed");
    assertThat(column("select id from training_run")).isEmpty();
  }

  @Test
  void findCreatedBy_otherBody_isRefused() {
    create(new CreateCall("once", "aa"), runs("a"), 10);

    var refused =
        catchThrowableOfType(
            RefusedException.class, () -> store.findCreatedBy(new CreateCall("once", "bb")));

    assertThat(refused.toStatus().getCode()).isEqualTo(Code.ALREADY_EXISTS_VALUE);
  }

  @Test
  void create_sameRequestAtTheSameMoment_createsOnce() throws Exception {
    var call = new CreateCall("once", "aa");
    // Two stores stand for two processes: what keeps them apart is the database.
    var stores = List.of(store, new RunStore(dataSource, Clock.systemUTC()));
    var start = new CountDownLatch(1);
    try (var threads = Executors.newFixedThreadPool(8)) {
      List<Future<List<TrainingRun>>> created =
          IntStream.range(0, 8)
              .mapToObj(
                  i ->
                      threads.submit(
                          () -> {
                            start.await();
                            return stores
                                .get(i % 2)
                                .create(call, () -> {}, runs("run" + i), run -> false, 100)
                                .runs();
                          }))
              .toList();
      start.countDown();
      var names = new ArrayList<String>();
      for (var future : created) {
        names.add(future.get().getFirst().getName());
      }
      assertThat(names).containsOnly(names.getFirst());
    }
    assertThat(column("select id from training_run")).hasSize(1);
  }

  @ParameterizedTest
  @EnumSource(
      value = TrainingRunState.class,
      names = {
        "TRAINING_RUN_STATE_QUEUED",
        "TRAINING_RUN_STATE_RUNNING",
        "TRAINING_RUN_STATE_SUCCEEDED"
      })
  void create_sameIdentityNotEndedBadly_isReused(TrainingRunState state) {
    create(ANONYMOUS, runs("a"), 10);
    setState("a", state);

    var created = store.create(ANONYMOUS, () -> {}, runs("b"), run -> true, 10);

    assertThat(created.runs()).extracting(RunStore::id).containsExactly("a");
    assertThat(created.runs().getFirst().getState()).isEqualTo(state);
    assertThat(created.reusedCount()).isEqualTo(1);
  }

  @Test
  void create_sameIdentityFailed_isMadeAnew() {
    create(ANONYMOUS, runs("a"), 10);
    setState("a", TrainingRunState.TRAINING_RUN_STATE_FAILED);

    var created = store.create(ANONYMOUS, () -> {}, runs("b"), run -> true, 10);

    assertThat(created.runs()).extracting(RunStore::id).containsExactly("b");
    assertThat(created.reusedCount()).isZero();
  }

  @Test
  void create_sameIdentityCancelled_isQueuedAgain() throws Exception {
    create(ANONYMOUS, runs("a"), 10);
    setState("a", RUNNING);
    store.update("a", run -> new StoredRun(run.run(), true, new Crashes(1, 3, "p")));
    setState("a", TrainingRunState.TRAINING_RUN_STATE_CANCELLED);
    assertThat(column("select task_instance from training_queue")).isEmpty();

    var created = store.create(ANONYMOUS, () -> {}, runs("b"), run -> true, 10);

    assertThat(created.runs()).extracting(RunStore::id).containsExactly("a");
    assertThat(created.reusedCount()).isEqualTo(1);
    var stored = store.find("a").orElseThrow();
    assertThat(stored.run()).isEqualTo(created.runs().getFirst());
    assertThat(stored.run().getState()).isEqualTo(TrainingRunState.TRAINING_RUN_STATE_QUEUED);
    assertThat(stored.cancelRequested()).isFalse();
    assertThat(stored.crashes()).isEqualTo(Crashes.NONE);
    assertThat(column("select task_instance from training_queue")).containsExactly("a");
  }

  /** Its worker has written the end of the run and not yet given up its place. */
  @Test
  void create_sameIdentityCancelledAMomentAgo_takesThePlaceFromItsWorker() throws Exception {
    create(ANONYMOUS, runs("a"), 10);
    try (var connection = dataSource.getConnection();
        var statement = connection.createStatement()) {
      statement.execute("update training_queue set picked = true, picked_by = 'w'");
    }
    setState("a", TrainingRunState.TRAINING_RUN_STATE_CANCELLED);

    store.create(ANONYMOUS, () -> {}, runs("b"), run -> true, 10);

    assertThat(column("select task_instance from training_queue where picked = false"))
        .containsExactly("a");
    assertThat(column("select version from training_queue")).containsExactly("2");
  }

  @Test
  void create_sameIdentityAboutToBeCancelled_isNotCancelled() {
    create(ANONYMOUS, runs("a"), 10);
    setState("a", RUNNING);
    store.update("a", run -> new StoredRun(run.run(), true, Crashes.NONE));

    assertThat(store.create(ANONYMOUS, () -> {}, runs("b"), run -> true, 10).runs())
        .extracting(RunStore::id)
        .containsExactly("a");
    assertThat(store.find("a").orElseThrow().cancelRequested()).isFalse();
  }

  @Test
  void update_curve_isKeptApartFromTheRun() {
    create(ANONYMOUS, runs("a"), 10);
    var first = TrainingPoint.newBuilder().setStep(1).setTrainingLossNats(.5).build();
    var second = TrainingPoint.newBuilder().setStep(2).setTrainingLossNats(.25).build();

    store.update("a", run -> run, List.of(first));
    assertThat(store.curve("a")).containsExactly(first);
    store.update("a", run -> run, List.of(first, second));
    assertThat(store.update("nobody", run -> run, List.of(first))).isEmpty();

    assertThat(store.curve("a")).containsExactly(first, second);
    assertThat(store.curve("nobody")).isEmpty();
    assertThat(store.find("a").orElseThrow().run().getCurveList()).isEmpty();
  }

  @Test
  void create_severalToReuse_takesTheFurthestThatWillDo() {
    create(ANONYMOUS, runs("deleted", "queued", "succeeded", "running"), 10);
    setState("deleted", SUCCEEDED);
    setState("succeeded", SUCCEEDED);
    setState("running", RUNNING);

    var created =
        store.create(
            ANONYMOUS, () -> {}, runs("b"), run -> !RunStore.id(run).equals("deleted"), 10);

    assertThat(created.runs()).extracting(RunStore::id).containsExactly("succeeded");
  }

  @Test
  void create_sameIdentityTwiceInOneCall_isOneRunThatIsNotCountedAsReused() throws Exception {
    var created =
        store.create(new CreateCall("once", "aa"), () -> {}, runs("a", "b"), run -> true, 1);

    assertThat(created.runs()).extracting(RunStore::id).containsExactly("a", "a");
    assertThat(created.reusedCount()).isZero();
    assertThat(column("select task_instance from training_queue")).containsExactly("a");
    assertThat(store.findCreatedBy(new CreateCall("once", "aa"))).contains(created);
  }

  @Test
  void create_someReused_queuesTheOthersAndAnswersTheSameAgain() throws Exception {
    create(ANONYMOUS, runs("a"), 10);
    var call = new CreateCall("once", "aa");
    var wanted = List.of(new NewRun(run("b", ""), "other"), new NewRun(run("c", ""), "same"));

    var created = store.create(call, () -> {}, wanted, run -> true, 2);

    assertThat(created.runs()).extracting(RunStore::id).containsExactly("b", "a");
    assertThat(created.reusedCount()).isEqualTo(1);
    assertThat(column("select task_instance from training_queue order by execution_time"))
        .containsExactly("a", "b");
    // Also once the reused run would not be reused any more.
    setState("a", TrainingRunState.TRAINING_RUN_STATE_CANCELLED);
    var again = store.create(call, () -> {}, wanted, run -> true, 2);
    assertThat(again.runs()).extracting(RunStore::id).containsExactly("b", "a");
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
    var stores = List.of(store, new RunStore(dataSource, Clock.systemUTC()));
    var start = new CountDownLatch(1);
    try (var threads = Executors.newFixedThreadPool(8)) {
      List<Future<CreatedRuns>> created =
          IntStream.range(0, 8)
              .mapToObj(
                  i ->
                      threads.submit(
                          () -> {
                            start.await();
                            var sweep =
                                IntStream.range(0, 5)
                                    .mapToObj(
                                        seed -> new NewRun(run(i + "-" + seed, ""), "seed" + seed))
                                    .toList();
                            return stores
                                .get(i % 2)
                                .create(ANONYMOUS, () -> {}, sweep, run -> true, 100);
                          }))
              .toList();
      start.countDown();
      int reused = 0;
      var sets = new HashSet<List<TrainingRun>>();
      for (var future : created) {
        sets.add(future.get().runs());
        reused += future.get().reusedCount();
      }
      assertThat(sets).hasSize(1);
      assertThat(reused).isEqualTo(7 * 5);
    }
    assertThat(column("select id from training_run")).hasSize(5);
  }

  @Test
  void list_byDisplayName_leavesOthersOut() {
    store.create(
        ANONYMOUS,
        () -> {},
        List.of(
            new NewRun(run("a", "sweep"), "1"),
            new NewRun(run("b", "other"), "2"),
            new NewRun(run("c", "sweep"), "3")),
        run -> false,
        10);

    var first = store.list(Set.of(QUEUED), "sweep", 0, 1);
    assertThat(ids(first)).containsExactly("a");
    assertThat(ids(store.list(Set.of(), "sweep", first.next().orElseThrow(), 1)))
        .containsExactly("c");
    assertThat(ids(store.list(Set.of(), "none", 0, 10))).isEmpty();
  }

  @Test
  void migrate_databaseOfTheFirstVersion_keepsItsRunsAndRequests() throws Exception {
    var old = TestDatabase.createFirstVersion();
    try (var connection = old.getConnection();
        var insert =
            connection.prepareStatement(
                "insert into training_run (id, request_id, request_position, request_digest, state,"
                    + " cancel_requested, attempts_since_save, create_time, update_time, payload,"
                    + " version) values (?, 'once', ?, 'aa', 'TRAINING_RUN_STATE_QUEUED', false, 0,"
                    + " current_timestamp, current_timestamp, ?, 1)")) {
      for (int i = 0; i < 2; i++) {
        insert.setString(1, "old" + i);
        insert.setInt(2, i);
        insert.setBytes(3, run("old" + i, "name" + i).toByteArray());
        insert.executeUpdate();
      }
    }

    TestDatabase.migrate(old);
    var migrated = new RunStore(old, Clock.systemUTC());

    assertThat(migrated.fillDisplayNames()).isEqualTo(2);
    assertThat(migrated.fillDisplayNames()).isZero();
    assertThat(ids(migrated.list(Set.of(), "", 0, 10))).containsExactly("old0", "old1");
    assertThat(ids(migrated.list(Set.of(), "name1", 0, 10))).containsExactly("old1");
    var once = new CreateCall("once", "aa");
    assertThat(migrated.findCreatedBy(once).orElseThrow().runs())
        .extracting(RunStore::id)
        .containsExactly("old0", "old1");
    assertThat(migrated.findCreatedBy(once).orElseThrow().reusedCount()).isZero();
    // Nobody knows what rows the old ones were of.
    assertThat(migrated.create(ANONYMOUS, () -> {}, runs("new"), run -> true, 10).reusedCount())
        .isZero();
  }

  @Test
  void list_pages_giveEveryRunOnce() {
    create(ANONYMOUS, runs("a", "b", "c", "d", "e"), 10);

    var first = store.list(Set.of(), "", 0, 2);
    var second = store.list(Set.of(), "", first.next().orElseThrow(), 2);
    var third = store.list(Set.of(), "", second.next().orElseThrow(), 2);

    assertThat(ids(first)).containsExactly("a", "b");
    assertThat(ids(second)).containsExactly("c", "d");
    assertThat(ids(third)).containsExactly("e");
    assertThat(third.next()).isEmpty();
  }

  @Test
  void list_byState_leavesOthersOut() {
    create(ANONYMOUS, runs("a", "b"), 10);
    store.update("b", run -> run.with(run.run().toBuilder().setState(RUNNING).build()));

    assertThat(ids(store.list(Set.of(RUNNING), "", 0, 10))).containsExactly("b");
    assertThat(ids(store.list(Set.of(QUEUED, RUNNING), "", 0, 10))).containsExactly("a", "b");
  }

  @Test
  void update_changeThrows_changesNothing() {
    create(ANONYMOUS, runs("a"), 10);

    assertThatThrownBy(
            () ->
                store.update(
                    "a",
                    run -> {
                      throw new IllegalStateException("no");
                    }))
        .isInstanceOf(IllegalStateException.class);

    assertThat(store.find("a").orElseThrow().run().getState()).isEqualTo(QUEUED);
  }

  @Test
  void update_cancelled_leavesTheQueueUnlessClaimed() throws Exception {
    create(ANONYMOUS, runs("waiting", "claimed"), 10);
    execute("update training_queue set picked = true where task_instance = 'claimed'");

    for (String id : List.of("waiting", "claimed")) {
      store.update(
          id,
          run ->
              run.with(
                  run.run().toBuilder()
                      .setState(TrainingRunState.TRAINING_RUN_STATE_CANCELLED)
                      .build()));
    }

    assertThat(column("select task_instance from training_queue")).containsExactly("claimed");
  }

  @Test
  void releaseClaims_ofADeadWorker_letsThemBeClaimed() throws Exception {
    create(ANONYMOUS, runs("a", "b"), 10);
    execute(
        "update training_queue set picked = true, picked_by = 'dead' where task_instance = 'a'");

    assertThat(store.releaseClaims()).isEqualTo(1);
    assertThat(column("select task_instance from training_queue where picked = false"))
        .containsExactlyInAnyOrder("a", "b");
  }

  private List<TrainingRun> create(CreateCall call, List<NewRun> runs, int maxQueued) {
    return store.create(call, () -> {}, runs, run -> false, maxQueued).runs();
  }

  /** Runs that are all of one identity. */
  private static List<NewRun> runs(String... ids) {
    return List.of(ids).stream().map(id -> new NewRun(run(id, ""), "same")).toList();
  }

  private static TrainingRun run(String id, String displayName) {
    return TrainingRun.newBuilder()
        .setName(RunStore.name(id))
        .setSpec(TrainingRunSpec.newBuilder().setDisplayName(displayName))
        .setState(QUEUED)
        .build();
  }

  private void setState(String id, TrainingRunState state) {
    store.update(id, run -> run.with(run.run().toBuilder().setState(state).build()));
  }

  private static List<String> ids(RunPage page) {
    return page.runs().stream().map(RunStore::id).toList();
  }

  private List<String> column(String sql) throws SQLException {
    try (var connection = dataSource.getConnection();
        var statement = connection.createStatement();
        var rows = statement.executeQuery(sql)) {
      var values = new ArrayList<String>();
      while (rows.next()) {
        values.add(rows.getString(1));
      }
      return values;
    }
  }

  private void execute(String sql) throws SQLException {
    try (var connection = dataSource.getConnection();
        var statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }
}
