package dev.watershed.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.protobuf.Int64Value;
import com.google.rpc.Status;
import dev.watershed.jobs.CountKind.Count;
import dev.watershed.jobs.kit.CountingDataSource;
import dev.watershed.jobs.kit.TestDatabase;
import dev.watershed.jobs.kit.TestDatabase.Engine;
import dev.watershed.server.RefusedException;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** The jobs and their queue, on each database. */
@ParameterizedClass
@EnumSource(Engine.class)
final class JobStoreTest {
  private static final CreateCall ANONYMOUS = new CreateCall("", "");

  private final TestDatabase database;
  private final CountingDataSource dataSource;
  private final JobStore<Count> store;

  JobStoreTest(Engine engine) throws Exception {
    database = TestDatabase.create(engine, "classpath:db/count");
    dataSource = new CountingDataSource(database.dataSource());
    store = another();
  }

  /** Stands for another process: what keeps them apart is the database. */
  private JobStore<Count> another() {
    return new JobStore<>(new Database(dataSource), new CountKind(false), Clock.systemUTC());
  }

  @AfterEach
  void close() throws Exception {
    database.close();
  }

  @Test
  void create_batch_keepsItsOrderInTheQueue() throws Exception {
    store.create(ANONYMOUS, jobs("c", "a", "b"), 10);

    assertThat(database.column("select task_instance from count_queue order by execution_time"))
        .containsExactly("c", "a", "b");
    assertThat(store.find("a").orElseThrow().content()).isEqualTo(Count.to(3));
    assertThat(store.find("none")).isEmpty();
  }

  @Test
  void create_sameRequestTwice_answersWithTheFirstAsItIsNow() throws Exception {
    var call = new CreateCall("once", "aa");
    store.create(call, jobs("a", "b"), 10);
    store.cancel("a");

    var again = store.create(call, jobs("c", "d"), 10);

    assertThat(again.jobs()).extracting(Job::id).containsExactly("a", "b");
    assertThat(again.jobs().getFirst().state()).isEqualTo(JobState.CANCELLED);
    assertThat(store.findCreatedBy(call)).contains(again);
    var refused =
        catchThrowableOfType(
            RefusedException.class,
            () -> store.create(new CreateCall("once", "bb"), jobs("c"), 10));
    assertThat(refused.kind()).isEqualTo(RefusedException.Kind.ALREADY_EXISTS);
    assertThat(refused).hasMessageContaining("\"once\"").hasMessageContaining("counts/a");
    assertThat(database.column("select id from count_job")).hasSize(2);
  }

  /** Requests of versions that compared something else are answered whatever the body. */
  @Test
  void findCreatedBy_bodyNotKnown_answers() throws Exception {
    store.create(new CreateCall("once", ""), jobs("a"), 10);

    assertThat(store.findCreatedBy(new CreateCall("once", "aa")).orElseThrow().jobs())
        .extracting(Job::id)
        .containsExactly("a");
  }

  @Test
  void create_sameRequestAtTheSameMoment_createsOnce() throws Exception {
    var call = new CreateCall("once", "aa");
    var stores = List.of(store, another());
    var start = new CountDownLatch(1);
    try (var threads = Executors.newFixedThreadPool(8)) {
      List<Future<CreatedJobs<Count>>> created =
          IntStream.range(0, 8)
              .mapToObj(
                  i ->
                      threads.submit(
                          () -> {
                            start.await();
                            return stores.get(i % 2).create(call, jobs("job" + i), 100);
                          }))
              .toList();
      start.countDown();
      var ids = new HashSet<String>();
      for (var future : created) {
        ids.add(future.get().jobs().getFirst().id());
      }
      assertThat(ids).hasSize(1);
    }
    assertThat(database.column("select id from count_job")).hasSize(1);
  }

  @Test
  void create_moreThanTheQueueHolds_isRefusedWholly() throws Exception {
    store.create(ANONYMOUS, jobs("a", "b"), 3);

    var refused =
        catchThrowableOfType(
            RefusedException.class, () -> store.create(ANONYMOUS, jobs("c", "d"), 3));

    assertThat(refused.kind()).isEqualTo(RefusedException.Kind.RESOURCE_EXHAUSTED);
    assertThat(refused).hasMessage("2 and 2 of 3");
    assertThat(database.column("select id from count_job")).containsExactly("a", "b");
    assertThat(database.column("select task_instance from count_queue")).hasSize(2);
  }

