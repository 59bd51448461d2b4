package dev.watershed.standalone.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.watershed.cli.ExitCode;
import dev.watershed.cli.TypedCommand;
import dev.watershed.standalone.process.LocalMetrics;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
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

  @Test
  void metrics_lossesOfExamples_haveIntervals() {
    var rows = new StringBuilder("alpha,example,loss\n");
    for (double alpha : new double[] {0, .5, 1}) {
      for (int i = 0; i < 64; i++) {
        rows.append(alpha).append(',').append(i).append(',');
        rows.append(.2 + (alpha == .5 ? .5 : 0) + i % 5 / 10.0).append('\n');
      }
    }
    assertThat(run(rows.toString(), "metrics", "--csv", "--resamples", "200"))
        .isEqualTo(ExitCode.OK);
    assertThat(lines().get(0))
        .contains("convexity_gap_low_nats,convexity_gap_high_nats")
        .endsWith("zero_test_p,example_count,resample_count");
    assertThat(lines().get(1)).endsWith(",64,200");
    assertThat(run(rows.toString(), "metrics", "--json")).isEqualTo(ExitCode.OK);
    assertThat(out).contains("\"uncertainty\"").contains("\"resampleCount\": 2000");
  }

  @Test
  void compare_clustersInAColumnOrSaid_areTheSameTable() {
    String scores = "label,cluster,accuracy\na,0,.9\nb,0,.8\nc,0,.85\nd,1,.4\ne,1,.5\nf,-1,.1\n";
    assertThat(run(scores, "compare", "--csv")).isEqualTo(ExitCode.OK);
    assertThat(lines()).hasSize(2);
    assertThat(lines().get(1)).startsWith("accuracy,3,0.85,").contains(",2,0.45,");
    String table = out;
    String said = scores.replace("f,-1,.1\n", ",,\nMean,.5,.7\n").replace("cluster", "other");
    assertThat(
            run(
                said.replaceAll("(?m)^([a-e]),", "run $1,"),
                "compare",
                "--csv",
                "--models",
                "run ",
                "--second",
                "run d, run e",
                "--score",
                "accuracy"))
        .isEqualTo(ExitCode.OK);
    assertThat(out).isEqualTo(table);
    assertThat(run(said, "compare")).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(run(said, "compare", "--second", "z")).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(run(scores, "compare")).isEqualTo(ExitCode.OK);
    assertThat(out).contains("0.850 +- 0.041").contains("The first cluster has 3 models");
  }

  @Test
  void compareGroups_twoFiles_saysWhatCanBeSaid() throws Exception {
    Files.writeString(
        directory.resolve("far.csv"), "0,1,1.2,0.8\n1,0,1.1,0.9\n1.2,1.1,0,1\n.8,.9,1,0\n");
    Files.writeString(directory.resolve("near.json"), "[[0,0.1,0.12],[0.1,0,0.09],[0.12,0.09,0]]");
    assertThat(run("", "compare-groups", "far.csv", "near.json")).isEqualTo(ExitCode.OK);
    assertThat(out)
        .contains("4 models, 6 pairs in the first; 3 models, 3 pairs in the second.")
        .contains("the second has less, 0.103 times the first");
    assertThat(run("", "compare-groups", "far.csv", "near.json", "--csv")).isEqualTo(ExitCode.OK);
    assertThat(lines().get(1)).startsWith("distance,4,1.0,").contains(",false,");
    assertThat(run("[[0,1,1],[1,0,1],[1,1,0]]", "compare-groups", "-", "near.json", "--paired"))
        .isEqualTo(ExitCode.OK);
    assertThat(out).contains("; paired.");
    assertThat(run("", "compare-groups", "far.csv", "near.json", "--paired"))
        .isEqualTo(ExitCode.BAD_INPUT);
    assertThat(run("", "compare-groups", "far.csv", "none.csv")).isEqualTo(ExitCode.BAD_INPUT);
  }

  /** Juneja et al. (2023), table 1, from the published scores of 100 models. */
  @Test
  @Tag("shared")
  void compare_publishedModels_isTheirTable() throws Exception {
    String configured = System.getenv("WATERSHED_SHARED");
    Path file =
        Path.of(configured == null ? "../../../shared" : configured)
            .resolve("data/groundtruth/berts_of_a_feather_accuracies_by_run.csv");
    assumeTrue(Files.exists(file), () -> file + " is absent; set WATERSHED_SHARED");
    String second =
        IntStream.of(15, 25, 26, 42, 44, 46, 56, 61, 63, 70, 73, 89)
            .mapToObj(run -> "Run " + run)
            .collect(Collectors.joining(","));
    assertThat(
            run(
                Files.readString(file),
                "compare",
                "--models",
                "Run",
                "--second",
                second,
                "--score",
                "MNLI dev acc.",
                "--score",
                "Lexical (nonent)"))
        .isEqualTo(ExitCode.OK);
    assertThat(lines().get(1))
        .containsSubsequence(
            "0.844 +- 0.002", "0.839 +- 0.002", "2.467", "0.991", "0.0047 [0.0035, 0.0058]");
    assertThat(lines().get(2))
        .containsSubsequence(
            "0.301 +- 0.110", "0.096 +- 0.033", "1.868", "1.309", "1.94", "0.976 [0.923, 0.993]");
  }
}
