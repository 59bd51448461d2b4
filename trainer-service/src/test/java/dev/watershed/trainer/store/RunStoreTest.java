package dev.watershed.trainer.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.rpc.Code;
import dev.watershed.server.RefusedException;
import dev.watershed.trainer.v1.TrainingRun;
import dev.watershed.trainer.v1.TrainingRunState;
import java.sql.SQLException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;

final class RunStoreTest {
  private static final CreateCall ANONYMOUS = new CreateCall("", "aa");
  private static final TrainingRunState QUEUED = TrainingRunState.TRAINING_RUN_STATE_QUEUED;
  private static final TrainingRunState RUNNING = TrainingRunState.TRAINING_RUN_STATE_RUNNING;

  private final DataSource dataSource = TestDatabase.create();
  private final RunStore store = new RunStore(dataSource, Clock.systemUTC());

  @Test
  void create_batch_keepsItsOrderInTheQueue() throws Exception {
    store.create(ANONYMOUS, runs("c", "a", "b"), 10);

    assertThat(column("select task_instance from training_queue order by execution_time"))
        .containsExactly("c", "a", "b");
    assertThat(ids(store.list(Set.of(), 0, 10))).containsExactly("c", "a", "b");
  }

  @Test
  void create_moreThanTheQueueHolds_isRefusedWholly() throws Exception {
    store.create(ANONYMOUS, runs("a", "b"), 3);

    var refused =
        catchThrowableOfType(
            RefusedException.class, () -> store.create(ANONYMOUS, runs("c", "d"), 3));

    assertThat(refused.toStatus().getCode()).isEqualTo(Code.RESOURCE_EXHAUSTED_VALUE);
    assertThat(column("select id from training_run")).containsExactly("a", "b");
    assertThat(column("select task_instance from training_queue")).hasSize(2);
  }

  @Test
  void create_idOfABatchTaken_writesNothing() throws Exception {
    store.create(ANONYMOUS, runs("a"), 10);

    assertThatThrownBy(() -> store.create(ANONYMOUS, runs("b", "a"), 10))
        .isInstanceOf(StoreException.class);

    assertThat(column("select task_instance from training_queue")).containsExactly("a");
  }

  @Test
  void create_sameRequestTwice_returnsTheFirstAsItIsNow() {
    var call = new CreateCall("once", "aa");
    store.create(call, runs("a", "b"), 10);
    store.update("a", run -> run.with(run.run().toBuilder().setState(RUNNING).build()));

    var again = store.create(call, runs("c", "d"), 10);

    assertThat(again).extracting(RunStore::id).containsExactly("a", "b");
    assertThat(again.getFirst().getState()).isEqualTo(RUNNING);
  }

  @Test
  void findCreatedBy_otherBody_isRefused() {
    store.create(new CreateCall("once", "aa"), runs("a"), 10);

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
                            return stores.get(i % 2).create(call, runs("run" + i), 100);
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

  @Test
  void list_pages_giveEveryRunOnce() {
    store.create(ANONYMOUS, runs("a", "b", "c", "d", "e"), 10);

    var first = store.list(Set.of(), 0, 2);
    var second = store.list(Set.of(), first.next().orElseThrow(), 2);
    var third = store.list(Set.of(), second.next().orElseThrow(), 2);

    assertThat(ids(first)).containsExactly("a", "b");
    assertThat(ids(second)).containsExactly("c", "d");
    assertThat(ids(third)).containsExactly("e");
    assertThat(third.next()).isEmpty();
  }

  @Test
  void list_byState_leavesOthersOut() {
    store.create(ANONYMOUS, runs("a", "b"), 10);
    store.update("b", run -> run.with(run.run().toBuilder().setState(RUNNING).build()));

    assertThat(ids(store.list(Set.of(RUNNING), 0, 10))).containsExactly("b");
    assertThat(ids(store.list(Set.of(QUEUED, RUNNING), 0, 10))).containsExactly("a", "b");
  }

  @Test
  void update_changeThrows_changesNothing() {
    store.create(ANONYMOUS, runs("a"), 10);

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
    store.create(ANONYMOUS, runs("waiting", "claimed"), 10);
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
    store.create(ANONYMOUS, runs("a", "b"), 10);
    execute(
        "update training_queue set picked = true, picked_by = 'dead' where task_instance = 'a'");

    assertThat(store.releaseClaims()).isEqualTo(1);
    assertThat(column("select task_instance from training_queue where picked = false"))
        .containsExactlyInAnyOrder("a", "b");
  }

  private static List<TrainingRun> runs(String... ids) {
    return List.of(ids).stream()
        .map(id -> TrainingRun.newBuilder().setName(RunStore.name(id)).setState(QUEUED).build())
        .toList();
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
