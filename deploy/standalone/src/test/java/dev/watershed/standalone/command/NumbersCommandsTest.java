package dev.watershed.standalone.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.watershed.cli.ExitCode;
import dev.watershed.cli.TypedCommand;
import dev.watershed.standalone.process.LocalMetrics;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code metrics} and {@code cluster}, which compute in this process. */
final class NumbersCommandsTest {
  private String out = "";
  private final Path directory;

  NumbersCommandsTest(@TempDir Path directory) {
    this.directory = directory;
  }

  private int run(String input, String... arguments) {
    var seen =
        new TypedCommand(
                directory,
                Map.of(),
                address -> {
                  throw new AssertionError("no server is needed");
                },
                Optional.of(LocalMetrics::open))
            .runWithInput(input, arguments);
    out = seen.out();
    return seen.exit();
  }

  private List<String> lines() {
    return out.lines().toList();
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
