package dev.watershed.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.watershed.jobs.CountKind.Count;
import dev.watershed.jobs.kit.CountingDataSource;
import dev.watershed.jobs.kit.TestDatabase;
import dev.watershed.jobs.kit.TestDatabase.Engine;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Processes that share a database, on each database. */
@Timeout(60)
@ParameterizedClass
@EnumSource(Engine.class)
final class JobWorkerTest {
  private static final Duration NEVER = Duration.ofHours(1);

  private final List<CountWorker> workers = new ArrayList<>();
  private final Engine engine;
  private final TestDatabase database;

  JobWorkerTest(Engine engine) throws Exception {
    this.engine = engine;
    this.database = TestDatabase.create(engine, "classpath:db/count");
  }

  private CountWorker worker(CountLoop loop) {
    return worker(loop, false, Duration.ofMillis(100));
  }

  private CountWorker worker(CountLoop loop, boolean endsAtOnce, Duration heartbeat) {
    var worker =
        new CountWorker(
            database.dataSource(), endsAtOnce, loop, false, heartbeat, CountWorker.OFTEN);
    workers.add(worker);
    return worker;
  }

  @AfterEach
  void close() throws Exception {
    workers.forEach(CountWorker::close);
    database.close();
  }

  @Test
  void work_twoProcesses_shareTheQueueAndDoEachJobOnce() throws Exception {
    var loops = List.of(new CountLoop().hold("a"), new CountLoop().hold("a").hold("b"));
    var first = worker(loops.get(0));
    var second = worker(loops.get(1));
    first.create(3, "a", "b", "c", "d", "e");
    first.worker.start();
    var held = loops.get(0).begun.take();
    assertThat(held.job().id()).isEqualTo("a");

    // While the first is busy, the other takes what is next.
    second.worker.start();
    assertThat(loops.get(1).begun.take().job().id()).isEqualTo("b");
    loops.get(0).letGo("a");
    loops.get(1).letGo("b");

    for (var id : List.of("a", "b", "c", "d", "e")) {
      var ended = second.await(id);
      assertThat(ended.state()).isEqualTo(JobState.SUCCEEDED);
      assertThat(ended.attempt()).isEqualTo(1);
      assertThat(ended.content().counted()).isEqualTo(3);
    }
    assertThat(loops.get(0).worked).doesNotContainAnyElementsOf(loops.get(1).worked);
  }

  @Test
  void work_processKilled_isTakenOverOnceItsHeartbeatsAreMissed() throws Exception {
    assumeThat(engine).as("a database in the test's memory is not shared").isNotEqualTo(Engine.H2);
    var loop = new CountLoop();
    var here = worker(loop);
    here.create(3, "a", "b");
    var killed =
        new ProcessBuilder(
                ProcessHandle.current().info().command().orElseThrow(),
                "-cp",
                System.getProperty("java.class.path"),
                "-Xmx128m",
                CountProcess.class.getName(),
                database.url(),
                "100",
                "a")
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (var lines = killed.inputReader()) {
      assertThat(lines.lines().filter(line -> line.startsWith(">")).findFirst()).contains(">a");
    } finally {
      killed.destroyForcibly();
      assertThat(killed.waitFor(20, TimeUnit.SECONDS)).isTrue();
    }

    here.worker.start();

    var ended = here.await("a");
    assertThat(ended.state()).isEqualTo(JobState.SUCCEEDED);
    assertThat(ended.attempt()).isEqualTo(2);
    assertThat(ended.crashes().count()).isEqualTo(1);
    assertThat(here.await("b").attempt()).isEqualTo(1);
  }

