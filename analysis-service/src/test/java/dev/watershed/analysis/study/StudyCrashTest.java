package dev.watershed.analysis.study;

import static dev.watershed.analysis.study.TestSpecs.spec;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.rpc.Code;
import com.google.rpc.ErrorInfo;
import dev.watershed.analysis.store.StudyContent;
import dev.watershed.analysis.v1.StudyState;
import dev.watershed.analysis.v1.WatchStudyRequest;
import dev.watershed.input.StudyName;
import dev.watershed.jobs.JobFeed;
import dev.watershed.server.RefusedException;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.micronaut.core.type.Argument;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is left when processes die, and who goes on. */
final class StudyCrashTest {
  private static final Map<String, Object> NO_WORKER =
      Map.of("watershed.analysis.concurrent-studies", 0, "watershed.analysis.sole-worker", false);

  private Path directory;
  private FakeEvaluator evaluator;

  @BeforeEach
  void start(@TempDir Path directory) throws IOException {
    this.directory = directory;
    evaluator = new FakeEvaluator();
  }

  @AfterEach
  void stop() throws InterruptedException {
    evaluator.close();
  }

  @Test
  void process_killedMidway_nextOneAsksForTheMissingPointsOnly() throws Exception {
    int stored = 25;
    var points = new AtomicInteger();
    var released = new CountDownLatch(1);
    evaluator.beforePoint =
        evaluation -> {
          if (points.incrementAndGet() > stored) {
            StudyProcess.await(released);
          }
        };
    String name = killOnceItHas(stored);
    var before = evaluator.total();
    evaluator.beforePoint = evaluation -> {};

    try (var process = new StudyProcess(directory, evaluator, Map.of())) {
      var ended = process.await(name);
      assertThat(ended.getState()).as("%s", ended).isEqualTo(StudyState.STUDY_STATE_SUCCEEDED);
      assertThat(ended.getProgress().getCompletedPoints()).isEqualTo(10 * 9 + 5 * 2);
      assertThat(process.report(name).getPairsCount()).isEqualTo(10);
    }
    assertThat(before).isEqualTo(stored);
    assertThat(evaluator.total()).isEqualTo(10 * 9 + 5 * 2);
    assertThat(evaluator.evaluations.values()).containsOnly(1);
    released.countDown();
  }

  @Test
  void worker_missesItsHeartbeats_losesItsStudyToAnother() throws Exception {
    String name;
    try (var process = new StudyProcess(directory, evaluator, NO_WORKER)) {
      name = process.create(spec("left-0", "right-0", "left-1")).getName();
      begin(process, name, "dead");
      execute(
          process,
          "UPDATE study_queue SET picked = TRUE, picked_by = 'a dead one',"
              + " last_heartbeat = TIMESTAMP WITH TIME ZONE '2026-01-01 00:00:00+00'");
    }
    var another =
        Map.<String, Object>of(
            "watershed.analysis.sole-worker",
            false,
            "watershed.analysis.heartbeat-interval",
            "100ms");
    try (var process = new StudyProcess(directory, evaluator, another)) {
      assertThat(process.await(name).getState()).isEqualTo(StudyState.STUDY_STATE_SUCCEEDED);
    }
  }

  @Test
  void process_killedBeforeQueueing_nextOneQueuesIt() throws Exception {
    String name;
    try (var process = new StudyProcess(directory, evaluator, NO_WORKER)) {
      name = process.create(spec("left-0", "right-0")).getName();
      execute(process, "DELETE FROM study_queue");
    }
    try (var process = new StudyProcess(directory, evaluator, Map.of())) {
      assertThat(process.await(name).getState()).isEqualTo(StudyState.STUDY_STATE_SUCCEEDED);
    }
  }

  @Test
  void study_thatEndedItsProcessTwice_isHeldAndTheNextIsComputed() throws Exception {
    String name;
    try (var process = new StudyProcess(directory, evaluator, NO_WORKER)) {
      name = process.create(spec("left-0", "right-0")).getName();
      for (var killed : List.of("first", "second")) {
        begin(process, name, killed);
      }
    }
    try (var process = new StudyProcess(directory, evaluator, Map.of())) {
      var ended = process.await(name);
      assertThat(ended.getState()).isEqualTo(StudyState.STUDY_STATE_FAILED);
      assertThat(ended.getError().getCode()).isEqualTo(Code.ABORTED_VALUE);
      assertThat(ended.getError().getDetails(0).unpack(ErrorInfo.class).getReason())
          .isEqualTo("CRASHED_REPEATEDLY");
      assertThat(evaluator.total()).isZero();
      var again = process.create(spec("left-0", "right-0")).getName();
      assertThat(process.await(again).getState()).isEqualTo(StudyState.STUDY_STATE_SUCCEEDED);
    }
  }

