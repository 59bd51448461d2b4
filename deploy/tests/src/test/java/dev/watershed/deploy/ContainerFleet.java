package dev.watershed.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.dockerjava.api.model.AccessMode;
import com.github.dockerjava.api.model.Bind;
import com.github.dockerjava.api.model.Capability;
import com.github.dockerjava.api.model.ContainerNetwork;
import com.github.dockerjava.api.model.ExposedPort;
import com.github.dockerjava.api.model.PortBinding;
import com.github.dockerjava.api.model.Ports;
import com.github.dockerjava.api.model.Volume;
import dev.watershed.eval.v1.EvaluationServiceGrpc;
import dev.watershed.eval.v1.GetStatisticsRequest;
import io.grpc.netty.NettyChannelBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.Network;
import org.testcontainers.containers.startupcheck.OneShotStartupCheckStrategy;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.images.builder.Transferable;
import org.testcontainers.utility.DockerImageName;
import org.testcontainers.utility.MountableFile;

/**
 * The built images as a fleet: PostgreSQL, a trainer, evaluators and the analysis in hardened
 * containers, whose checkpoints are on a volume that they share or in S3.
 */
final class ContainerFleet implements AutoCloseable {
  static final String TAG = System.getProperty("images.tag", "test");

  private static final Duration START = Duration.ofMinutes(3);

  private static final long CPU_PERIOD = 100_000;

  /** Less than an evaluator and its disk together. */
  private static final long SCARCE = 400L << 20;

  static final String DISK = "/data";

  private static final Map<String, String> S3 =
      Map.of(
          "WATERSHED_CHECKPOINTS_ROOT", "s3://models/fleet",
          "WATERSHED_CHECKPOINTS_S3_ENDPOINT", "http://s3:9000",
          "WATERSHED_CHECKPOINTS_S3_PATH_STYLE", "true",
          // So that a test hears within its time of one that is away.
          "WATERSHED_CHECKPOINTS_S3_TIMEOUT", "5s",
          "AWS_ACCESS_KEY_ID", "me",
          "AWS_SECRET_ACCESS_KEY", "my-secret");

  private final Path directory;
  private final boolean inS3;
  private final Network network = Network.newNetwork();
  private final String volume = "watershed-" + UUID.randomUUID();
  private final ContainerDatabase database = new ContainerDatabase(network);
  private final GenericContainer<?> s3 = newS3();
  private final GenericContainer<?> trainer;
  private final List<GenericContainer<?>> evaluators = new ArrayList<>();
  private final GenericContainer<?> analysis;

  /**
   * Makes a fleet that is yet to be started.
   *
   * @param directory where results are written
   * @param inS3 whether checkpoints are in S3, or on a volume
   */
  ContainerFleet(Path directory, boolean inS3) {
    this.directory = directory;
    this.inS3 = inS3;
    this.trainer = service("trainer", 8979).withEnv(ContainerDatabase.variables("trainer"));
    this.analysis = service("analysis", 8981).withEnv(ContainerDatabase.variables("analysis"));
  }

  /** Starts it with two evaluators, and measures what one process does without it. */
  void start() throws Exception {
    DockerClientFactory.lazyClient()
        .createVolumeCmd()
        .withName(volume)
        .withLabels(DockerClientFactory.DEFAULT_LABELS)
        .exec();
    database.start();
    if (inS3) {
      s3.start();
    }
    // Of a new volume, the first one is given what the image has there, and whose it is.
    trainer.start();
    addEvaluator();
    addEvaluator();
    analysis.withEnv("WATERSHED_ANALYSIS_EVALUATOR_ADDRESS", "dns:///eval:8980").start();
    quickstart("alone");
  }

  ContainerDatabase database() {
    return database;
  }

  GenericContainer<?> s3() {
    return s3;
  }

  GenericContainer<?> trainer() {
    return trainer;
  }

  /** The one that a client's own calls go to, and those beside it. */
  GenericContainer<?> evaluator(int index) {
    return evaluators.get(index);
  }

  GenericContainer<?> analysis() {
    return analysis;
  }

  /** Starts one more. */
  GenericContainer<?> addEvaluator() {
    var evaluator = service("eval", 8980);
    evaluators.add(evaluator);
    evaluator.start();
    return evaluator;
  }

