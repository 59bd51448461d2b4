package dev.watershed.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A fleet whose checkpoints are on a volume; and what happens when parts of it are killed. */
final class ContainersIT extends FleetTests {
  ContainersIT(@TempDir Path directory) {
    super(new ContainerFleet(directory, false));
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
    assertSameAsAlone(fleet.quickstartHere("fleet"));
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
    var postgres = fleet.database().primary();
    postgres.getDockerClient().restartContainerCmd(postgres.getContainerId()).exec();

    fleet.untilItMeasures(running);
    // The quickstart's own calls go to the first one.
    var paused = fleet.evaluator(0);
    var killed = fleet.evaluator(1);
    paused.getDockerClient().pauseContainerCmd(paused.getContainerId()).exec();
    ContainerFleet.kill(killed);
    ContainerFleet.startAgain(killed);
    paused.getDockerClient().unpauseContainerCmd(paused.getContainerId()).exec();

    assertSameAsAlone(running);
  }

  /**
   * The database is killed while runs are trained, and the machine of the one that took over falls
   * silent while the study computes: a standby has all that was acknowledged.
   */
  @Test
  @Order(4)
  void quickstart_databaseFailsOverTwice_isThatOfOneProcess() throws Exception {
    var database = fleet.database();
    database.addStandby();
    // So that there is still a study to disturb once there is another standby.
    fleet.giveEvaluatorsProcessors(.2);
    var running = fleet.quickstartHere("failover");
    fleet.untilItTrains(running);
    ContainerFleet.kill(database.primary());
    database.promoteStandby();

    database.addStandby();
    fleet.untilItMeasures(running);
    database.holdUpWrites("analysis", "study");
    fleet.untilAWriteWaits(running);
    fleet.disconnect(database.primary());
    database.promoteStandby();
    fleet.giveEvaluatorsProcessors(2);

    assertSameAsAlone(running);
  }

  @Test
  @Order(5)
  void fleet_sigterm_endsInTimeWith143() {
    for (var container : List.of(fleet.analysis(), fleet.evaluator(0), fleet.trainer())) {
      assertThat(ContainerFleet.stopped(container)).as(container.getLogs()).isEqualTo(143);
    }
  }
}
