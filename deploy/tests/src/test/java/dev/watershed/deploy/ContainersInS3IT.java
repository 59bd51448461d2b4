package dev.watershed.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.testcontainers.containers.GenericContainer;

/**
 * A fleet whose checkpoints are in S3, while disks fill up, S3 goes away, the network is cut and
 * memory runs out: nothing that is measured changes.
 */
final class ContainersInS3IT extends FleetTests {
  private static final String FILLING = ContainerFleet.DISK + "/filling";

  /** More than keepalive takes on a machine that has much else to do; the kernel takes minutes. */
  private static final Duration NOTICED = Duration.ofSeconds(40);

  ContainersInS3IT(@TempDir Path directory) {
    super(new ContainerFleet(directory, true));
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

    assertSameAsAlone(running);
  }

  private static void in(GenericContainer<?> container, String command) throws Exception {
    var ended = container.execInContainer("sh", "-c", command);
    assertThat(ended.getExitCode()).as(ended.getStderr()).isZero();
  }

  @Test
  void quickstart_evaluatorsCutOffAddedOutOfMemoryAndStopped_isThatOfOneProcess() throws Exception {
    GenericContainer<?> first = fleet.evaluator(0);
    GenericContainer<?> second = fleet.evaluator(1);
    // So that there is a study to disturb.
    fleet.giveEvaluatorsProcessors(.2);
    var running = fleet.quickstartHere("study");
    fleet.untilItMeasures(running);

    long cut = System.nanoTime();
    // No answer of the first one arrives, and no request at the second.
    ContainerFleet.lose(first, fleet.analysis());
    ContainerFleet.lose(fleet.analysis(), second);
    for (var silent : List.of(first, second)) {
      ContainerFleet.untilLogged(
          fleet.analysis(),
          running,
          "The evaluator at %s:8980 answered Status{code=UNAVAILABLE, description=Keepalive failed"
              .formatted(ContainerFleet.addressOf(silent)));
    }
    assertThat(Duration.ofNanos(System.nanoTime() - cut)).isLessThan(NOTICED);

    fleet.disconnect(second);
    GenericContainer<?> added = fleet.addEvaluator();
    while (!running.isDone() && ContainerFleet.pointsOf(added) == 0) {
      Thread.onSpinWait();
    }
    assertThat(ContainerFleet.pointsOf(added)).as("points of the one that was added").isPositive();
    ContainerFleet.loseNothing(fleet.analysis());
    ContainerFleet.loseNothing(second);
    ContainerFleet.outOfMemory(added);

    fleet.connect(second, "eval");
    fleet.giveEvaluatorsProcessors(2);
    // In a stream, where it has one: what it computes may end.
    assertThat(ContainerFleet.stopped(second)).as(second.getLogs()).isEqualTo(143);
    ContainerFleet.startAgain(second);

    assertSameAsAlone(running);
  }
}
