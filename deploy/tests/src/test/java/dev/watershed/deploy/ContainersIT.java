package dev.watershed.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.dockerjava.api.model.AccessMode;
import com.github.dockerjava.api.model.Bind;
import com.github.dockerjava.api.model.Capability;
import com.github.dockerjava.api.model.Volume;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.Network;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.utility.DockerImageName;
import org.testcontainers.utility.MountableFile;

/**
 * The built images as a fleet: PostgreSQL, a trainer, two evaluators and the analysis in hardened
 * containers that share a volume of checkpoints; and what happens when parts of it are killed.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
final class ContainersIT {
  private static final String TAG = System.getProperty("images.tag", "test");
  private static final String PASSWORD = "a-password";
  private static final Duration START = Duration.ofMinutes(3);

  private final Path directory;
  private final Network network = Network.newNetwork();
  private final String volume = "watershed-" + UUID.randomUUID();
  private final GenericContainer<?> postgres = postgres();
  private final GenericContainer<?> trainer = service("trainer", 8979, database("trainer"));
  private final List<GenericContainer<?>> evaluators =
      List.of(service("eval", 8980, Map.of()), service("eval", 8980, Map.of()));
  private final GenericContainer<?> analysis = service("analysis", 8981, database("analysis"));

  ContainersIT(@TempDir Path directory) {
    this.directory = directory;
  }

  @BeforeAll
  void start() throws Exception {
    Images.require(TAG);
    DockerClientFactory.lazyClient()
        .createVolumeCmd()
        .withName(volume)
        .withLabels(DockerClientFactory.DEFAULT_LABELS)
        .exec();
    postgres.start();
    // Of a new volume, the first one is given what the image has there, and whose it is.
    trainer.start();
    evaluators.parallelStream().forEach(GenericContainer::start);
    analysis.withEnv("WATERSHED_ANALYSIS_EVALUATOR_ADDRESS", "dns:///eval:8980").start();
    quickstart("alone");
  }

  @AfterAll
  void remove() {
    Stream.concat(evaluators.stream(), Stream.of(analysis, trainer, postgres))
        .filter(container -> container.getContainerId() != null)
        .forEach(GenericContainer::stop);
    if (analysis.getContainerId() != null || Images.missing(TAG).isEmpty()) {
      DockerClientFactory.lazyClient().removeVolumeCmd(volume).exec();
      network.close();
    }
  }

  private GenericContainer<?> postgres() {
    return new GenericContainer<>(DockerImageName.parse("local/postgres:17"))
        .withNetwork(network)
        .withNetworkAliases("postgres")
        .withEnv("POSTGRES_USER", "watershed")
        .withEnv("POSTGRES_PASSWORD", PASSWORD)
        .withEnv("POSTGRES_DB", "trainer")
        .withCopyFileToContainer(
            MountableFile.forHostPath(
                Packaged.PROJECT.resolve("deploy/kubernetes/components/postgres/databases.sql"),
                0644),
            "/docker-entrypoint-initdb.d/databases.sql")
        .waitingFor(Wait.forLogMessage(".*ready to accept connections.*", 2))
        .withStartupTimeout(START);
  }

  private static Map<String, String> database(String name) {
    String prefix = "DATASOURCES_" + name.toUpperCase(Locale.ROOT) + "_";
    return Map.of(
        prefix + "URL",
        "jdbc:postgresql://postgres:5432/" + name,
        prefix + "USERNAME",
        "watershed",
        prefix + "PASSWORD",
        PASSWORD);
  }

  /** One of the images, as little trusted as can be. */
  private static GenericContainer<?> hardened(String image) {
    return new GenericContainer<>(DockerImageName.parse("watershed/" + image + ":" + TAG))
        .withEnv("WATERSHED_SERVER_ALLOW_PLAINTEXT", "true")
        .withCreateContainerCmdModifier(
            command ->
                Objects.requireNonNull(command.getHostConfig())
                    .withReadonlyRootfs(true)
                    .withCapDrop(Capability.ALL)
                    .withSecurityOpts(List.of("no-new-privileges"))
                    .withMemory(1536L << 20))
        .waitingFor(Wait.forLogMessage(".* listens on .*", 1))
        .withStartupTimeout(START);
  }

  private GenericContainer<?> service(String image, int port, Map<String, String> variables) {
    var container =
        hardened(image)
            .withNetwork(network)
            .withNetworkAliases(image)
            .withExposedPorts(port)
            .withEnv(variables);
    if (!image.equals("analysis")) {
      container.withCreateContainerCmdModifier(
          command ->
              Objects.requireNonNull(command.getHostConfig())
                  .withBinds(
                      new Bind(
                          volume,
                          new Volume("/data"),
                          // Evaluators read.
                          image.equals("eval") ? AccessMode.ro : AccessMode.rw)));
    }
    return container;
  }

  private String address() {
    return "trainer=%s,eval=%s,analysis=%s"
        .formatted(at(trainer, 8979), at(evaluators.getFirst(), 8980), at(analysis, 8981));
  }

  private static String at(GenericContainer<?> container, int port) {
    return container.getHost() + ":" + container.getMappedPort(port);
  }

  /** Runs the quickstart, in one process unless told otherwise; returns the folder of results. */
  private Path quickstart(String name, String... more) throws Exception {
    Path out = directory.resolve(name);
    var arguments =
        new ArrayList<>(
            List.of("quickstart", "--seeds", "4", "--steps", "20", "--out", out.toString()));
    arguments.addAll(List.of(more));
    var ended = Packaged.commandLine(directory, arguments.toArray(String[]::new));
    assertThat(ended.code()).as(ended.output() + logs()).isZero();
    return out;
  }

  private String logs() {
    var logs = new StringBuilder();
    var containers = new ArrayList<GenericContainer<?>>(evaluators);
    containers.addAll(List.of(trainer, analysis));
    for (GenericContainer<?> container : containers) {
      logs.append("\n--- ").append(container.getDockerImageName()).append('\n');
      logs.append(container.getContainerId() == null ? "" : container.getLogs());
    }
    return logs.toString();
  }

  /** Names of checkpoints are drawn; what was measured is the same to the last digit. */
  private void assertSame(Path fleet) throws IOException {
    for (String file : List.of("models.csv", "pairs.csv", "curves.csv")) {
      assertThat(measured(fleet.resolve(file)))
          .as(file)
          .isEqualTo(measured(directory.resolve("alone").resolve(file)));
    }
  }

  private static List<String> measured(Path file) throws IOException {
    return Files.readAllLines(file).stream()
        .map(line -> line.replaceAll("checkpoints/[a-z0-9._-]+", "CHECKPOINT"))
        .toList();
  }

  @Test
  @Order(1)
  void image_readOnlyWithoutNetwork_startsAndEndsBySigterm() {
    for (String image : List.of("trainer", "eval", "analysis")) {
      var container = hardened(image).withNetworkMode("none");
      if (!image.equals("eval")) {
        // Where its database is, without a PostgreSQL.
        container.withTmpFs(Map.of("/data", "rw,uid=10001,gid=10001,size=64m"));
      }
      try (container) {
        container.start();
        assertThat(container.getContainerInfo().getConfig().getUser()).isEqualTo("10001:10001");
        assertThat(stopped(container)).as(container.getLogs()).isEqualTo(143);
      }
    }
  }

  /** SIGTERM; returns the exit code. */
  private static long stopped(GenericContainer<?> container) {
    container.getDockerClient().stopContainerCmd(container.getContainerId()).withTimeout(60).exec();
    return Objects.requireNonNull(container.getCurrentContainerInfo().getState().getExitCodeLong());
  }

  @Test
  @Order(2)
  void quickstart_againstTheFleet_isThatOfOneProcess() throws Exception {
    assertSame(quickstart("fleet", "--address", address()));
    for (GenericContainer<?> evaluator : evaluators) {
      assertThat(evaluator.getLogs()).doesNotContain("Read-only file system");
    }
  }

  /**
   * The database goes away while runs are trained, an evaluator is killed and the other one paused
   * while the study computes: nothing that was measured changes.
   */
  @Test
  @Order(3)
  void quickstart_databaseRestartedEvaluatorsKilledAndPaused_isThatOfOneProcess() throws Exception {
    String address = address();
    var study =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return quickstart("faults", "--address", address);
              } catch (Exception e) {
                throw new IllegalStateException(e);
              }
            });
    until(study, "SELECT count(*) FROM training_queue WHERE picked", "trainer");
    postgres.getDockerClient().restartContainerCmd(postgres.getContainerId()).exec();

    until(study, "SELECT sum(completed_points) FROM study WHERE state = 'RUNNING'", "analysis");
    // The quickstart's own calls go to the first one.
    var paused = evaluators.getFirst();
    var killed = evaluators.getLast();
    paused.getDockerClient().pauseContainerCmd(paused.getContainerId()).exec();
    killed.getDockerClient().killContainerCmd(killed.getContainerId()).withSignal("KILL").exec();
    assertThat(killed.isRunning()).isFalse();
    killed.getDockerClient().startContainerCmd(killed.getContainerId()).exec();
    paused.getDockerClient().unpauseContainerCmd(paused.getContainerId()).exec();

    assertSame(study.get(8, TimeUnit.MINUTES));
  }

  /** Waits until a query answers more than nothing. */
  private void until(CompletableFuture<?> running, String sql, String database) throws Exception {
    while (!running.isDone()) {
      var answer =
          postgres.execInContainer("psql", "-U", "watershed", "-d", database, "-qtAX", "-c", sql);
      String count = answer.getStdout().strip();
      if (!count.isEmpty() && !count.equals("0")) {
        return;
      }
    }
    running.get();
    throw new AssertionError("it ended before there was anything in: " + sql);
  }

  @Test
  @Order(4)
  void fleet_sigterm_endsInTimeWith143() {
    for (GenericContainer<?> container : List.of(analysis, evaluators.getFirst(), trainer)) {
      assertThat(stopped(container)).as(container.getLogs()).isEqualTo(143);
    }
  }
}
