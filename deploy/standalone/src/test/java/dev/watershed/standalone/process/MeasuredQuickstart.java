package dev.watershed.standalone.process;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A small quickstart, in one process or against services elsewhere, and what it measured. */
final class MeasuredQuickstart {
  private final Path directory;
  private final int seeds;
  private final int steps;

  /**
   * @param directory gets its files and logs
   */
  MeasuredQuickstart(Path directory, int seeds, int steps) {
    this.directory = directory;
    this.seeds = seeds;
    this.steps = steps;
  }

  /** Starts one; does not wait for it. */
  Process start(String name, String... more) throws IOException {
    var arguments =
        new ArrayList<>(
            List.of(
                "quickstart",
                "--seeds",
                Integer.toString(seeds),
                "--steps",
                Integer.toString(steps),
                "--out",
                out(name).toString()));
    arguments.addAll(List.of(more));
    return ServerProcess.command(log(name), arguments.toArray(String[]::new));
  }

  /** Waits for its end, and that it went well. */
  void await(String name, Process process) throws Exception {
    assertThat(process.waitFor(8L + seeds, TimeUnit.MINUTES))
        .as(Files.readString(log(name)))
        .isTrue();
    assertThat(process.exitValue()).as(Files.readString(log(name))).isZero();
    var result = new ObjectMapper().readTree(out(name).resolve("quickstart.json").toFile());
    assertThat(result.get("models")).hasSize(seeds);
  }

  /** Runs one to its end. */
  void run(String name, String... more) throws Exception {
    await(name, start(name, more));
  }

  /** Holds what two measured against each other, to the last digit. */
  void requireSame(String one, String other) throws IOException {
    for (String file : List.of("models.csv", "pairs.csv", "curves.csv")) {
      assertThat(measured(out(other).resolve(file)))
          .as(file)
          .isEqualTo(measured(out(one).resolve(file)));
    }
  }

  /** Names of checkpoints are drawn. */
  private static List<String> measured(Path file) throws IOException {
    return Files.readAllLines(file).stream()
        .map(line -> line.replaceAll("checkpoints/[a-z0-9._-]+", "CHECKPOINT"))
        .toList();
  }

  private Path out(String name) {
    return directory.resolve("quickstart-" + name);
  }

  private Path log(String name) {
    return directory.resolve("quickstart-" + name + ".log");
  }
}
