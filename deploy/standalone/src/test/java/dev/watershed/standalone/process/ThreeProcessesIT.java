package dev.watershed.standalone.process;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The trainer, the evaluator and the analysis as three processes that share the checkpoints. */
final class ThreeProcessesIT {
  private static final Pattern LISTENS = Pattern.compile("The (\\w+) listens on (127.0.0.1:\\d+)");
  private static final long START_SECONDS = 120;

  private final List<Process> processes = new ArrayList<>();
  private final Path directory;

  ThreeProcessesIT(@TempDir Path directory) {
    this.directory = directory;
  }

  @AfterEach
  void stop() throws InterruptedException {
    for (Process process : processes) {
      process.destroyForcibly().waitFor();
    }
  }

  /** Starts the process of a module and returns where it listens. */
  private String start(String module, Map<String, String> variables) throws Exception {
    Process process = process(module, variables);
    processes.add(process);
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(START_SECONDS);
    while (System.nanoTime() < deadline && process.isAlive()) {
      var listens = LISTENS.matcher(Files.readString(log(module)));
      if (listens.find()) {
        return listens.group(2);
      }
      process.waitFor(50, TimeUnit.MILLISECONDS);
    }
    throw new AssertionError(module + " did not start:\n" + Files.readString(log(module)));
  }

  private Path log(String module) {
    return directory.resolve(module + ".log");
  }

  private Process process(String module, Map<String, String> variables) throws IOException {
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
    var builder =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xmx512m",
                "-cp",
                jar + ":" + Files.readString(target.resolve("classpath")).strip(),
                "dev.watershed." + module + ".Main")
            .directory(Files.createDirectories(directory.resolve(module)).toFile())
            .redirectErrorStream(true)
            .redirectOutput(log(module).toFile());
    builder.environment().put("GRPC_SERVER_PORT", "0");
    builder.environment().put("WATERSHED_CHECKPOINTS_ROOT", directory + "/checkpoints");
    builder.environment().putAll(variables);
    return builder.start();
  }

  @Test
  void quickstart_againstThreeProcesses_isThatOfOne() throws Exception {
    Files.createDirectories(directory.resolve("checkpoints"));
    var addresses = new HashMap<String, String>();
    addresses.put("trainer", start("trainer", Map.of()));
    addresses.put("eval", start("eval", Map.of()));
    addresses.put(
        "analysis",
        start("analysis", Map.of("WATERSHED_ANALYSIS_EVALUATOR_ADDRESS", addresses.get("eval"))));
    String address =
        "trainer="
            + addresses.get("trainer")
            + ",eval="
            + addresses.get("eval")
            + ",analysis="
            + addresses.get("analysis");

    assertThat(info(addresses.get("trainer")))
        .contains("version of the tasks: ", "version of the recipes: ", "device cpu: ");
    assertThat(info(addresses.get("eval")))
        .contains("device cpu: ", "watershed.eval.memory")
        .doesNotContain("version of the", "watershed.trainer.");
    assertThat(info(addresses.get("analysis")))
        .contains("watershed.analysis.max-points")
        .doesNotContain("device", "version of the");

    Path one = quickstart("one");
    Path three = quickstart("three", "--address", address);

    for (String file : List.of("models.csv", "pairs.csv", "curves.csv")) {
      // Names of checkpoints are drawn; what was measured is the same to the last digit.
      assertThat(measured(three.resolve(file))).as(file).isEqualTo(measured(one.resolve(file)));
    }
    for (Process process : processes) {
      process.destroy();
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue()).as("of SIGTERM").isEqualTo(143);
    }
  }

  /** What one process says of itself. */
  private String info(String address) throws Exception {
    Path log = Files.createTempFile(directory, "info", ".log");
    Process process = ServerProcess.command(log, "info", "--address", address);
    assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
    assertThat(process.exitValue()).as(Files.readString(log)).isZero();
    return Files.readString(log);
  }

  private Path quickstart(String name, String... more) throws Exception {
    Path out = directory.resolve("quickstart-" + name);
    Path log = directory.resolve(name + ".log");
    var arguments =
        new ArrayList<>(
            List.of("quickstart", "--seeds", "3", "--steps", "20", "--out", out.toString()));
    arguments.addAll(List.of(more));
    Process process = ServerProcess.command(log, arguments.toArray(String[]::new));
    assertThat(process.waitFor(5, TimeUnit.MINUTES)).isTrue();
    assertThat(process.exitValue()).as(Files.readString(log)).isZero();
    var result = new ObjectMapper().readTree(out.resolve("quickstart.json").toFile());
    assertThat(result.get("models")).hasSize(3);
    return out;
  }

  private static List<String> measured(Path file) throws IOException {
    return Files.readAllLines(file).stream()
        .map(line -> line.replaceAll("checkpoints/[a-z0-9._-]+", "CHECKPOINT"))
        .toList();
  }

  @Test
  void start_argumentsOrWrongConfiguration_isASentence() throws Exception {
    Process process = process("eval", Map.of("WATERSHED_EVAL_WORKERS", "-1"));
    processes.add(process);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).isEqualTo(2);
    assertThat(Files.readString(log("eval")))
        .contains("error: watershed.eval.workers is -1")
        .doesNotContain("\tat ");

    Process nowhere = process("eval", Map.of("WATERSHED_CHECKPOINTS_ROOT", ""));
    processes.add(nowhere);
    assertThat(nowhere.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(nowhere.exitValue()).isEqualTo(2);
    assertThat(Files.readString(log("eval")))
        .contains("error: watershed.checkpoints.root does not say")
        .doesNotContain("\tat ");

    try (var taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Process late =
          process("eval", Map.of("GRPC_SERVER_PORT", Integer.toString(taken.getLocalPort())));
      processes.add(late);
      assertThat(late.waitFor(60, TimeUnit.SECONDS)).isTrue();
      assertThat(late.exitValue()).isEqualTo(2);
      assertThat(Files.readString(log("eval")))
          .contains("error: ", ":" + taken.getLocalPort() + ": another program may listen there")
          .doesNotContain("\tat ");
    }
  }
}
