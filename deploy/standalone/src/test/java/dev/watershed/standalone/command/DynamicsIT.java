package dev.watershed.standalone.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.watershed.cli.ExitCode;
import dev.watershed.cli.TypedCommand;
import dev.watershed.standalone.process.ServerProcess;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Training directories as they lie on disk, registered with a packaged server and followed. */
@Timeout(300)
final class DynamicsIT {
  private final Path directory;

  DynamicsIT(@TempDir Path directory) {
    this.directory = directory;
  }

  private String run(ServerProcess server, String... arguments) {
    return TypedCommand.in(directory, Map.of("WATERSHED_ADDRESS", server.address()))
        .run(arguments)
        .ends(ExitCode.OK)
        .out();
  }

  @Test
  void checkpoints_registeredFromTrainingDirectories_areStudiedAtTheirCommonSteps()
      throws Exception {
    Path data = directory.resolve("data");
    try (ServerProcess server = ServerProcess.serve(data, directory, List.of(), Map.of())) {
      run(
          server,
          "train",
          "--initial",
          "miniature-pretrained",
          "--train",
          "builtin:miniature/train",
          "--lr",
          "5e-4",
          "--steps",
          "6",
          "--checkpoint-at",
          "2,6",
          "--seeds",
          "1..2",
          "--name",
          "tiny",
          "--wait");
      List<String> folders = new ArrayList<>();
      List<String> trained =
          run(server, "checkpoints", "list")
              .lines()
              .map(line -> line.split(" ")[0])
              .filter(id -> id.endsWith("-step-2") || id.endsWith("-step-6"))
              .sorted()
              .toList();
      assertThat(trained).hasSize(4);
      for (int i = 0; i < trained.size(); i++) {
        String id = trained.get(i);
        String folder =
            "runs/seed" + (1 + i / 2) + "/checkpoint-" + id.substring(id.lastIndexOf('-') + 1);
        Files.createDirectories(directory.resolve(folder).getParent());
        run(server, "checkpoints", "download", id, "--out", folder);
        folders.add(folder);
      }
      List<String> register = new ArrayList<>(List.of("checkpoints", "register"));
      register.addAll(folders);
      assertThat(run(server, register.toArray(String[]::new)))
          .contains("seed1-step-2", "seed1-step-6", "seed2-step-2", "seed2-step-6");

      String shown =
          run(
              server,
              "dynamics",
              "--checkpoints",
              "seed1",
              "seed2",
              "--in-domain",
              "builtin:miniature/validation,size=32,seed=1",
              "--out",
              "dynamics",
              "--output",
              "tsv");

      assertThat(shown)
          .contains("Means over 1 pair")
          .containsPattern("(?m)^ *2 ")
          .containsPattern("(?m)^ *6 ");
      assertThat(directory.resolve("dynamics/dynamics.html")).isNotEmptyFile();
      assertThat(directory.resolve("dynamics/dynamics.csv")).doesNotExist();
      List<String> table = Files.readAllLines(directory.resolve("dynamics/dynamics.tsv"));
      assertThat(table).hasSizeGreaterThan(2);
      assertThat(table).allMatch(line -> line.contains("\t"));
    }
  }
}
