package dev.watershed.standalone.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.opentest4j.TestAbortedException;

/**
 * The services on PostgreSQL as a fleet has them: processes that answer calls, processes that work,
 * and all that work killed one after the other.
 */
final class FleetIT {
  /** For hours of it: {@code -Dfleet.every=20 -Dfleet.kills=1000000 -Dfleet.seeds=64}. */
  private static final int SECONDS_BETWEEN_KILLS = Integer.getInteger("fleet.every", 2);

  private static final int KILLS = Integer.getInteger("fleet.kills", 6);
  private static final int SEEDS = Integer.getInteger("fleet.seeds", 4);

  private Path directory;
  private EmbeddedPostgres postgres;
  private ServiceProcesses processes;

  @BeforeEach
  void start(@TempDir Path temporary) throws Exception {
    directory = temporary;
    postgres = postgres();
    try (var connection = postgres.getPostgresDatabase().getConnection();
        var statement = connection.createStatement()) {
      statement.execute("create database trainer");
      statement.execute("create database analysis");
    }
    processes = new ServiceProcesses(directory);
  }

  private static EmbeddedPostgres postgres() {
    try {
      return EmbeddedPostgres.builder().setPGStartupWait(Duration.ofMinutes(1)).start();
    } catch (IOException | RuntimeException e) {
      throw new TestAbortedException("SKIPPED: PostgreSQL cannot be started here: " + e);
    }
  }

  @AfterEach
  void stop() throws Exception {
    if (processes != null) {
      processes.close();
    }
    if (postgres != null) {
      postgres.close();
    }
  }

  /** Variables of a trainer or an analysis. */
  private Map<String, String> onPostgres(String service, Map<String, String> more) {
    var variables = new HashMap<>(more);
    var prefix = "DATASOURCES_" + (service.equals("trainer") ? "TRAINER" : "ANALYSIS");
    variables.put(prefix + "_URL", postgres.getJdbcUrl("postgres", service));
    variables.put(prefix + "_USERNAME", "postgres");
    variables.put(prefix + "_PASSWORD", "postgres");
    return variables;
  }

  private Map<String, String> trainer(String takes) {
    return onPostgres(
        "trainer",
        Map.of(
            "WATERSHED_TRAINER_TAKE_RUNS",
            takes,
            "WATERSHED_TRAINER_WORK",
            directory.resolve("work").toString(),
            "WATERSHED_TRAINER_HEARTBEAT",
            "500ms",
            "WATERSHED_TRAINER_POLL",
            "200ms",
            "WATERSHED_TRAINER_MAX_CRASHES",
            "20"));
  }

  private Map<String, String> analysis(int studies, List<String> evaluators) {
    return onPostgres(
        "analysis",
        Map.of(
            "WATERSHED_ANALYSIS_CONCURRENT_STUDIES",
            Integer.toString(studies),
            "WATERSHED_ANALYSIS_HEARTBEAT_INTERVAL",
            "500ms",
            "WATERSHED_ANALYSIS_POLL_INTERVAL",
            "200ms",
            "WATERSHED_ANALYSIS_EVALUATOR_ADDRESS",
            String.join(",", evaluators)));
  }

  @Test
  void quickstart_allWorkersKilledInTurn_isThatOfOneProcess() throws Exception {
    // Migrations first, then whoever works.
    String front = processes.serve("trainer-front", "trainer", trainer("none"));
    var workers = new ArrayList<String>();
    var evaluators = new ArrayList<String>();
    for (String name : List.of("eval-1", "eval-2")) {
      evaluators.add(processes.serve(name, "eval", Map.of()));
      workers.add(name);
    }
    String asked = processes.serve("analysis-front", "analysis", analysis(0, evaluators));
    for (String name : List.of("trainer-1", "trainer-2")) {
      processes.start(name, "trainer", trainer("all"));
      workers.add(name);
    }
    for (String name : List.of("analysis-1", "analysis-2")) {
      processes.start(name, "analysis", analysis(1, evaluators));
      workers.add(name);
    }
    for (String name : workers) {
      processes.address(name);
    }

    var quickstart = new MeasuredQuickstart(directory, SEEDS, 150);
    var fleet =
        quickstart.start(
            "fleet",
            "--address",
            "trainer=%s,eval=%s,analysis=%s".formatted(front, evaluators.get(0), asked));
    int killed = 0;
    // Not a wait for something: work goes on while nothing is killed.
    while (killed < KILLS && !fleet.waitFor(SECONDS_BETWEEN_KILLS, TimeUnit.SECONDS)) {
      processes.killAndRestart(workers.get(killed % workers.size()));
      killed++;
    }
    quickstart.await("fleet", fleet);
    System.out.printf("%d processes were killed, one every %d s%n", killed, SECONDS_BETWEEN_KILLS);
    assertThat(killed).as("processes killed before the end").isGreaterThanOrEqualTo(4);

    quickstart.run("one");
    quickstart.requireSame("one", "fleet");
  }

  @Test
  void once_twoTrainersAndOneRunEach_endAndLeaveNothing() throws Exception {
    String front = processes.serve("trainer-front", "trainer", trainer("none"));
    String evaluator = processes.serve("eval", "eval", Map.of());
    String analysis = processes.serve("analysis", "analysis", analysis(1, List.of(evaluator)));
    var idle = new HashMap<>(trainer("all"));
    idle.put("WATERSHED_TRAINER_IDLE", "60s");
    var jobs = new ArrayList<Process>();
    for (String name : List.of("job-1", "job-2")) {
      jobs.add(processes.start(name, "trainer", withoutTakes(idle), "--once"));
    }
    var quickstart = new MeasuredQuickstart(directory, 2, 20);
    quickstart.run(
        "jobs",
        "--address",
        "trainer=%s,eval=%s,analysis=%s".formatted(front, evaluator, analysis));
    for (Process job : jobs) {
      assertThat(job.waitFor(60, TimeUnit.SECONDS)).isTrue();
      assertThat(job.exitValue()).isZero();
    }

    idle.put("WATERSHED_TRAINER_IDLE", "100ms");
    var needless = processes.start("job-3", "trainer", withoutTakes(idle), "--once");
    assertThat(needless.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(needless.exitValue()).isZero();
    assertThat(processes.log("job-3")).contains("No run was queued within PT0.1S");
  }

  private static Map<String, String> withoutTakes(Map<String, String> variables) {
    var left = new HashMap<>(variables);
    left.remove("WATERSHED_TRAINER_TAKE_RUNS");
    return left;
  }
}
