package dev.watershed.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.watershed.trainer.v1.DescribeCheckpointResponse;
import dev.watershed.trainer.v1.RegisterCheckpointRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class CheckpointsCommandTest {
  private Path directory;
  private final CannedTrainer.Checkpoints checkpoints = new CannedTrainer.Checkpoints();
  private CommandLineFixture line;

  @BeforeEach
  void serve(@TempDir Path temporary) {
    directory = temporary;
    line = new CommandLineFixture(directory, checkpoints);
  }

  @AfterEach
  void stop() throws InterruptedException {
    line.close();
  }

  @Test
  void list_oneCheckpoint_isALineOfTheTable() {
    assertThat(line.run("checkpoints", "list")).isEqualTo(ExitCode.OK);
    assertThat(line.out().lines().toList()).hasSize(2);
    assertThat(line.out()).contains("miniature-pretrained").contains("113517");
  }

  @Test
  void delete_several_namesEachOnce() {
    assertThat(line.run("checkpoints", "delete", "one", "checkpoints/two", "one"))
        .isEqualTo(ExitCode.OK);
    assertThat(checkpoints.deleted).containsExactly("checkpoints/one", "checkpoints/two");
    assertThat(line.out().lines())
        .containsExactly("deleted checkpoints/one", "deleted checkpoints/two");
    assertThat(line.run("checkpoints", "delete", "three", "../four")).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(checkpoints.deleted).doesNotContain("checkpoints/three");
  }

  @Test
  void register_directoryThatIsHere_isSentAbsolute() throws Exception {
    Files.createDirectory(directory.resolve("bert"));
    assertThat(line.run("checkpoints", "register", "bert", "my-bert")).isEqualTo(ExitCode.OK);
    assertThat(checkpoints.registered.getUri()).isEqualTo(directory.resolve("bert").toString());
    assertThat(checkpoints.registered.getCheckpointId()).isEqualTo("my-bert");
  }

  @Test
  void register_fileUri_isSentAsItIs() {
    assertThat(line.run("checkpoints", "register", "file:///models/bert", "my-bert"))
        .isEqualTo(ExitCode.OK);
    assertThat(checkpoints.registered.getUri()).isEqualTo("file:///models/bert");
  }

  @Test
  void register_trainingDirectories_areCalledAfterFolderAndStep() throws Exception {
    for (String folder : List.of("runs/seed1/checkpoint-60", "runs/seed2/checkpoint-60")) {
      Files.createDirectories(directory.resolve(folder));
    }
    Path whole = Files.createDirectories(directory.resolve("runs/seed3"));
    Files.writeString(whole.resolve("trainer_state.json"), "{\"global_step\": 90}");
    assertThat(
            line.run(
                "checkpoints",
                "register",
                "runs/seed1/checkpoint-60",
                "runs/seed2/checkpoint-60",
                "runs/seed3",
                "--tokenizer",
                "runs",
                "--labels",
                "no,'yes, sir'",
                "--prefix",
                "cola-"))
        .isEqualTo(ExitCode.OK);
    assertThat(checkpoints.all)
        .extracting(RegisterCheckpointRequest::getCheckpointId)
        .containsExactly("cola-seed1-step-60", "cola-seed2-step-60", "cola-seed3-step-90");
    assertThat(checkpoints.all)
        .allSatisfy(
            request -> {
              assertThat(request.getLabelsList()).containsExactly("no", "yes, sir");
              assertThat(request.getTokenizerUri()).isEqualTo(directory.resolve("runs").toString());
            });
    assertThat(line.out()).containsOnlyOnce("a notice for all").contains("all: a notice for all");
    assertThat(line.err()).contains("3 of 3 directories are registered");
  }

  @Test
  void register_oneBadDirectoryAmongMany_keepsTheOthersAndSaysItsReasonOnce() throws Exception {
    for (String folder : List.of("a/checkpoint-1", "b/bad", "c/bad", "d/checkpoint-4")) {
      Files.createDirectories(directory.resolve(folder));
    }
    checkpoints.pickles = "bad";
    assertThat(
            line.run(
                "checkpoints", "register", "a/checkpoint-1", "b/bad", "c/bad", "d/checkpoint-4"))
        .isEqualTo(ExitCode.BAD_INPUT);
    assertThat(checkpoints.all)
        .extracting(RegisterCheckpointRequest::getCheckpointId)
        .containsExactly("a-step-1", "b-bad", "c-bad", "d-step-4");
    assertThat(line.err()).containsOnlyOnce("convert it once").contains("b/bad", "c/bad", "2 of 4");
    assertThat(line.out()).contains("a-step-1", "d-step-4").doesNotContain("b-bad");
  }

  @Test
  void register_oneOfManyWithoutAnIdThatCanBe_registersNoneAndSaysWhatToDo() throws Exception {
    for (String folder : List.of("a/checkpoint-1", "\u6a21\u578b/checkpoint-2")) {
      Files.createDirectories(directory.resolve(folder));
    }
    String[] both = {"checkpoints", "register", "a/checkpoint-1", "\u6a21\u578b/checkpoint-2"};
    assertThat(line.run(both)).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(checkpoints.all).isEmpty();
    assertThat(line.err())
        .contains(
            "nothing was registered: '" + directory.resolve("\u6a21\u578b/checkpoint-2"),
            "would be called '-step-2'",
            "'watershed checkpoints register DIRECTORY ID'",
            "--prefix TEXT");
    // Either way out that it names is one.
    assertThat(line.run("checkpoints", "register", "\u6a21\u578b/checkpoint-2", "model-step-2"))
        .isEqualTo(ExitCode.OK);
    assertThat(
            line.run(
                "checkpoints",
                "register",
                "a/checkpoint-1",
                "\u6a21\u578b/checkpoint-2",
                "--prefix",
                "x"))
        .isEqualTo(ExitCode.OK);
    assertThat(checkpoints.all)
        .extracting(RegisterCheckpointRequest::getCheckpointId)
        .containsExactly("model-step-2", "xa-step-1", "x-step-2");
  }

  @Test
  void register_oneDirectoryAlone_isCalledAfterIt() throws Exception {
    Path snapshot =
        Files.createDirectories(directory.resolve("hub/models--Org--Big-Model/snapshots/abc123"));
    assertThat(line.run("checkpoints", "register", snapshot.toString())).isEqualTo(ExitCode.OK);
    assertThat(checkpoints.registered.getCheckpointId()).isEqualTo("org-big-model");
  }

  @Test
  void register_twoDirectoriesSideBySide_areNotADirectoryAndAnId() throws Exception {
    for (String folder : List.of("checkpoint-1", "checkpoint-2")) {
      Path made = Files.createDirectories(directory.resolve("seed4").resolve(folder));
      Files.writeString(made.resolve("config.json"), "{}");
    }
    assertThat(line.run("checkpoints", "register", "seed4/checkpoint-1", "seed4/checkpoint-2"))
        .isEqualTo(ExitCode.OK);
    assertThat(checkpoints.all)
        .extracting(RegisterCheckpointRequest::getCheckpointId)
        .containsExactly("seed4-step-1", "seed4-step-2");
  }

  @Test
  void register_patternThatNothingFits_isRefused() {
    assertThat(line.run("checkpoints", "register", "runs/*/checkpoint-*"))
        .isEqualTo(ExitCode.BAD_INPUT);
    assertThat(line.err()).contains("nothing that fits 'runs/*/checkpoint-*'");
    assertThat(checkpoints.all).isEmpty();
  }

  @Test
  void show_checkpoint_tellsArchitectureFilesAndGroups() {
    assertThat(line.run("checkpoints", "show", "mine")).isEqualTo(ExitCode.OK);
    assertThat(line.out().lines().map(text -> text.replaceAll(" +", " ")))
        .contains(
            "checkpoint mine",
            "labels entailment, neutral",
            "model.safetensors 448 abcd",
            "embeddings 110 1.25000",
            "head 2 1.00000e-09",
            "notice ignored tensors: cls.seq_relationship.weight");
    assertThat(line.out()).contains("12 layers", "hidden size 768", "512 tokens", "gelu_new");
    assertThat(line.out()).doesNotContain("word_embeddings");
  }

  @Test
  void show_tensors_listsEachWithItsPlace() {
    assertThat(line.run("checkpoints", "show", "checkpoints/mine", "--tensors"))
        .isEqualTo(ExitCode.OK);
    assertThat(line.out().lines().map(text -> text.replaceAll(" +", " ")))
        .contains(
            "bert.embeddings.word_embeddings.weight 10 x 11 0 1.25000",
            "classifier.bias 2 110 1.00000e-09");
  }

  @Test
  void show_json_isTheWholeAnswer() {
    assertThat(line.run("checkpoints", "show", "mine", "--json")).isEqualTo(ExitCode.OK);
    var answer = DescribeCheckpointResponse.newBuilder();
    Json.parse(line.out(), answer, "the output");
    assertThat(answer.getTensorsCount()).isEqualTo(2);
    assertThat(answer.getGroups(1).getL2Norm()).isEqualTo(1e-9);
  }

  @Test
  void download_partsOfTwoFiles_areWritten() {
    assertThat(line.run("checkpoints", "download", "m", "--out", "got")).isEqualTo(ExitCode.OK);
    assertThat(directory.resolve("got/config.json")).hasContent("{}");
    assertThat(directory.resolve("got/model.safetensors")).hasContent("abcdefgh");
    assertThat(line.out().lines().toList()).hasSize(2);
  }

  @Test
  void download_intoADirectoryWithOtherFiles_isRefusedAndWritesNothing() throws Exception {
    Files.createDirectory(directory.resolve("got"));
    Files.writeString(directory.resolve("got/tokenizer.json"), "of another model");
    assertThat(line.run("checkpoints", "download", "m", "--out", "got"))
        .isEqualTo(ExitCode.BAD_INPUT);
    assertThat(line.err()).contains("holds files already, such as tokenizer.json");
    assertThat(directory.resolve("got/config.json")).doesNotExist();
  }

  @Test
  void download_streamWithAGap_failsAndLeavesNoHalfFile() {
    checkpoints.secondOffset = 5;
    assertThat(line.run("checkpoints", "download", "m", "--out", "got")).isEqualTo(ExitCode.FAILED);
    assertThat(line.err()).contains("model.safetensors broke off");
    assertThat(directory.resolve("got")).isDirectoryNotContaining("glob:**model*");
  }

  @Test
  void download_fileNameThatLeadsElsewhere_isRefused() {
    checkpoints.secondFile = "../escaped";
    assertThat(line.run("checkpoints", "download", "m", "--out", "got")).isEqualTo(ExitCode.FAILED);
    assertThat(line.err()).contains("unusable name");
    assertThat(directory.resolve("escaped")).doesNotExist();
  }

  @Test
  void register_idThatCannotBe_isRefusedWithOneThatCan() {
    assertThat(line.run("checkpoints", "register", "dir", "Org/Modèle_1"))
        .isEqualTo(ExitCode.BAD_INPUT);
    assertThat(line.err()).contains("'Org/Modèle_1'").contains("'org-modele_1' would do");
  }

  @Test
  void get_nameThatCannotBe_isRefusedBeforeAnyCall() {
    assertThat(line.run("checkpoints", "get", "../secret")).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(line.err()).contains("'../secret'").doesNotContain("^");
  }
}