  /** S3Proxy over a directory that lasts from a kill to the next start. */
  private GenericContainer<?> newS3() {
    var server =
        new GenericContainer<>(DockerImageName.parse("local/jre:25"))
            .withNetwork(network)
            .withNetworkAliases("s3")
            .withCopyToContainer(
                Transferable.of(
                    """
                    s3proxy.endpoint=http://0.0.0.0:9000
                    s3proxy.authorization=aws-v2-or-v4
                    s3proxy.identity=me
                    s3proxy.credential=my-secret
                    jclouds.provider=filesystem-nio2
                    jclouds.filesystem.basedir=/objects
                    jclouds.identity=x
                    jclouds.credential=x
                    """),
                "/s3.properties")
            .withCopyToContainer(Transferable.of(""), "/objects/models/.keep")
            .withCommand(
                "java",
                "-XX:+UseSerialGC",
                "-Xmx256m",
                "-cp",
                "/jars/*",
                "org.gaul.s3proxy.Main",
                "--properties",
                "/s3.properties")
            .withExposedPorts(9000)
            .waitingFor(Wait.forListeningPort())
            .withStartupTimeout(START);
    for (Path jar : Packaged.s3Server()) {
      server.withCopyFileToContainer(
          MountableFile.forHostPath(jar, 0644), "/jars/" + jar.getFileName());
    }
    return server;
  }

  /** One of the images, as little trusted as can be. */
  static GenericContainer<?> hardened(String image) {
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

  private GenericContainer<?> service(String image, int port) {
    // One that is started again has the same port.
    var published = new PortBinding(Ports.Binding.bindPort(freePort()), ExposedPort.tcp(port));
    var container =
        hardened(image)
            .withNetwork(network)
            .withNetworkAliases(image)
            .withExposedPorts(port)
            .withCreateContainerCmdModifier(
                command ->
                    Objects.requireNonNull(command.getHostConfig()).withPortBindings(published));
    if (image.equals("analysis")) {
      return container;
    }
    if (inS3) {
      // A small disk of its own, which a test can fill.
      return container
          .withEnv(S3)
          .withEnv("WATERSHED_DISK_DIRECTORIES", DISK)
          .withTmpFs(Map.of(DISK, "rw,uid=10001,gid=10001,size=256m"));
    }
    return container.withCreateContainerCmdModifier(
        command ->
            Objects.requireNonNull(command.getHostConfig())
                .withBinds(
                    new Bind(
                        volume,
                        new Volume(DISK),
                        // Evaluators read.
                        image.equals("eval") ? AccessMode.ro : AccessMode.rw)));
  }

  private static int freePort() {
    try (var socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Runs the quickstart in one process; returns the folder of results. */
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

  /** Runs the quickstart against the fleet as it is now; gives the folder of results. */
  CompletableFuture<Path> quickstartHere(String name) {
    String address =
        "trainer=%s,eval=%s,analysis=%s"
            .formatted(at(trainer, 8979), at(evaluators.getFirst(), 8980), at(analysis, 8981));
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            return quickstart(name, "--address", address);
          } catch (Exception e) {
            throw new IllegalStateException(e);
          }
        });
  }

  private static String at(GenericContainer<?> container, int port) {
    return container.getHost() + ":" + container.getMappedPort(port);
  }

  private String logs() {
    var logs = new StringBuilder();
    var all = new ArrayList<GenericContainer<?>>(evaluators);
    all.addAll(List.of(trainer, analysis));
    for (GenericContainer<?> container : all) {
      logs.append("\n--- ").append(container.getDockerImageName()).append('\n');
      logs.append(container.getContainerId() == null ? "" : container.getLogs());
    }
    return logs.toString();
  }

