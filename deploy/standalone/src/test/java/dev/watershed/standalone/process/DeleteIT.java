package dev.watershed.standalone.process;

import static org.assertj.core.api.Assertions.assertThat;

import dev.watershed.trainer.v1.CancelTrainingRunRequest;
import dev.watershed.trainer.v1.TrainingRunState;
import dev.watershed.trainer.v1.TrainingServiceGrpc;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the disk holds when all has been deleted: what it held before. */
@Timeout(600)
final class DeleteIT {
  /** What H2 takes for pages of its own, whatever is in them. */
  private static final long DATABASE_SLACK = 128 << 10;

  private static final String BUILTIN = "miniature-pretrained";

  @Test
  void delete_everything_leavesTheDirectoryAsItWas(@TempDir Path temporary) throws Exception {
    Path data = temporary.resolve("data");
    Path root = Files.createDirectories(temporary.resolve("root"));
    try (ServerProcess server = ServerProcess.serve(data, root)) {
      server.terminate();
    }
    Map<String, Long> fresh = files(data);
    assertThat(fresh.keySet()).anyMatch(name -> name.startsWith("checkpoints/" + BUILTIN));

    try (ServerProcess server = ServerProcess.serve(data, root)) {
      var work = new PicoWork(server.channel());
      var first = work.trained(work.train(PicoExperiment.training(20, 1)));
      var second = work.trained(work.train(PicoExperiment.training(20, 2)));
      String stopped = work.train(PicoExperiment.training(1_000_000, 3));
      work.awaitStep(stopped, 10);
      cancel(server, stopped);
      assertThat(work.ended(stopped).getState())
          .isEqualTo(TrainingRunState.TRAINING_RUN_STATE_CANCELLED);
      String study =
          work.study(
              PicoExperiment.study(
                  List.of(PicoWork.checkpoint(first), PicoWork.checkpoint(second))));
      work.report(study);
      String id = first.getCheckpoints(0).getCheckpoint().substring("checkpoints/".length());
      command(temporary, data, 0, "checkpoints", "download", id, "--out", root + "/model");
      command(temporary, data, 0, "checkpoints", "register", root + "/model", "mine");
      assertThat(files(data).keySet())
          .anyMatch(name -> name.startsWith("work/"))
          .contains("checkpoints/mine/model.safetensors");
      command(temporary, data, 2, "runs", "delete", "--name", "pico");

      String runs = command(temporary, data, 0, "runs", "delete", "--name", "pico", "--force");
      String checkpoints = command(temporary, data, 0, "checkpoints", "delete", "mine");
      String studies =
          command(temporary, data, 0, "study", "delete", study.substring("studies/".length()));

      assertThat(runs.lines())
          .contains(
              "deleted " + first.getName(),
              "deleted " + first.getCheckpoints(0).getCheckpoint(),
              "deleted " + second.getName());
      assertThat(checkpoints).contains("deleted checkpoints/mine");
      assertThat(studies).contains("deleted " + study);
      assertThat(command(temporary, data, 2, "checkpoints", "get", id))
          .contains("CHECKPOINT_NOT_FOUND");
      server.terminate();
    }

    // What H2 rewrites when it closes may take it two times.
    try (ServerProcess server = ServerProcess.serve(data, root)) {
      server.terminate();
    }
    Map<String, Long> after = files(data);
    assertThat(after.keySet()).isEqualTo(fresh.keySet());
    after.forEach(
        (name, size) ->
            assertThat(size)
                .as(name)
                .isLessThanOrEqualTo(
                    fresh.getOrDefault(name, 0L) + (name.endsWith(".mv.db") ? DATABASE_SLACK : 0)));
  }

  private static void cancel(ServerProcess server, String run) {
    var unused =
        TrainingServiceGrpc.newBlockingStub(server.channel())
            .cancelTrainingRun(CancelTrainingRunRequest.newBuilder().setName(run).build());
  }

  /** Runs a command against the server of a data directory; returns what it wrote. */
  private static String command(Path temporary, Path data, int exitCode, String... words)
      throws Exception {
    Path log = Files.createTempFile(temporary, "command", ".log");
    var arguments = new java.util.ArrayList<>(List.of(words));
    arguments.addAll(List.of("--data", data.toString()));
    Process process = ServerProcess.command(log, arguments.toArray(String[]::new));
    assertThat(process.waitFor(2, TimeUnit.MINUTES)).isTrue();
    String text = Files.readString(log);
    assertThat(process.exitValue()).as(text).isEqualTo(exitCode);
    return text;
  }

  /** The sizes of all files, by path. */
  private static Map<String, Long> files(Path directory) throws IOException {
    try (var all = Files.walk(directory)) {
      return all.filter(Files::isRegularFile)
          .collect(
              Collectors.toMap(
                  file -> directory.relativize(file).toString(),
                  file -> {
                    try {
                      return Files.size(file);
                    } catch (IOException e) {
                      throw new UncheckedIOException(e);
                    }
                  },
                  (one, other) -> one,
                  TreeMap::new));
    }
  }
}
