package dev.watershed.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.watershed.jobs.CountKind.Count;
import dev.watershed.jobs.kit.CountingDataSource;
import dev.watershed.jobs.kit.TestDatabase;
import dev.watershed.jobs.kit.TestDatabase.Engine;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class JobAttemptTest {
  private TestDatabase database;
  private CountingDataSource dataSource;
  private JobStore<Count> store;
  private final CountDownLatch closing = new CountDownLatch(1);
  private JobAttempt<Count> attempt;

  @BeforeEach
  void begin() throws Exception {
    database = TestDatabase.create(Engine.H2, "classpath:db/count");
    dataSource = new CountingDataSource(database.dataSource());
    var kind = new CountKind(false);
    store = new JobStore<>(new Database(dataSource), kind, Clock.systemUTC());
    store.create(new CreateCall("", ""), List.of(new NewJob<>("a", Count.to(3))), 1);
    var claimed = store.claim("a", "this", 2, content -> content).orElseThrow();
    attempt = new JobAttempt<>(store, new JobFeed<>(kind), claimed, closing);
  }

  @AfterEach
  void close() throws Exception {
    database.close();
  }

  @Test
  void write_cancelledElsewhere_isToStop() {
    var stops = new AtomicInteger();
    attempt.whenToStop(stops::incrementAndGet);
    attempt.write();
    assertThat(attempt.isToStop()).isFalse();
    store.cancel("a");

    attempt.write();

    assertThat(attempt.isToStop()).isTrue();
    assertThat(stops).hasValue(1);
    assertThat(attempt.endCancelled()).isTrue();
    assertThat(store.find("a").orElseThrow().state()).isEqualTo(JobState.CANCELLED);
  }

  @Test
  void keep_afterTelling_writesWhatWasToldAndMore() throws Exception {
    attempt.alsoWrite(
        (transaction, job) ->
            transaction.handle().execute("update count_turn set id = ?", job.content().counted()));
    attempt.tell(attempt.job().content().one().one());
    assertThat(store.find("a").orElseThrow().content().counted()).isZero();

    attempt.keep();

    assertThat(store.find("a").orElseThrow().content().counted()).isEqualTo(2);
    assertThat(database.column("select id from count_turn")).containsExactly("2");
  }

  /** Progress that the kind's own statements wrote is not written over with an older one. */
  @Test
  void succeed_afterShowing_keepsWhatIsWritten() throws Exception {
    database.execute("update count_job set counted = 3");
    attempt.show(attempt.job().content().one());

    attempt.succeed();

    assertThat(store.find("a").orElseThrow().content().counted()).isEqualTo(3);
  }

  @Test
  void keepSaved_afterCrashes_forgivesThem() {
    store.change("a", job -> job.with(new Crashes(1, 7, "this")));

    attempt.keepSaved();

    assertThat(store.find("a").orElseThrow().crashes()).isEqualTo(new Crashes(0, 0, "this"));
  }

  @Test
  void keep_databaseAwayForAWhile_waitsForIt() throws Exception {
    attempt.tell(attempt.job().content().one());
    dataSource.setAway(true);
    int before = dataSource.connections();
    var keeper = Thread.ofVirtual().start(attempt::keep);
    while (dataSource.connections() == before) {
      Thread.onSpinWait();
    }
    assertThat(keeper.isAlive()).isTrue();

    dataSource.setAway(false);
    keeper.join();

    assertThat(store.find("a").orElseThrow().content().counted()).isEqualTo(1);
  }

  @Test
  void keep_databaseAwayAndProcessGoingDown_givesUp() {
    dataSource.setAway(true);
    closing.countDown();

    assertThat(attempt.isToStop()).isTrue();
    assertThatThrownBy(attempt::keep).isInstanceOf(StoreException.class);
    assertThatThrownBy(attempt::write).isInstanceOf(StoreException.class);
  }
}