  /** Names of checkpoints are drawn; what was measured is the same to the last digit. */
  void assertSameAsAlone(Path fleet) throws IOException {
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

  /** Waits until runs are trained. */
  void untilItTrains(CompletableFuture<?> running) throws Exception {
    until(running, "trainer", "SELECT count(*) FROM training_queue WHERE picked");
  }

  /** Waits until a study has points. */
  void untilItMeasures(CompletableFuture<?> running) throws Exception {
    until(running, "analysis", "SELECT sum(completed_points) FROM study WHERE state = 'RUNNING'");
  }

  /** Waits until the database has a statement to answer. */
  void untilAWriteWaits(CompletableFuture<?> running) throws Exception {
    until(
        running,
        "analysis",
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'");
  }

  /** Waits until a query answers more than nothing. */
  private void until(CompletableFuture<?> running, String name, String sql) throws Exception {
    while (!running.isDone()) {
      String count = database.query(name, sql);
      if (!count.isEmpty() && !count.equals("0")) {
        return;
      }
    }
    running.get();
    throw new AssertionError("it ended before there was anything in: " + sql);
  }

  /** Waits until a container says something. */
  static void untilLogged(GenericContainer<?> container, CompletableFuture<?> running, String words)
      throws Exception {
    while (!container.getLogs().contains(words)) {
      if (running.isDone()) {
        running.get();
        throw new AssertionError("it ended before '" + words + "' in\n" + container.getLogs());
      }
    }
  }

  /** Points that an evaluator has computed. */
  static long pointsOf(GenericContainer<?> evaluator) throws InterruptedException {
    var channel =
        NettyChannelBuilder.forTarget("dns:///" + at(evaluator, 8980)).usePlaintext().build();
    try {
      return EvaluationServiceGrpc.newBlockingStub(channel)
          .getStatistics(GetStatisticsRequest.getDefaultInstance())
          .getStatistics()
          .getComputedPointCount();
    } finally {
      channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
    }
  }

  /** Limits each evaluator to so many processors from now on. */
  void giveEvaluatorsProcessors(double processors) {
    for (var evaluator : evaluators) {
      evaluator
          .getDockerClient()
          .updateContainerCmd(evaluator.getContainerId())
          .withCpuPeriod(CPU_PERIOD)
          .withCpuQuota((long) (processors * CPU_PERIOD))
          .exec();
    }
  }

  /**
   * Leaves a container little more memory than it has, and has a file in memory grow until the
   * kernel kills the process.
   */
  static void outOfMemory(GenericContainer<?> container) throws Exception {
    var client = container.getDockerClient();
    String id = container.getContainerId();
    client.updateContainerCmd(id).withMemory(SCARCE).withMemorySwap(SCARCE).exec();
    try (var ended = client.waitContainerCmd(id).start()) {
      container.execInContainer("sh", "-c", "cat /dev/zero > " + DISK + "/growing");
      assertThat(ended.awaitStatusCode(60, TimeUnit.SECONDS)).isEqualTo(137);
    }
    assertThat(client.inspectContainerCmd(id).exec().getState().getOOMKilled()).isTrue();
  }

  /** SIGTERM; returns the exit code. */
  static long stopped(GenericContainer<?> container) {
    container.getDockerClient().stopContainerCmd(container.getContainerId()).withTimeout(60).exec();
    return Objects.requireNonNull(container.getCurrentContainerInfo().getState().getExitCodeLong());
  }

  static void kill(GenericContainer<?> container) {
    container
        .getDockerClient()
        .killContainerCmd(container.getContainerId())
        .withSignal("KILL")
        .exec();
    assertThat(container.isRunning()).isFalse();
  }

  /** Starts one that ended again: the same container. */
  static void startAgain(GenericContainer<?> container) {
    container.getDockerClient().startContainerCmd(container.getContainerId()).exec();
  }

  /** Takes the cable out; what the container waits for never comes. */
  void disconnect(GenericContainer<?> container) {
    container
        .getDockerClient()
        .disconnectFromNetworkCmd()
        .withNetworkId(network.getId())
        .withContainerId(container.getContainerId())
        .exec();
  }

  /** From here on nothing that one sends arrives at the other; what the other sends does. */
  static void lose(GenericContainer<?> sender, GenericContainer<?> receiver) {
    packets(receiver, "--append", "INPUT", "--source", addressOf(sender), "--jump", "DROP");
  }

  /** From here on everything arrives again. */
  static void loseNothing(GenericContainer<?> receiver) {
    packets(receiver, "--flush", "INPUT");
  }

  /** Tells the kernel what becomes of the packets in a container's network. */
  private static void packets(GenericContainer<?> container, String... rule) {
    try (var iptables =
        new GenericContainer<>(DockerImageName.parse(Images.IPTABLES))
            .withNetworkMode("container:" + container.getContainerId())
            .withCommand(rule)
            .withCreateContainerCmdModifier(
                command ->
                    Objects.requireNonNull(command.getHostConfig())
                        .withCapAdd(Capability.NET_ADMIN))
            .withStartupCheckStrategy(new OneShotStartupCheckStrategy())) {
      iptables.start();
    }
  }

  /** Where it is in the fleet's network. */
  static String addressOf(GenericContainer<?> container) {
    return container.getCurrentContainerInfo().getNetworkSettings().getNetworks().values().stream()
        .map(ContainerNetwork::getIpAddress)
        .findFirst()
        .orElseThrow();
  }

  /** Puts it in again. */
  void connect(GenericContainer<?> container, String alias) {
    container
        .getDockerClient()
        .connectToNetworkCmd()
        .withNetworkId(network.getId())
        .withContainerId(container.getContainerId())
        .withContainerNetwork(new ContainerNetwork().withAliases(alias))
        .exec();
  }

  @Override
  public void close() {
    evaluators.forEach(GenericContainer::stop);
    for (GenericContainer<?> container : List.of(analysis, trainer, s3)) {
      container.stop();
    }
    database.close();
    if (Images.missing(TAG).isEmpty()) {
      DockerClientFactory.lazyClient().removeVolumeCmd(volume).exec();
      network.close();
    }
  }
}