  /** One process thinks it later than the other, by far more than four heartbeats. */
  @ParameterizedTest
  @ValueSource(ints = {3600, -3600})
  void work_clocksAnHourApart_nobodyTakesOverFromWhoIsAlive(int secondsAhead) throws Exception {
    var loop = new CountLoop().hold("a");
    var here = worker(loop);
    here.create(3, "a", "b");
    here.worker.start();
    assertThat(loop.begun.take().job().id()).isEqualTo("a");
    var otherLoop = new CountLoop();
    var other =
        new CountWorker(
            database.dataSource(),
            false,
            otherLoop,
            new WorkerSettings(
                1,
                CountWorker.OFTEN,
                Duration.ofMillis(100),
                false,
                false,
                2,
                Duration.ofSeconds(20)),
            Clock.offset(Clock.systemUTC(), Duration.ofSeconds(secondsAhead)));
    workers.add(other);
    other.worker.start();
    // It looks for dead workers as often as it beats; by then it has many times.
    assertThat(here.await("b").state()).isEqualTo(JobState.SUCCEEDED);
    for (int more = 0; more < 20; more++) {
      other.create(1, "more-" + more);
      assertThat(other.await("more-" + more).state()).isEqualTo(JobState.SUCCEEDED);
    }
    loop.letGo("a");

    assertThat(here.await("a").attempt()).isEqualTo(1);
    assertThat(otherLoop.worked).doesNotContain("a");
  }

  private CountWorker once(CountLoop loop) {
    var settings =
        new WorkerSettings(
            1, CountWorker.OFTEN, Duration.ofSeconds(5), false, true, 2, Duration.ofSeconds(20));
    var worker = new CountWorker(database.dataSource(), false, loop, settings);
    workers.add(worker);
    return worker;
  }

  @Test
  void once_severalQueued_takesOneAndIsSpent() throws Exception {
    var loop = new CountLoop().hold("a");
    var here = once(loop);
    here.create(3, "a", "b");
    here.worker.start();
    assertThat(loop.begun.take().job().id()).isEqualTo("a");
    loop.letGo("a");

    assertThat(here.worker.awaitSpent(NEVER)).isTrue();

    assertThat(here.await("a").state()).isEqualTo(JobState.SUCCEEDED);
    here.close();
    assertThat(here.store.find("b").orElseThrow().state()).isEqualTo(JobState.QUEUED);
    assertThat(loop.worked).containsExactly("a");
  }

  @Test
  void once_jobCancelledInWork_isSpentToo() throws Exception {
    var loop = new CountLoop().hold("a");
    var here = once(loop);
    here.create(3, "a");
    here.worker.start();
    var unused = loop.begun.take();
    here.jobs.cancel("a");

    assertThat(here.worker.awaitSpent(NEVER)).isTrue();
    assertThat(here.await("a").state()).isEqualTo(JobState.CANCELLED);
  }

  @Test
  void once_nothingQueued_givesUpAndTakesNothingLater() throws Exception {
    var loop = new CountLoop();
    var here = once(loop);
    here.worker.start();
    assertThat(here.worker.awaitSpent(Duration.ofMillis(200))).isFalse();

    here.create(3, "a");
    var other = worker(new CountLoop());
    other.worker.start();

    assertThat(other.await("a").state()).isEqualTo(JobState.SUCCEEDED);
    assertThat(loop.worked).isEmpty();
  }

  /** What a killed process leaves behind, where there can be none. */
  @Test
  void work_claimOfADeadWorker_isTakenOver() throws Exception {
    var here = worker(new CountLoop());
    here.create(3, "a");
    here.store.claim("a", "dead", 2, content -> content);
    database.execute(
        "update count_queue set picked = true, picked_by = 'dead', last_heartbeat ="
            + " timestamp with time zone '2020-01-01 00:00:00+00'");

    here.worker.start();

    assertThat(here.await("a").attempt()).isEqualTo(2);
  }

