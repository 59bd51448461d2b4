package dev.watershed.standalone.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/**
 * Processes of the three services, as 'package' leaves them, that share the checkpoints below a
 * directory. Each has a name, a folder and a log of its own. All are killed in the end.
 */
final class ServiceProcesses implements AutoCloseable {
  private static final Pattern LISTENS = Pattern.compile("The (\\w+) listens on (127.0.0.1:\\d+)");
  private static final long START_SECONDS = 180;

  private final Path directory;
  private final Map<String, Started> all = new LinkedHashMap<>();

  private record Started(
      Process process, String module, Map<String, String> variables, List<String> arguments) {}

  ServiceProcesses(Path directory) throws IOException {
    this.directory = directory;
    Files.createDirectories(directory.resolve("checkpoints"));
  }

  /**
   * Starts the process of a module; does not wait for it.
   *
   * @param variables of its environment, besides a free port and the checkpoints
   */
  Process start(String name, String module, Map<String, String> variables, String... arguments)
      throws IOException {
    var process = builder(name, module, variables, List.of(arguments)).start();
    all.put(name, new Started(process, module, variables, List.of(arguments)));
    return process;
  }

  /** Starts a process and returns where it listens. */
  String serve(String name, String module, Map<String, String> variables) throws Exception {
    start(name, module, variables);
    return address(name);
  }

  /** Waits until a process says where it listens. */
  String address(String name) throws Exception {
    var process = process(name);
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(START_SECONDS);
    while (System.nanoTime() < deadline && process.isAlive()) {
      var listens = LISTENS.matcher(log(name));
      if (listens.find()) {
        return listens.group(2);
      }
      process.waitFor(50, TimeUnit.MILLISECONDS);
    }
    throw new AssertionError(name + " did not start:\n" + log(name));
  }

  /** kill -9, and the same again at the same place. */
  void killAndRestart(String name) throws Exception {
    var killed = started(name);
    var port = address(name).replaceFirst(".*:", "");
    killed.process().destroyForcibly().waitFor();
    var variables = new LinkedHashMap<>(killed.variables());
    variables.put("GRPC_SERVER_PORT", port);
    start(name, killed.module(), variables, killed.arguments().toArray(String[]::new));
  }

  Process process(String name) {
    return started(name).process();
  }

  private Started started(String name) {
    return Optional.ofNullable(all.get(name)).orElseThrow();
  }

  List<Process> processes() {
    return all.values().stream().map(Started::process).toList();
  }

  /** What a process has written since its last start. */
  String log(String name) throws IOException {
    return Files.readString(logFile(name));
  }

  private Path logFile(String name) {
    return directory.resolve(name + ".log");
  }

  private ProcessBuilder builder(
      String name, String module, Map<String, String> variables, List<String> arguments)
      throws IOException {
    Path target = Path.of("..", module, "target").toAbsolutePath().normalize();
    assertThat(target.resolve("classpath")).as("what 'package' writes").exists();
    String jar;
    try (var files = Files.list(target)) {
      jar =
          files
              .map(Path::toString)
              .filter(file -> file.endsWith(".jar") && !file.contains("sources"))
              .findFirst()
              .orElseThrow();
    }
    var command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xmx512m",
                "-cp",
                jar + ":" + Files.readString(target.resolve("classpath")).strip(),
                "dev.watershed." + module + ".Main"));
    command.addAll(arguments);
    var builder =
        new ProcessBuilder(command)
            .directory(Files.createDirectories(directory.resolve(name)).toFile())
            .redirectErrorStream(true)
            .redirectOutput(logFile(name).toFile());
    builder.environment().put("GRPC_SERVER_PORT", "0");
    builder.environment().put("WATERSHED_CHECKPOINTS_ROOT", directory + "/checkpoints");
    builder.environment().putAll(variables);
    return builder;
  }

  @Override
  public void close() throws InterruptedException {
    for (var process : processes()) {
      process.destroyForcibly().waitFor();
    }
  }
}