  @Test
  void start_clockSetBack_goesOnWithWhatIsQueued() throws Exception {
    String name;
    try (var process = new StudyProcess(directory, evaluator, NO_WORKER)) {
      name = process.create(spec("left-0", "right-0")).getName();
      // As an older version, whose clock was ahead, has left the queue.
      execute(
          process,
          "UPDATE study_queue SET execution_time = TIMESTAMP WITH TIME ZONE"
              + " '2100-01-01 00:00:00+00'");
    }
    try (var process = new StudyProcess(directory, evaluator, Map.of())) {
      assertThat(process.await(name).getState()).isEqualTo(StudyState.STUDY_STATE_SUCCEEDED);
    }
  }

  /** The database fails under the last point of a pair, and works when the pair is done. */
  @Test
  void point_thatCouldNotBeWritten_isAskedForAgain() throws Exception {
    var soon = Map.<String, Object>of("watershed.analysis.heartbeat-interval", "100ms");
    try (var process = new StudyProcess(directory, evaluator, soon)) {
      execute(process, "ALTER TABLE study_point ADD CONSTRAINT away CHECK (alpha_index < 9)");
      evaluator.beforePoint =
          evaluation -> {
            if (evaluator.evaluations.containsKey(evaluation)) {
              execute(process, "ALTER TABLE study_point DROP CONSTRAINT IF EXISTS away");
            }
          };
      var report = process.study(spec("left-0", "right-0"));
      assertThat(report.getCost().getComputedPoints()).isEqualTo(9 + 2 * 2);
    }
  }

  @Test
  void watch_serverGoesDown_isTold() throws Exception {
    try (var process = new StudyProcess(directory, evaluator, NO_WORKER)) {
      var name = process.create(spec("left-0", "right-0")).getName();
      var responses =
          process.stub().watchStudy(WatchStudyRequest.newBuilder().setName(name).build());
      assertThat(responses.next().getStudy().getState()).isEqualTo(StudyState.STUDY_STATE_QUEUED);
      process.context.getBean(Argument.of(JobFeed.class, StudyContent.class)).close();

      assertThatThrownBy(responses::hasNext)
          .isInstanceOfSatisfying(
              StatusRuntimeException.class,
              gone -> assertThat(gone.getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE));
    }
  }

  @Test
  void run_evaluatorNamesADelay_isNotAskedBefore() throws Exception {
    var delay = Duration.ofMillis(400);
    for (int call = 0; call < 2; call++) {
      evaluator.failuresOfCalls.add(RefusedException.resourceExhausted("FULL", "full", delay));
    }
    long start = System.nanoTime();
    var firstPoint = new AtomicLong();
    evaluator.beforePoint = evaluation -> firstPoint.compareAndSet(0, System.nanoTime() - start);
    try (var process = new StudyProcess(directory, evaluator, Map.of())) {
      long created = System.nanoTime() - start;
      var name = process.create(spec("left-0", "right-0")).getName();
      assertThat(process.await(name).getState()).isEqualTo(StudyState.STUDY_STATE_SUCCEEDED);
      assertThat(firstPoint.get() - created).isGreaterThan(delay.toNanos());
    }
  }

  /** Runs a study in another process, kills that, and returns the study's name. */
  private String killOnceItHas(int stored) throws Exception {
    var process =
        new ProcessBuilder(
                ProcessHandle.current().info().command().orElseThrow(),
                "-cp",
                System.getProperty("java.class.path"),
                "-Xmx256m",
                KilledProcess.class.getName(),
                directory.toString(),
                evaluator.listen())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (var lines = process.inputReader()) {
      var told = lines.lines().filter(line -> line.startsWith(">")).map(line -> line.substring(1));
      var iterator = told.iterator();
      String name = iterator.next();
      while (Long.parseLong(iterator.next()) < stored) {
        assertThat(process.isAlive()).isTrue();
      }
      return name;
    } finally {
      process.destroyForcibly();
      assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
    }
  }

  /** As a process leaves a study that it has taken, and is killed. */
  private static void begin(StudyProcess process, String name, String killed) {
    execute(
        process,
        "UPDATE study SET state = 'RUNNING', attempt = attempt + 1, fruitless_attempts ="
            + " fruitless_attempts + CASE WHEN held_by = '' THEN 0 ELSE 1 END, held_by = '"
            + killed
            + "' WHERE id = '"
            + StudyName.of(name).id()
            + "'");
  }

  private static void execute(StudyProcess process, String sql) {
    try (var connection = process.context.getBean(DataSource.class).getConnection();
        var statement = connection.createStatement()) {
      statement.execute(sql);
    } catch (SQLException e) {
      throw new AssertionError(e);
    }
  }
}
