package dev.watershed.analysis.study;

import static dev.watershed.analysis.study.TestSpecs.spec;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import dev.watershed.analysis.fleet.Lanes;
import dev.watershed.analysis.v1.StudyState;
import io.grpc.Status;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/**
 * An evaluator that stops in the middle of a call without a word: its process is paused (as a
 * sleeping laptop is), so that its kernel goes on to take what it is sent.
 */
final class SilentEvaluatorTest {
  /** The shortest that gRPC allows. */
  private static final Map<String, Object> KEEP_ALIVE =
      Map.of(
          "watershed.analysis.evaluator.keep-alive", "10s",
          "watershed.analysis.evaluator.keep-alive-timeout", "1s",
          "watershed.analysis.evaluator.longest-backoff", "50ms");

  private Path directory;
  private Process process;
  private Iterator<String> told;
  private String address;

  @BeforeEach
  void start(@TempDir Path temporary) throws Exception {
    directory = temporary;
    process =
        new ProcessBuilder(
                ProcessHandle.current().info().command().orElseThrow(),
                "-cp",
                System.getProperty("java.class.path"),
                "-Xmx256m",
                SteppedEvaluator.class.getName())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    told =
        process
            .inputReader()
            .lines()
            .filter(line -> line.startsWith(">"))
            .map(line -> line.substring(1))
            .iterator();
    address = told.next().replace("dns:///", "");
  }

  @AfterEach
  void stop() throws Exception {
    process.destroyForcibly();
    assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
  }

  private void step() throws Exception {
    assertThat(told.next()).isEqualTo("point");
    process.outputWriter().write('\n');
    process.outputWriter().flush();
  }

  private void signal(String name) throws Exception {
    assertThat(
            new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start().waitFor())
        .isZero();
  }

  @Test
  void run_oneOfTwoEvaluatorsIsPaused_goesOnWithTheOther() throws Exception {
    try (var other = new FakeEvaluator()) {
      // Until the first is paused, the other is out of order, so that the first has work.
      other.beforePoint =
          evaluation -> {
            throw Status.UNAVAILABLE.withDescription("starting").asRuntimeException();
          };
      var both = address + "," + other.listen();
      try (var analysis = new StudyProcess(directory, both, KEEP_ALIVE)) {
        var name = analysis.create(spec("left-0", "right-0", "left-1", "right-1")).getName();
        for (int point = 0; point < 5; point++) {
          step();
        }
        assertThat(told.next()).isEqualTo("point");
        signal("STOP");
        other.beforePoint = evaluation -> {};

        var ended = analysis.await(name);
        assertThat(ended.getState()).as("%s", ended).isEqualTo(StudyState.STUDY_STATE_SUCCEEDED);
        assertThat(ended.getProgress().getCompletedPoints()).isEqualTo(6 * 9 + 4 * 2);
        assertThat(other.evaluations.values()).containsOnly(1);
        assertThat(other.total()).isBetween(6 * 9 + 4 * 2 - 5, 6 * 9 + 4 * 2);
      }
    }
  }

  @Test
  void run_onlyEvaluatorIsPausedAndResumed_goesOnWithIt() throws Exception {
    try (var analysis = new StudyProcess(directory, "dns:///" + address, KEEP_ALIVE)) {
      var name = analysis.create(spec("left-0", "right-0")).getName();
      step();
      assertThat(told.next()).isEqualTo("point");
      var givenUp = new CountDownLatch(1);
      onLog(Lanes.class, message -> message.contains("asking again"), givenUp);
      signal("STOP");
      StudyProcess.await(givenUp);
      // A new connection is taken by the kernel, and nothing comes of it until the process goes on.
      assertThat(analysis.get(name).getState()).isEqualTo(StudyState.STUDY_STATE_RUNNING);
      signal("CONT");
      process.outputWriter().write("\n".repeat(100));
      process.outputWriter().flush();
      assertThat(analysis.await(name).getState()).isEqualTo(StudyState.STUDY_STATE_SUCCEEDED);
    }
  }

  /** Counts down when a class logs what is waited for. */
  private static void onLog(Class<?> logging, Predicate<String> awaited, CountDownLatch latch) {
    var appender =
        new AppenderBase<ILoggingEvent>() {
          @Override
          protected void append(ILoggingEvent event) {
            if (awaited.test(event.getFormattedMessage())) {
              latch.countDown();
            }
          }
        };
    appender.start();
    ((Logger) LoggerFactory.getLogger(logging)).addAppender(appender);
  }
}