  @Test
  void work_leaseLost_theOldAttemptWritesNothingMoreAndTheNewOneEnds() throws Exception {
    var silentLoop = new CountLoop().hold("a");
    var silent = worker(silentLoop, false, NEVER);
    silent.create(3, "a");
    silent.worker.start();
    var old = silentLoop.begun.take();
    // It goes on, and to everybody else it looks dead.
    database.execute(
        "update count_queue set last_heartbeat ="
            + " timestamp with time zone '2020-01-01 00:00:00+00'");
    var otherLoop = new CountLoop().hold("a");
    var other = worker(otherLoop);
    other.worker.start();
    assertThat(otherLoop.begun.take().job().attempt()).isEqualTo(2);

    old.tell(old.job().content().one());
    assertThatThrownBy(old::write).isInstanceOf(HoldLostException.class);
    assertThatThrownBy(old::succeed).isInstanceOf(HoldLostException.class);
    assertThat(other.store.find("a").orElseThrow().content().counted()).isZero();
    silentLoop.letGo("a");
    // Only once it knows that it lost the job does it say that it lives.
    while (other.store.find("a").orElseThrow().crashes().count() > 0) {
      Thread.onSpinWait();
    }
    otherLoop.letGo("a");

    var ended = other.await("a");
    assertThat(ended.state()).isEqualTo(JobState.SUCCEEDED);
    assertThat(ended.attempt()).isEqualTo(2);
  }

  @Test
  void cancel_claimedByAnotherProcess_stopsThere() throws Exception {
    var loop = new CountLoop().hold("a");
    var works = worker(loop);
    var asks = worker(new CountLoop());
    works.create(3, "a", "b");
    works.worker.start();
    var held = loop.begun.take();

    var asked = asks.jobs.cancel("a");

    assertThat(asked.state()).isEqualTo(JobState.RUNNING);
    assertThat(asked.cancelRequested()).isTrue();
    assertThat(works.await("a").state()).isEqualTo(JobState.CANCELLED);
    assertThat(held.isCancelled()).isTrue();
    assertThat(works.await("b").state()).isEqualTo(JobState.SUCCEEDED);
    assertThat(database.column("select task_instance from count_queue where task_instance = 'a'"))
        .isEmpty();
  }

  @Test
  void cancel_kindThatEndsAtOnce_hasEndedAndFreesItsWorker() throws Exception {
    var loop = new CountLoop().hold("a");
    var works = worker(loop, true, Duration.ofMillis(100));
    var asks = worker(new CountLoop(), true, Duration.ofMillis(100));
    works.create(3, "a", "b");
    works.worker.start();
    loop.begun.take();

    assertThat(asks.jobs.cancel("a").state()).isEqualTo(JobState.CANCELLED);

    assertThat(works.await("b").state()).isEqualTo(JobState.SUCCEEDED);
    assertThat(works.store.find("a").orElseThrow().content().counted()).isZero();
    assertThat(database.column("select task_instance from count_queue where task_instance = 'a'"))
        .isEmpty();
  }

  @Test
  void cancel_takenBackWhileItStops_goesOn() throws Exception {
    var loop = new CountLoop().hold("a");
    var works = worker(loop, false, NEVER);
    works.create(3, "a");
    works.worker.start();
    loop.begun.take();
    works.store.cancel("a");
    works.store.inTurn(transaction -> transaction.takeUp("a"));

    works.worker.stop("a");

    var ended = works.await("a");
    assertThat(ended.state()).isEqualTo(JobState.SUCCEEDED);
    assertThat(ended.attempt()).isEqualTo(2);
    assertThat(ended.crashes().count()).isZero();
  }

  @Test
  void close_whileWorking_leavesTheJobToTheNextWithoutACrash() throws Exception {
    for (int stop = 0; stop < 3; stop++) {
      var loop = new CountLoop().hold("a");
      var stopped = worker(loop);
      if (stop == 0) {
        stopped.create(3, "a");
      }
      stopped.worker.start();
      loop.begun.take();
      stopped.worker.close();
    }
    var next = worker(new CountLoop());
    next.worker.start();

    var ended = next.await("a");
    assertThat(ended.state()).isEqualTo(JobState.SUCCEEDED);
    assertThat(ended.attempt()).isEqualTo(4);
    assertThat(ended.crashes()).isEqualTo(Crashes.NONE);
  }

