package dev.watershed.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.testcontainers.containers.GenericContainer;

/**
 * A fleet whose checkpoints are in S3, while disks fill up, S3 goes away, the network is cut and
 * memory runs out: nothing that is measured changes.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class ContainersInS3IT {
  private static final String FILLING = ContainerFleet.DISK + "/filling";

  private final ContainerFleet fleet;

  ContainersInS3IT(@TempDir Path directory) {
    this.fleet = new ContainerFleet(directory, true);
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
  void quickstart_s3KilledDiskFullTrainerStopped_isThatOfOneProcess() throws Exception {
    GenericContainer<?> trainer = fleet.trainer();
    var running = fleet.quickstartHere("training");
    fleet.untilItTrains(running);

    ContainerFleet.kill(fleet.s3());
    ContainerFleet.untilLogged(trainer, running, "waits: s3://models/fleet");
    ContainerFleet.startAgain(fleet.s3());
    ContainerFleet.untilLogged(trainer, running, "can be used again");

    in(trainer, "cat /dev/zero > " + FILLING + " || true");
    ContainerFleet.untilLogged(trainer, running, "waits: The disk of");
    in(trainer, "rm " + FILLING);
    ContainerFleet.untilLogged(trainer, running, "there is room again");

    fleet.untilItTrains(running);
    assertThat(ContainerFleet.stopped(trainer)).as(trainer.getLogs()).isEqualTo(143);
    ContainerFleet.startAgain(trainer);

    fleet.assertSameAsAlone(running.get(8, TimeUnit.MINUTES));
  }

  private static void in(GenericContainer<?> container, String command) throws Exception {
    var ended = container.execInContainer("sh", "-c", command);
    assertThat(ended.getExitCode()).as(ended.getStderr()).isZero();
  }

  @Test
  void quickstart_evaluatorAddedCutOffOutOfMemoryAndStopped_isThatOfOneProcess() throws Exception {
    GenericContainer<?> first = fleet.evaluator(0);
    GenericContainer<?> second = fleet.evaluator(1);
    // So that there is a study to disturb.
    ContainerFleet.giveProcessors(first, .1);
    ContainerFleet.giveProcessors(second, .1);
    var running = fleet.quickstartHere("study");
    fleet.untilItMeasures(running);

    fleet.disconnect(second);
    GenericContainer<?> added = fleet.addEvaluator();
    while (!running.isDone() && ContainerFleet.pointsOf(added) == 0) {
      Thread.onSpinWait();
    }
    assertThat(ContainerFleet.pointsOf(added)).as("points of the one that was added").isPositive();
    ContainerFleet.outOfMemory(added);

    fleet.connect(second, "eval");
    ContainerFleet.giveProcessors(first, 2);
    ContainerFleet.giveProcessors(second, 2);
    // In a stream, where it has one: what it computes may end.
    assertThat(ContainerFleet.stopped(second)).as(second.getLogs()).isEqualTo(143);
    ContainerFleet.startAgain(second);

    fleet.assertSameAsAlone(running.get(8, TimeUnit.MINUTES));
  }
}
