package dev.watershed.standalone.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
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
  void register_directoryThatIsHere_isSentAbsolute() throws Exception {
    Files.createDirectory(directory.resolve("bert"));
    assertThat(line.run("checkpoints", "register", "bert", "my-bert")).isEqualTo(ExitCode.OK);
    assertThat(checkpoints.registered.getUri()).isEqualTo(directory.resolve("bert").toString());
    assertThat(checkpoints.registered.getCheckpointId()).isEqualTo("my-bert");
  }

  @Test
  void download_partsOfTwoFiles_areWritten() {
    assertThat(line.run("checkpoints", "download", "m", "--out", "got")).isEqualTo(ExitCode.OK);
    assertThat(directory.resolve("got/config.json")).hasContent("{}");
    assertThat(directory.resolve("got/model.safetensors")).hasContent("abcdefgh");
    assertThat(line.out().lines().toList()).hasSize(2);
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
}