  @Test
  void work_tenThousandQueued_areTakenOldestFirst() throws Exception {
    var loop = new CountLoop();
    var works = worker(loop);
    int count = 10_000;
    var ids = IntStream.range(0, count).mapToObj(i -> "j" + i).toArray(String[]::new);
    works.create(0, ids);
    var waiting =
        works.store.page("job.state = ?", List.of("QUEUED"), 0, 1, j -> j.content().spec());
    assertThat(waiting.next()).isPresent();

    works.worker.start();
    for (int i = 0; i < 50; i++) {
      assertThat(loop.ended.take().id()).isEqualTo("j" + i);
    }

    works.worker.close();
    assertThat(database.column("select count(*) from count_queue").getFirst())
        .satisfies(left -> assertThat(Integer.parseInt(left)).isBetween(9000, count - 49));
  }

  @Test
  void watch_byTwoHundred_readsTheDatabaseOnceEach() throws Exception {
    var counted = new CountingDataSource(database.dataSource());
    var loop = new CountLoop().hold("a");
    try (var works = new CountWorker(counted, false, loop, true, NEVER, CountWorker.OFTEN)) {
      works.create(1000, "a");
      int watchers = 200;
      int before = counted.connections();
      var watched = Stream.generate(() -> works.watch("a")).limit(watchers).toList();
      works.watching.acquire(watchers);
      assertThat(counted.connections() - before).isEqualTo(watchers);
      works.worker.start();
      var attempt = loop.begun.take();
      int reads = counted.connections();
      for (var count = Count.to(1000); count.counted() < 500; ) {
        count = count.one();
        attempt.tell(count);
      }
      assertThat(counted.connections() - reads).as("only the scheduler's").isLessThan(100);
      loop.letGo("a");

      for (Future<List<Job<Count>>> each : watched) {
        var seen = each.get(30, TimeUnit.SECONDS);
        assertThat(seen).hasSizeLessThan(100);
        assertThat(seen.stream().map(Job::state).distinct())
            .containsExactly(JobState.QUEUED, JobState.RUNNING, JobState.SUCCEEDED);
        assertThat(seen.getLast().content().counted()).isEqualTo(1000);
        assertThat(seen)
            .isSortedAccordingTo(
                (a, b) -> Long.compare(a.content().counted(), b.content().counted()));
      }
    }
  }

  /** Watchers here of a job that another process has cost one query a look, however many. */
  @Test
  void look_jobOfAnotherProcess_isToldToAllWhoWatch() throws Exception {
    var loop = new CountLoop().hold("a");
    var works = worker(loop, false, NEVER);
    works.create(2, "a");
    var counted = new CountingDataSource(database.dataSource());
    try (var looks = new CountWorker(counted, false, new CountLoop(), false, NEVER, NEVER)) {
      var watched = Stream.generate(() -> looks.watch("a")).limit(50).toList();
      looks.watching.acquire(50);
      looks.worker.look();
      int reads = counted.connections();
      looks.worker.look();
      assertThat(counted.connections() - reads).as("nothing changed").isEqualTo(1);
      works.worker.start();
      loop.begun.take();
      reads = counted.connections();
      looks.worker.look();
      assertThat(counted.connections() - reads).as("one look, one read").isEqualTo(2);
      loop.letGo("a");
      works.await("a");

      looks.worker.look();

      for (var each : watched) {
        assertThat(each.get(30, TimeUnit.SECONDS).stream().map(Job::state).distinct())
            .containsExactly(JobState.QUEUED, JobState.RUNNING, JobState.SUCCEEDED);
      }
    }
  }

  @Test
  void look_jobDeletedByAnotherProcess_isNotFoundForWhoWatches() throws Exception {
    var here = worker(new CountLoop());
    here.create(2, "a");
    var watched = here.watch("a");
    here.watching.acquire();
    here.store.inTurn(
        transaction -> {
          transaction.delete(transaction.lock("a").orElseThrow());
          return true;
        });

    here.worker.look();

    assertThatThrownBy(() -> watched.get(30, TimeUnit.SECONDS)).hasMessageContaining("counts/a");
  }
}
