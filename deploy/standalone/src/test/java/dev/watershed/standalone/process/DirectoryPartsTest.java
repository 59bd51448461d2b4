package dev.watershed.standalone.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is there at a start, and what that says. */
final class DirectoryPartsTest {
  private DataDirectory directory;
  private DirectoryParts parts;
  private Path trainer;

  @BeforeEach
  void choose(@TempDir Path temporary) throws Exception {
    directory = new DataDirectory(temporary.resolve("data"));
    directory.hold().close();
    parts = new DirectoryParts(directory);
    trainer = directory.databases().resolve("trainer.mv.db");
  }

  private DirectoryMark start(boolean adopt) {
    DirectoryMark mark = parts.check(adopt);
    parts.stamp(mark);
    return mark;
  }

  private void checkpoint(String id) throws Exception {
    Path checkpoint = Files.createDirectories(directory.checkpoints().resolve(id));
    Files.writeString(checkpoint.resolve("manifest.json"), "{}");
  }

  @Test
  void check_again_findsWhatItLeft() throws Exception {
    DirectoryMark first = start(false);
    checkpoint("one");
    assertThat(start(false)).isEqualTo(first);
  }

  @Test
  void check_databaseEmptiedOrGone_saysSoAndAdoptGoesOn() throws Exception {
    DirectoryMark first = start(false);
    checkpoint("one");
    Files.write(trainer, new byte[0]);
    assertThatThrownBy(() -> parts.check(false))
        .isInstanceOf(StartException.class)
        .hasMessageContaining("db/trainer.mv.db is empty")
        .hasMessageContaining("serve --adopt")
        .hasMessageContaining("1 checkpoint(s)");
    Files.delete(trainer);
    assertThatThrownBy(() -> parts.check(false))
        .hasMessageContaining("db/trainer.mv.db is missing");

    assertThat(start(true)).isEqualTo(first.next());
    assertThat(start(false)).isEqualTo(first.next());
  }

  @Test
  void check_databaseOfAnEarlierTimeOrAnotherDirectory_saysWhich(@TempDir Path aside)
      throws Exception {
    start(false);
    Files.copy(trainer, aside.resolve("before"));
    Files.delete(trainer);
    start(true);
    Files.delete(trainer);
    Files.copy(aside.resolve("before"), trainer);
    assertThatThrownBy(() -> parts.check(false))
        .hasMessageContaining("is of an earlier time (generation 1, not 2)");

    DirectoryMark.first().write(directory.checkpoints().resolve(".data-directory"));
    assertThatThrownBy(() -> parts.check(false))
        .hasMessageContaining("checkpoints/ is of another data directory");
  }

  @Test
  void check_storeEmptied_saysSo() throws Exception {
    start(false);
    Files.delete(directory.checkpoints().resolve(".data-directory"));
    assertThatThrownBy(() -> parts.check(false))
        .hasMessageContaining("checkpoints/ was removed or emptied");
  }

  @Test
  void check_directoryOfAnOlderVersion_isStampedOnce() throws Exception {
    DirectoryMark any = start(false);
    Files.delete(directory.root().resolve("identity"));
    Files.delete(directory.checkpoints().resolve(".data-directory"));
    try (var connection =
            java.sql.DriverManager.getConnection(parts.database("trainer").url(), "watershed", "");
        var statement = connection.createStatement()) {
      statement.execute("drop table data_directory");
    }
    checkpoint("one");
    // The analysis still says which; with neither saying, a new one is made.
    assertThat(start(false)).isEqualTo(any);
    assertThat(start(false)).isEqualTo(any);
  }

  @Test
  void check_checkpointsOfAnOlderVersionWithoutDatabase_saysSo() throws Exception {
    checkpoint("one");
    assertThatThrownBy(() -> parts.check(false))
        .hasMessageContaining("db/trainer.mv.db is missing");
  }

  @Test
  void check_damagedDatabase_isASentence() throws Exception {
    start(false);
    Files.write(trainer, "x".repeat(10_000).getBytes(StandardCharsets.UTF_8));
    assertThatThrownBy(() -> parts.check(false))
        .isInstanceOf(StartException.class)
        .hasMessageContaining("trainer.mv.db cannot be read")
        .hasMessageContaining("serve --adopt")
        .message()
        .doesNotContain("Exception")
        .doesNotContain("[90");
  }
}
