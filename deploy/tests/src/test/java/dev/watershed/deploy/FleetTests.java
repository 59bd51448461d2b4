package dev.watershed.deploy;

import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;

/** Tests of one fleet in containers, which lives as long as the class. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
abstract class FleetTests {
  private static final int MINUTES = 8;

  final ContainerFleet fleet;

  FleetTests(ContainerFleet fleet) {
    this.fleet = fleet;
  }

  @BeforeAll
  final void start() throws Exception {
    Images.require(ContainerFleet.TAG);
    fleet.start();
  }

  @AfterAll
  final void remove() {
    fleet.close();
  }

  /** Whatever happened to it, a quickstart ends, and measured what it does in one process. */
  final void assertSameAsAlone(CompletableFuture<Path> running) throws Exception {
    fleet.assertSameAsAlone(running.get(MINUTES, TimeUnit.MINUTES));
  }
}
