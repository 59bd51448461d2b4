package dev.watershed.standalone.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The trainer, the evaluator and the analysis as three processes that share the checkpoints. */
final class ThreeProcessesIT {
  private Path directory;
  private ServiceProcesses processes;

  @BeforeEach
  void start(@TempDir Path temporary) throws Exception {
    directory = temporary;
    processes = new ServiceProcesses(directory);
  }

  @AfterEach
  void stop() throws Exception {
    processes.close();
  }

  @Test
  void quickstart_againstThreeProcesses_isThatOfOne() throws Exception {
    String trainer = processes.serve("trainer", "trainer", Map.of());
    String eval = processes.serve("eval", "eval", Map.of());
    String analysis =
        processes.serve(
            "analysis", "analysis", Map.of("WATERSHED_ANALYSIS_EVALUATOR_ADDRESS", eval));

    assertThat(info(trainer))
        .contains("version of the tasks: ", "version of the recipes: ", "device cpu: ");
    assertThat(info(eval))
        .contains("device cpu: ", "watershed.eval.memory")
        .doesNotContain("version of the", "watershed.trainer.");
    assertThat(info(analysis))
        .contains("watershed.analysis.max-points")
        .doesNotContain("device", "version of the");

    var quickstart = new MeasuredQuickstart(directory, 3, 20);
    quickstart.run("one");
    quickstart.run(
        "three", "--address", "trainer=%s,eval=%s,analysis=%s".formatted(trainer, eval, analysis));

    quickstart.requireSame("one", "three");
    for (Process process : processes.processes()) {
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

  @Test
  void start_argumentsOrWrongConfiguration_isASentence() throws Exception {
    requireRefused(
        processes.start("eval", "eval", Map.of("WATERSHED_EVAL_WORKERS", "-1")),
        "error: watershed.eval.workers is -1");
    requireRefused(
        processes.start("eval", "eval", Map.of("WATERSHED_CHECKPOINTS_ROOT", "")),
        "error: watershed.checkpoints.root does not say");
    requireRefused(
        processes.start("eval", "eval", Map.of("PYTORCH_LIBRARY_PATH", "/nowhere")),
        "error: PYTORCH_LIBRARY_PATH is '/nowhere', where there is no libtorch.so");
    requireRefused(
        processes.start("eval", "eval", Map.of("WATERSHED_ENGINE_DEVICE", "cuda:0")),
        "error: device is cuda:0, but libtorch in ");
    requireRefused(
        processes.start("eval", "eval", Map.of(), "--once"),
        "error: this process takes no arguments but --show-config;");
    try (var taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      requireRefused(
          processes.start(
              "eval", "eval", Map.of("GRPC_SERVER_PORT", Integer.toString(taken.getLocalPort()))),
          "error: ",
          ":" + taken.getLocalPort() + ": another program may listen there");
    }
  }

  private void requireRefused(Process process, String... sentence) throws Exception {
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).isEqualTo(2);
    assertThat(processes.log("eval")).contains(sentence).doesNotContain("\tat ");
  }
}