  @Test
  void create_lastLookRefusesOrIdTaken_writesNothing() throws Exception {
    store.create(ANONYMOUS, jobs("a"), 10);

    assertThatThrownBy(
            () ->
                store.create(
                    new CreateCall("once", "aa"),
                    () -> {
                      throw new IllegalStateException("deleted meanwhile");
                    },
                    jobs("b"),
                    (transaction, job) -> Optional.empty(),
                    10))
        .hasMessage("deleted meanwhile");
    assertThatThrownBy(() -> store.create(ANONYMOUS, jobs("b", "a"), 10))
        .isInstanceOf(StoreException.class);

    assertThat(database.column("select task_instance from count_queue")).containsExactly("a");
    assertThat(database.column("select request_id from count_request")).isEmpty();
  }

  @Test
  void create_reusedAfterCancel_isQueuedAgainInItsPlace() throws Exception {
    store.create(ANONYMOUS, jobs("a", "b"), 10);
    // Its worker has written the end and not yet given up its place.
    database.execute("update count_queue set picked = true, picked_by = 'w'");
    store.cancel("a");

    var created =
        store.create(
            ANONYMOUS,
            () -> {},
            jobs("c", "d"),
            (transaction, wanted) -> transaction.find("a"),
            10);

    assertThat(created.jobs()).extracting(Job::id).containsExactly("a", "a");
    assertThat(created.reusedCount()).isEqualTo(2);
    assertThat(store.find("a").orElseThrow().state()).isEqualTo(JobState.QUEUED);
    assertThat(database.column("select task_instance from count_queue where picked = false"))
        .containsExactly("a");
  }

  @Test
  void change_holdOfAnOlderAttempt_writesNothing() throws Exception {
    store.create(ANONYMOUS, jobs("a"), 10);
    var first = store.claim("a", "one", 2, content -> content).orElseThrow();
    var second = store.claim("a", "two", 2, content -> content).orElseThrow();

    assertThatThrownBy(
            () -> store.change(first.hold(), job -> job.with(job.content().one()), (t, j) -> {}))
        .isInstanceOf(HoldLostException.class);
    store.change(second.hold(), job -> job.with(job.content().one()), (t, j) -> {});

    var now = store.find("a").orElseThrow();
    assertThat(now.content().counted()).isEqualTo(1);
    assertThat(now.attempt()).isEqualTo(2);
    assertThat(now.crashes()).isEqualTo(new Crashes(1, 0, "two"));
  }

  @Test
  void change_moreThrows_undoesBoth() throws Exception {
    store.create(ANONYMOUS, jobs("a"), 10);
    var held = store.claim("a", "one", 2, content -> content).orElseThrow();

    assertThatThrownBy(
            () ->
                store.change(
                    held.hold(),
                    job -> job.with(job.content().one()),
                    (transaction, job) -> {
                      throw new IllegalStateException("no");
                    }))
        .hasMessage("no");

    assertThat(store.find("a")).contains(held);
  }

  @Test
  void claim_endedItsProcessesTooOften_isGivenUp() throws Exception {
    store.create(ANONYMOUS, jobs("a"), 10);
    for (var process : List.of("one", "two")) {
      assertThat(store.claim("a", process, 2, content -> content).orElseThrow().state())
          .isEqualTo(JobState.RUNNING);
    }

    var given = store.claim("a", "three", 2, content -> content).orElseThrow();

    assertThat(given.state()).isEqualTo(JobState.FAILED);
    assertThat(given.error()).isNotNull().returns("ended 2", Status::getMessage);
    assertThat(given.endTime()).isNotNull();
    assertThat(store.find("a")).contains(given);
    assertThat(store.claim("a", "four", 2, content -> content)).isEmpty();
  }

  @Test
  void claim_afterASilentProcessSpoke_countsNoCrash() throws Exception {
    store.create(ANONYMOUS, jobs("a"), 10);
    store.claim("a", "silent", 2, content -> content);
    store.claim("a", "other", 2, content -> content);

    store.withdraw("a", "silent");

    assertThat(store.find("a").orElseThrow().crashes()).isEqualTo(new Crashes(0, 0, "other"));
  }

