package dev.watershed.standalone.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.watershed.standalone.process.LocalMetrics;
import dev.watershed.standalone.terminal.Terminal;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code metrics} and {@code cluster}, which compute in this process. */
final class NumbersCommandsTest {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private final Path directory;

  NumbersCommandsTest(@TempDir Path directory) {
    this.directory = directory;
  }

  private int run(String input, String... arguments) {
    out.reset();
    err.reset();
    return WatershedCommand.run(
        new Surroundings(
            new Terminal(
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                false,
                false,
                false,
                true,
                100),
            new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)),
            Map.of(),
            directory,
            address -> {
              throw new AssertionError("no server is needed");
            },
            LocalMetrics::open),
        arguments);
  }

  private List<String> lines() {
    return out.toString(StandardCharsets.UTF_8).lines().toList();
  }

  @Test
  void metrics_asATable_isALineOfNamesAndOneOfValues() {
    String curve = "alpha,loss\n0,0.25\n0.5,1\n1,0.25\n";
    assertThat(run(curve, "metrics", "--output", "tsv")).isEqualTo(ExitCode.OK);
    assertThat(lines()).hasSize(2);
    assertThat(lines().get(0))
        .isEqualTo(
            "barrier_height_nats\tbarrier_alpha\tconvexity_gap_nats\timproved_convexity_gap_nats\tnested_grid_intervals\tarea_nats");
    assertThat(lines().get(1)).startsWith("0.75\t0.5\t0.75\t").endsWith("\t0.375");
    assertThat(run(curve, "metrics", "--csv")).isEqualTo(ExitCode.OK);
    assertThat(lines().get(1)).startsWith("0.75,0.5,0.75,");
    assertThat(run(curve, "metrics", "--csv", "--json")).isEqualTo(ExitCode.BAD_INPUT);
  }

  @Test
  void cluster_asATable_hasALineForEachModel() {
    String distances = "[[0, 0.1, 3, 3], [0.1, 0, 3, 3], [3, 3, 0, 0.1], [3, 3, 0.1, 0]]";
    assertThat(run(distances, "cluster", "--output", "tsv")).isEqualTo(ExitCode.OK);
    assertThat(lines()).hasSize(5);
    assertThat(lines().get(0)).isEqualTo("model\tcluster\tcentroid_distance_difference");
    assertThat(lines().get(1)).matches("1\t0\t-?[0-9.E-]+");
    assertThat(lines().get(4)).matches("4\t1\t-?[0-9.E-]+");
  }
}
