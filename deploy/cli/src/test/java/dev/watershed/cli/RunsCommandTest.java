package dev.watershed.cli;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.util.JsonFormat;
import dev.watershed.client.LocalServer;
import dev.watershed.trainer.v1.ListTrainingRunsResponse;
import dev.watershed.trainer.v1.TrainingRunState;
import dev.watershed.trainer.v1.TrainingRunView;
import dev.watershed.trainer.v1.WatchTrainingRunResponse;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class RunsCommandTest {
  private Path directory;
  private final CannedTrainer trainer = new CannedTrainer();
  private CommandLineFixture line;

  @BeforeEach
  void serve(@TempDir Path temporary) {
    directory = temporary;
    trainer.scored.set(true);
    line = new CommandLineFixture(directory, trainer);
    line.run(
        "train",
        "--initial",
        "base",
        "--train",
        "builtin:miniature/train",
        "--steps",
        "600",
        "--lr",
        "1e-3",
        "--weight-decay",
        "0",
        "--probe-lr",
        "1e-2",
        "--probe-steps",
        "20",
        "--name",
        "mine",
        "--seeds",
        "1..3");
  }

  @AfterEach
  void stop() throws InterruptedException {
    line.close();
  }

  @Test
  void list_severalPages_areJoined() throws Exception {
    assertThat(line.run("runs", "list", "--json")).isEqualTo(ExitCode.OK);
    var runs = ListTrainingRunsResponse.newBuilder();
    JsonFormat.parser().merge(line.out(), runs);
    assertThat(runs.getTrainingRunsList())
        .extracting(run -> run.getName())
        .containsExactly("trainingRuns/one", "trainingRuns/two");
    assertThat(trainer.views).hasSize(2).containsOnly(TrainingRunView.TRAINING_RUN_VIEW_FULL);
  }

  @Test
  void list_table_asksForNoMoreThanItPrints() {
    assertThat(line.run("runs", "list")).isEqualTo(ExitCode.OK);

    assertThat(line.out()).contains("one", "two");
    assertThat(trainer.views).hasSize(2).doesNotContain(TrainingRunView.TRAINING_RUN_VIEW_FULL);
  }

  @Test
  void list_name_showsTheSweep() throws Exception {
    assertThat(line.run("runs", "list", "--name", "mine", "--json")).isEqualTo(ExitCode.OK);
    var runs = ListTrainingRunsResponse.newBuilder();
    JsonFormat.parser().merge(line.out(), runs);
    assertThat(runs.getTrainingRunsList())
        .extracting(run -> run.getName())
        .containsExactly("trainingRuns/r1", "trainingRuns/r2", "trainingRuns/r3");
  }

  @Test
  void watch_name_followsTheWholeSweep() {
    trainer.failingSeed = 2;
    assertThat(line.run("runs", "watch", "--name", "mine")).isEqualTo(ExitCode.FAILED);
    assertThat(line.err())
        .contains("mine seed 1: succeeded 600/600")
        .contains("mine seed 2: failed")
        .contains("mine seed 3: succeeded 600/600");
    assertThat(line.out().lines()).hasSize(4);
  }

  @Test
  void watch_nameOfNoRun_isBadInput() {
    assertThat(line.run("runs", "watch", "--name", "nobody's")).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(line.err()).contains("no run with the name 'nobody's'");
    assertThat(line.run("runs", "watch", "r1", "--name", "mine")).isEqualTo(ExitCode.BAD_INPUT);
  }

  @Test
  void show_run_tellsItsRowsAndItsRecipeInFull() {
    line.run(
        "train",
        "--recipe",
        "whole",
        "--initial",
        "base",
        "--train",
        "builtin:miniature/train",
        "--clip-norm",
        "0",
        "--warmup-fraction",
        "0.06",
        "--seeds",
        "7");

    assertThat(line.run("runs", "show", "r7")).isEqualTo(ExitCode.OK);

    assertThat(line.out().lines())
        .contains(
            "split  rows  labels       file             digest",
            "train     3  no 1, yes 2  small/train.tsv  5ca1ab1e",
            "recipe whole, but clip_norm",
            "checkpoints: at the end");
    assertThat(line.out())
        .containsPattern("(?m)^clip_norm +no clipping +overridden$")
        .containsPattern("(?m)^warmup_fraction +0.06$")
        .containsPattern("(?m)^linear_probe +none$");
    line.run("runs", "get", "r1");
    assertThat(line.out())
        .containsPattern("(?m)^adamw.weight_decay +0$")
        .containsPattern("(?m)^linear_probe.learning_rate +0.01$")
        .containsPattern("(?m)^linear_probe.steps +20$")
        .doesNotContain("linear_probe.epochs")
        .doesNotContain("overridden");
  }

  @Test
  void watch_json_writesOneLineForEachChange() throws Exception {
    assertThat(line.run("runs", "watch", "r1", "--json")).isEqualTo(ExitCode.OK);
    var lines = line.out().lines().toList();
    assertThat(lines).hasSize(2);
    var last = WatchTrainingRunResponse.newBuilder();
    JsonFormat.parser().merge(lines.get(1), last);
    assertThat(last.getTrainingRun().getState())
        .isEqualTo(TrainingRunState.TRAINING_RUN_STATE_SUCCEEDED);
  }

  @Test
  void show_csv_isTheCurveWithTheScores() {
    assertThat(line.run("runs", "show", "r1", "--csv")).isEqualTo(ExitCode.OK);
    assertThat(line.out().lines())
        .containsExactly(
            "step,training_loss_nats,learning_rate,validation_loss_nats,validation_accuracy,"
                + "validation_f1,validation_matthews_correlation",
            "200,0.5,1.0E-5,,,,",
            "300,,,0.3,0.75,0.0,0.0",
            "400,0.25,2.0E-5,,,,",
            "600,0.16666666666666666,3.0000000000000004E-5,,,,");
    assertThat(line.run("runs", "show", "r1", "--csv", "--json")).isEqualTo(ExitCode.BAD_INPUT);
  }

  @Test
  void show_run_plotsItsLossAndTellsWhatWasNoticed() {
    line.run("runs", "show", "r1");
    assertThat(line.out())
        .contains("training loss (nats)", "  0.5000 |*", "notice: the doctor noticed something");
  }

  @Test
  void cancel_name_namesAllOfTheSweep() {
    assertThat(line.run("runs", "cancel", "--name", "mine")).isEqualTo(ExitCode.OK);
    assertThat(trainer.cancelled)
        .containsExactly("trainingRuns/r1", "trainingRuns/r2", "trainingRuns/r3");
    assertThat(line.run("runs", "cancel", "--name", "nobody's")).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(line.err()).contains("no run with the name 'nobody's'");
    assertThat(line.run("runs", "cancel")).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(line.run("runs", "cancel", "r1", "--name", "mine")).isEqualTo(ExitCode.BAD_INPUT);
  }

  @Test
  void cancel_bareId_namesTheRun() {
    assertThat(line.run("runs", "cancel", "r1")).isEqualTo(ExitCode.OK);
    assertThat(trainer.cancelled).containsExactly("trainingRuns/r1");
  }

  @Test
  void delete_force_tellsEachRunAndItsCheckpoints() {
    assertThat(line.run("runs", "delete", "r1", "trainingRuns/r2", "--force"))
        .isEqualTo(ExitCode.OK);
    assertThat(line.out().lines())
        .containsExactly(
            "deleted trainingRuns/r1",
            "deleted checkpoints/r1-step-600",
            "deleted trainingRuns/r2",
            "deleted checkpoints/r2-step-600");
    assertThat(line.err()).contains("2 of 2 are deleted.");
    assertThat(line.run("runs", "get", "r1")).isEqualTo(ExitCode.BAD_INPUT);
  }

  @Test
  void delete_someRefused_deletesTheOthersAndExitsWithTwo() {
    assertThat(line.run("runs", "delete", "r1", "nope", "r2", "--force", "--json"))
        .isEqualTo(ExitCode.BAD_INPUT);
    assertThat(line.out().lines())
        .contains("{\"deleted\":\"trainingRuns/r1\"}", "{\"deleted\":\"trainingRuns/r2\"}")
        .anyMatch(said -> said.startsWith("{\"error\":") && said.contains("RUN_NOT_FOUND"));
    assertThat(line.err()).contains("not deleted: nope", "2 of 3 are deleted.");
  }

  @Test
  void delete_oneRefused_isTheError() {
    assertThat(line.run("runs", "delete", "r1")).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(line.err()).contains("it waits; cancel it first");
    assertThat(line.out()).isEmpty();
  }

  @Test
  void delete_name_deletesTheSweep() {
    assertThat(line.run("runs", "delete", "--name", "mine", "--force")).isEqualTo(ExitCode.OK);
    assertThat(line.out()).contains("trainingRuns/r1", "trainingRuns/r2", "trainingRuns/r3");
    assertThat(line.run("runs", "delete", "--name", "mine")).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(line.run("runs", "delete")).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(line.run("runs", "delete", "r1", "--name", "mine")).isEqualTo(ExitCode.BAD_INPUT);
  }

  @Test
  void get_unknownRun_exitsWithTwoAndTellsTheReason() {
    assertThat(line.run("runs", "get", "nope")).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(line.err())
        .contains("There is no run trainingRuns/nope")
        .contains("resource: trainingRuns/nope")
        .contains("[NOT_FOUND, RUN_NOT_FOUND]");
    assertThat(line.out()).isEmpty();
  }

  @Test
  void get_unknownRunAsJson_writesTheStatus() throws Exception {
    assertThat(line.run("runs", "get", "nope", "--json")).isEqualTo(ExitCode.BAD_INPUT);
    var error = new com.fasterxml.jackson.databind.ObjectMapper().readTree(line.out()).get("error");
    assertThat(error.get("code").asInt()).isEqualTo(5);
    assertThat(error.get("details").get(0).get("reason").asText()).isEqualTo("RUN_NOT_FOUND");
  }

  @Test
  void address_nothingSaid_isTheDefaultPort() {
    line.run("runs", "list");
    assertThat(line.address()).isEqualTo("127.0.0.1:7878");
  }

  @Test
  void address_serverOnTheDataDirectory_isRead() throws Exception {
    LocalServer server = new LocalServer(Files.createDirectories(directory.resolve("data")));
    try (var file = FileChannel.open(server.lockFile(), CREATE, WRITE);
        var lock = file.lock()) {
      assertThat(lock.isValid()).isTrue();
      server.publish(new LocalServer.Endpoint("127.0.0.1:4321", "0a"));
      line.run("runs", "list");
    }
    assertThat(line.address()).isEqualTo("127.0.0.1:4321");
  }

  @Test
  void address_leftBehindByAKilledServer_isNotSpokenTo() throws Exception {
    Files.createDirectories(directory.resolve("data"));
    Files.writeString(directory.resolve("data/lock"), "");
    Files.writeString(directory.resolve("data/endpoint"), "127.0.0.1:4321 0a\n");
    assertThat(line.run("runs", "list")).isEqualTo(ExitCode.UNREACHABLE);
    assertThat(line.err()).contains("no server runs on " + directory.resolve("data"));
  }

  @Test
  void address_option_winsAndIsChecked() {
    line.run("runs", "list", "--address", "gpu-box:9000");
    assertThat(line.address()).isEqualTo("gpu-box:9000");
    assertThat(line.run("runs", "list", "--address", "gpu-box")).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(line.err()).contains("'gpu-box' is not host:port");
  }
}
