package dev.watershed.standalone.process;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** The packaged command line as a process of its own, which can be asked to end or killed. */
public final class ServerProcess implements AutoCloseable {
  private static final long START_SECONDS = 120;

  private final Process process;
  private final ManagedChannel channel;
  private final String address;
  private final Path log;

  private ServerProcess(Process process, Path log, String address) {
    this.process = process;
    this.log = log;
    this.address = address;
    this.channel = NettyChannelBuilder.forTarget("dns:///" + address).usePlaintext().build();
  }

  /** Starts any command. */
  static Process command(Path log, String... arguments) throws IOException {
    return command(log, List.of(), List.of(), Map.of(), List.of(arguments));
  }

  private static Process command(
      Path log,
      List<String> within,
      List<String> options,
      Map<String, String> variables,
      List<String> arguments)
      throws IOException {
    List<String> command = new ArrayList<>(within);
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of(
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-Dwatershed.log=WARN",
            "-Xmx512m"));
    command.addAll(options);
    command.addAll(
        List.of(
            "-cp",
            Path.of("target", "watershed", "lib").toAbsolutePath() + "/*",
            "dev.watershed.standalone.Main"));
    command.addAll(arguments);
    var builder =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
    builder.environment().putAll(variables);
    return builder.start();
  }

  /** Starts a server and waits until it says where it listens. */
  static ServerProcess serve(Path data, Path dataRoot) throws Exception {
    return serve(data, dataRoot, List.of(), Map.of());
  }

  /**
   * The same in context of its own.
   *
   * @param options of the virtual machine
   * @param variables of the environment
   */
  public static ServerProcess serve(
      Path data, Path dataRoot, List<String> options, Map<String, String> variables)
      throws Exception {
    return serve(data, dataRoot, List.of(), options, variables);
  }

  /** The same on a disk of its own, which holds the data directory. */
  static ServerProcess serve(
      SmallDisk disk, Path data, Path dataRoot, Map<String, String> variables) throws Exception {
    return serve(data, dataRoot, disk.within(), List.of(), variables);
  }

  private static ServerProcess serve(
      Path data,
      Path dataRoot,
      List<String> within,
      List<String> options,
      Map<String, String> variables)
      throws Exception {
    Files.createDirectories(data);
    Path log = Files.createTempFile(dataRoot, "serve", ".log");
    Process process =
        command(
            log,
            within,
            options,
            variables,
            List.of(
                "serve",
                "--json",
                "--port",
                "0",
                "--data",
                data.toString(),
                "--data-root",
                dataRoot.toString()));
    return started(process, log);
  }

  /**
   * Waits until a server says where it listens.
   *
   * @param process of {@code serve --json}, whose output goes to the log
   */
  static ServerProcess started(Process process, Path log) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(START_SECONDS);
    while (System.nanoTime() < deadline && process.isAlive()) {
      for (String line : Files.readAllLines(log)) {
        if (line.startsWith("{\"address\":") && line.endsWith("}")) {
          String address = new ObjectMapper().readTree(line).get("address").asText();
          return new ServerProcess(process, log, address);
        }
      }
      process.waitFor(50, TimeUnit.MILLISECONDS);
    }
    process.destroyForcibly();
    throw new AssertionError("the server did not start:\n" + Files.readString(log));
  }

  /** The process's number. */
  public long pid() {
    return process.pid();
  }

  /** Whether it has not ended. */
  public boolean isAlive() {
    return process.isAlive();
  }

  /** Whether it has not ended after so many seconds more. */
  boolean livesOn(long seconds) throws InterruptedException {
    return !process.waitFor(seconds, TimeUnit.SECONDS);
  }

  /** All that it has written. */
  public Path log() {
    return log;
  }

  /** "host:port". */
  public String address() {
    return address;
  }

  public ManagedChannel channel() {
    return channel;
  }

  /** kill -9. */
  void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
    channel.shutdownNow();
  }

  /** SIGTERM; returns the exit status. */
  int terminate() throws InterruptedException {
    process.destroy();
    if (!process.waitFor(60, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new AssertionError("the server did not end within a minute of SIGTERM");
    }
    channel.shutdownNow();
    return process.exitValue();
  }

  @Override
  public void close() throws InterruptedException {
    kill();
  }
}
