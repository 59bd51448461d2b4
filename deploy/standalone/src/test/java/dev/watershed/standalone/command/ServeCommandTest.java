package dev.watershed.standalone.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.watershed.cli.TypedCommand;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Starts that are refused: with what to do, and before anything was made. */
final class ServeCommandTest {
  private Path home;
  private Path work;
  private String err = "";

  @BeforeEach
  void makeDirectories(@TempDir Path temporary) throws IOException {
    home = temporary;
    work = Files.createDirectory(home.resolve("work"));
  }

  @Test
  void serve_portInUse_namesItAndTheWayOut() throws Exception {
    try (var taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String port = Integer.toString(taken.getLocalPort());

      int exit = run(work, "serve", "--port", port);

      assertThat(exit).isNotZero();
      assertThat(err).contains("port " + port + " of 127.0.0.1", "--port 0");
    }
    assertNothingWasMade();
  }

  @Test
  void serve_portBeyondTheLast_namesTheBounds() {
    assertThat(run(work, "serve", "--port", "65536")).isEqualTo(2);
    assertThat(err).contains("--port 65536", "65535");
    assertNothingWasMade();
  }

  @Test
  void serve_dataRootThatDoesNotExist_namesIt() {
    assertThat(run(work, "serve", "--port", "0", "--data-root", "corpora")).isEqualTo(2);
    assertThat(err).contains("--data-root", work.resolve("corpora").toString(), "does not exist");
    assertNothingWasMade();
  }

  @Test
  void serve_dataRootThatIsAFile_namesIt() throws Exception {
    Files.writeString(work.resolve("train.tsv"), "a\tb\n");

    assertThat(run(work, "serve", "--port", "0", "--data-root", "train.tsv")).isEqualTo(2);
    assertThat(err).contains("--data-root", "train.tsv", "is a file");
    assertNothingWasMade();
  }

  @Test
  void serve_inTheHomeDirectory_asksForARoot() {
    assertThat(run(home, "serve", "--port", "0")).isEqualTo(2);
    assertThat(err).contains(home.toString(), "--data-root DIR");
    assertNothingWasMade();
  }

  @Test
  void serve_inTheRootDirectory_asksForARoot() {
    assertThat(run(Path.of("/"), "serve", "--port", "0")).isEqualTo(2);
    assertThat(err).contains("that is /,", "--data-root DIR");
    assertNothingWasMade();
  }

  @Test
  void serve_showConfig_saysEveryKeyAndEnds() {
    assertThat(run(work, "serve", "--show-config", "--threads", "2")).isEqualTo(0);
    assertThat(err.lines().toList())
        .anyMatch(line -> line.matches("watershed.data.max-rows +\\S+ +default"))
        .anyMatch(line -> line.matches("watershed.engine.threads +2 +command line"))
        .anyMatch(line -> line.matches("watershed.checkpoints.root +.*checkpoints +command line"))
        .anyMatch(line -> line.matches("datasources.trainer.url +jdbc:h2:.* +command line"))
        .anyMatch(line -> line.startsWith("watershed.trainer."))
        .anyMatch(line -> line.startsWith("watershed.analysis.evaluator.address "));
    assertNothingWasMade();
  }

  @Test
  void help_wholeDistribution_hasTheServicesToo() {
    assertThat(run(home, "help")).isEqualTo(0);
    assertThat(err).contains("quickstart", "serve", "checkpoints");
    assertThat(err.indexOf("  quickstart")).isLessThan(err.indexOf("  checkpoints"));
  }

  private void assertNothingWasMade() {
    assertThat(home.resolve(".watershed")).doesNotExist();
  }

  private int run(Path workingDirectory, String... arguments) {
    var seen =
        new TypedCommand(
                workingDirectory,
                Map.of("HOME", home.toString()),
                address -> {
                  throw new AssertionError("serve calls nobody");
                },
                Optional.empty())
            .run(arguments);
    err = seen.out() + seen.err();
    assertThat(err).doesNotContain("Exception");
    return seen.exit();
  }
}
