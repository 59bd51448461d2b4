package dev.watershed.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.Network;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.utility.DockerImageName;
import org.testcontainers.utility.MountableFile;

/**
 * PostgreSQL on a machine of two, which a standby on the other one can follow and take over from.
 */
final class ContainerDatabase implements AutoCloseable {
  private static final String USER = "watershed";
  private static final String PASSWORD = "a-password";
  private static final List<String> MACHINES = List.of("postgres-a", "postgres-b");
  private static final String RELOAD = "SELECT pg_reload_conf()";
  private static final Duration START = Duration.ofMinutes(3);

  private final Network network;

  /** By turns on the one machine and the other; the last two may run. */
  private final List<GenericContainer<?>> servers = new ArrayList<>();

  /** Of those, which one takes writes. */
  private int primary;

  ContainerDatabase(Network network) {
    this.network = network;
    servers.add(
        server()
            .withEnv("POSTGRES_USER", USER)
            .withEnv("POSTGRES_PASSWORD", PASSWORD)
            .withEnv("POSTGRES_DB", "trainer")
            .withCopyFileToContainer(
                MountableFile.forHostPath(
                    Packaged.PROJECT.resolve("deploy/kubernetes/components/postgres/databases.sql"),
                    0644),
                "/docker-entrypoint-initdb.d/databases.sql")
            .waitingFor(Wait.forLogMessage(".*ready to accept connections.*", 2)));
  }

  /** The next one, on the machine that is free. */
  private GenericContainer<?> server() {
    return new GenericContainer<>(DockerImageName.parse(Images.POSTGRES))
        .withNetwork(network)
        .withNetworkAliases(machine(servers.size()))
        .withStartupTimeout(START);
  }

  private static String machine(int server) {
    return MACHINES.get(server % MACHINES.size());
  }

  void start() {
    servers.getFirst().start();
  }

  /** The one that takes writes. */
  GenericContainer<?> primary() {
    return servers.get(primary);
  }

  /** What a service is told of its database. */
  static Map<String, String> variables(String name) {
    String prefix = "DATASOURCES_" + name.toUpperCase(Locale.ROOT) + "_";
    return Map.of(
        prefix + "URL",
        "jdbc:postgresql://%s/%s?targetServerType=primary&socketTimeout=10"
            .formatted(String.join(",", MACHINES), name),
        prefix + "USERNAME",
        USER,
        prefix + "PASSWORD",
        PASSWORD);
  }

  /** Starts a standby on the other machine; once it returns, no commit is without it. */
  void addStandby() throws Exception {
    execute("sh", "-c", "echo host replication all all scram-sha-256 >> $PGDATA/pg_hba.conf");
    execute(psql("postgres", RELOAD));
    var standby =
        server()
            .withEnv("PGPASSWORD", PASSWORD)
            .withCommand(
                "sh",
                "-c",
                "pg_basebackup -h %s -U %s -D \"$PGDATA\" -c fast -R && exec postgres -c listen_addresses='*'"
                    .formatted(machine(primary), USER))
            .waitingFor(Wait.forLogMessage(".*ready to accept read-only connections.*", 1));
    servers.add(standby);
    standby.start();
    // Not before: the copy would wait for a standby of its own.
    execute(psql("postgres", "ALTER SYSTEM SET synchronous_standby_names = '*'"));
    execute(psql("postgres", RELOAD));
    while (query("postgres", "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'")
        .equals("0")) {
      assertThat(standby.isRunning()).as(standby.getLogs()).isTrue();
    }
  }

  /** Has the standby take over from the other one, which must be away. */
  void promoteStandby() throws Exception {
    primary = servers.size() - 1;
    execute(psql("postgres", "SELECT pg_promote()"));
  }

  /** From here on what is written to a table waits for its answer, as long as the server lives. */
  void holdUpWrites(String database, String table) throws Exception {
    execute(
        "sh",
        "-c",
        "psql -U %s -d %s -c 'BEGIN; LOCK TABLE %s IN SHARE MODE; SELECT pg_sleep(3600)' >/dev/null 2>&1 &"
            .formatted(USER, database, table));
  }

  private void execute(String... command) throws Exception {
    var ended = primary().execInContainer(command);
    assertThat(ended.getExitCode()).as(ended.getStderr()).isZero();
  }

  /** What the primary answers; empty where it does not. */
  String query(String database, String sql) throws Exception {
    return primary().execInContainer(psql(database, sql)).getStdout().strip();
  }

  private static String[] psql(String database, String sql) {
    return new String[] {"psql", "-U", USER, "-d", database, "-qtAX", "-c", sql};
  }

  @Override
  public void close() {
    servers.forEach(GenericContainer::stop);
  }
}
