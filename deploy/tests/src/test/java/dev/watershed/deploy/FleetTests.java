package dev.watershed.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.ExtendWith;

/** Tests of one fleet in containers, which lives as long as the class. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
@ExtendWith(Images.class)
abstract class FleetTests {
  private static final int MINUTES = 8;

  final ContainerFleet fleet;

  FleetTests(ContainerFleet fleet) {
    this.fleet = fleet;
  }

  @BeforeAll
  final void start() throws Exception {
    assertThat(Images.missing(ContainerFleet.TAG)).as("what is missing").isEmpty();
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