  @Test
  void cancel_waiting_leavesTheQueueUnlessClaimed() throws Exception {
    store.create(ANONYMOUS, jobs("waiting", "claimed"), 10);
    database.execute("update count_queue set picked = true where task_instance = 'claimed'");

    for (var id : List.of("waiting", "claimed")) {
      assertThat(store.cancel(id).orElseThrow().state()).isEqualTo(JobState.CANCELLED);
    }

    assertThat(database.column("select task_instance from count_queue")).containsExactly("claimed");
    assertThat(store.cancel("none")).isEmpty();
  }

  @Test
  void metrics_jobsOfSeveralStates_areCountedByState() throws Exception {
    store.create(ANONYMOUS, jobs("a", "b", "c", "d"), 10);
    store.claim("b", "process", 2, content -> content);
    store.cancel("c");
    store.cancel("d");
    var meters = new SimpleMeterRegistry();

    new JobMetrics(store).bindTo(meters);

    assertThat(Stream.of(JobState.values()).map(state -> told(meters, state)))
        .containsExactly(1.0, 1.0, 0.0, 0.0, 2.0);
  }

  @Test
  void metrics_databaseAway_areNotANumber() throws Exception {
    var meters = new SimpleMeterRegistry();
    new JobMetrics(store).bindTo(meters);
    database.execute("drop table count_job");

    assertThat(told(meters, JobState.QUEUED)).isNaN();
  }

  private static double told(MeterRegistry meters, JobState state) {
    return meters
        .get("watershed.jobs")
        .tag("state", state.name().toLowerCase(Locale.ROOT))
        .gauge()
        .value();
  }

  @Test
  void page_byTwos_givesEveryJobOnce() throws Exception {
    store.create(ANONYMOUS, jobs("a", "b", "c", "d", "e"), 10);
    store.cancel("d");

    var seen = new ArrayList<Long>();
    var page = page(0);
    seen.add((long) page.items().size());
    while (page.next().isPresent()) {
      page = page(JobPage.after(page.nextToken("counts"), "counts"));
      seen.add((long) page.items().size());
    }

    assertThat(seen).containsExactly(2L, 2L);
    assertThat(page.nextToken("counts")).isEmpty();
  }

  private JobPage<Int64Value> page(long after) {
    return store.page("job.state = ?", List.of("QUEUED"), after, 2, job -> job.content().spec());
  }

  @Test
  void delete_claimedPlace_isLeftToItsWorker() throws Exception {
    store.create(new CreateCall("once", "aa"), jobs("claimed", "waiting"), 10);
    database.execute("update count_queue set picked = true where task_instance = 'claimed'");

    for (var id : List.of("claimed", "waiting")) {
      store.inTurn(
          transaction -> {
            transaction.delete(transaction.lock(id).orElseThrow());
            return id;
          });
    }

    assertThat(database.column("select task_instance from count_queue")).containsExactly("claimed");
    assertThat(database.column("select id from count_job")).isEmpty();
    assertThat(database.column("select job_id from count_request")).isEmpty();
  }

  @Test
  void orderQueue_placesOfOlderVersionsAndNone_areThoseOfTheNumbers() throws Exception {
    store.create(ANONYMOUS, jobs("a", "b", "c"), 10);
    database.execute(
        "update count_queue set execution_time = timestamp with time zone"
            + " '2100-01-01 00:00:00+00' where task_instance = 'a'");
    database.execute("delete from count_queue where task_instance = 'b'");
    database.execute("update count_queue set picked = true where task_instance = 'c'");

    store.orderQueue();

    assertThat(store.releaseClaims()).isEqualTo(1);
    assertThat(
            database.column(
                "select task_instance from count_queue where not picked order by execution_time"))
        .containsExactly("a", "b", "c");
  }

  @Test
  void anyCall_databaseAway_throwsWithoutTheStatement() throws Exception {
    dataSource.setAway(true);

    assertThatThrownBy(() -> store.find("a"))
        .isInstanceOf(StoreException.class)
        .hasMessage("The database cannot be used: the database is away");
  }

  private static List<NewJob<Count>> jobs(String... ids) {
    return Stream.of(ids).map(id -> new NewJob<>(id, Count.to(3))).toList();
  }
}
