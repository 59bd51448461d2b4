package dev.watershed.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/** A fleet whose checkpoints are on a volume; and what happens when parts of it are killed. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
final class ContainersIT {
  private final ContainerFleet fleet;

  ContainersIT(@TempDir Path directory) {
    this.fleet = new ContainerFleet(directory, false);
  }

  @BeforeAll
  void start() throws Exception {
    Images.require(ContainerFleet.TAG);
    fleet.start();
  }

  @AfterAll
  void remove() {
    fleet.close();
  }

  @Test
  @Order(1)
  void image_readOnlyWithoutNetwork_startsAndEndsBySigterm() {
    for (String image : List.of("trainer", "eval", "analysis")) {
      var container = ContainerFleet.hardened(image).withNetworkMode("none");
      if (!image.equals("eval")) {
        // Where its database is, without a PostgreSQL.
        container.withTmpFs(Map.of(ContainerFleet.DISK, "rw,uid=10001,gid=10001,size=64m"));
      }
      try (container) {
        container.start();
        assertThat(container.getContainerInfo().getConfig().getUser()).isEqualTo("10001:10001");
        assertThat(ContainerFleet.stopped(container)).as(container.getLogs()).isEqualTo(143);
      }
    }
  }

  @Test
  @Order(2)
  void quickstart_againstTheFleet_isThatOfOneProcess() throws Exception {
    fleet.assertSameAsAlone(fleet.quickstartHere("fleet").get(8, TimeUnit.MINUTES));
    for (int i = 0; i < 2; i++) {
      assertThat(fleet.evaluator(i).getLogs()).doesNotContain("Read-only file system");
    }
  }

  /**
   * The database goes away while runs are trained, an evaluator is killed and the other one paused
   * while the study computes: nothing that was measured changes.
   */
  @Test
  @Order(3)
  void quickstart_databaseRestartedEvaluatorsKilledAndPaused_isThatOfOneProcess() throws Exception {
    var running = fleet.quickstartHere("faults");
    fleet.untilItTrains(running);
    var postgres = fleet.postgres();
    postgres.getDockerClient().restartContainerCmd(postgres.getContainerId()).exec();

    fleet.untilItMeasures(running);
    // The quickstart's own calls go to the first one.
    var paused = fleet.evaluator(0);
    var killed = fleet.evaluator(1);
    paused.getDockerClient().pauseContainerCmd(paused.getContainerId()).exec();
    ContainerFleet.kill(killed);
    ContainerFleet.startAgain(killed);
    paused.getDockerClient().unpauseContainerCmd(paused.getContainerId()).exec();

    fleet.assertSameAsAlone(running.get(8, TimeUnit.MINUTES));
  }

  @Test
  @Order(4)
  void fleet_sigterm_endsInTimeWith143() {
    for (var container : List.of(fleet.analysis(), fleet.evaluator(0), fleet.trainer())) {
      assertThat(ContainerFleet.stopped(container)).as(container.getLogs()).isEqualTo(143);
    }
  }
}
