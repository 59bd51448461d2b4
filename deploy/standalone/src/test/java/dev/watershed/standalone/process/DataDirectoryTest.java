package dev.watershed.standalone.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.watershed.client.ClientException;
import dev.watershed.client.LocalServer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DataDirectoryTest {
  private Path directory;

  @BeforeEach
  void choose(@TempDir Path temporary) {
    directory = temporary;
  }

  @Test
  void at_nothingChosen_isTheVariableOrTheHome() {
    assertThat(DataDirectory.at(null, Map.of("WATERSHED_DATA", "/d")).root())
        .isEqualTo(Path.of("/d"));
    assertThat(DataDirectory.at(null, Map.of()).root())
        .isEqualTo(Path.of(System.getProperty("user.home"), ".watershed"));
    assertThat(DataDirectory.at(Path.of("/e"), Map.of("WATERSHED_DATA", "/d")).root())
        .isEqualTo(Path.of("/e"));
  }

  @Test
  void at_homeVariable_winsOverTheListOfUsers() {
    assertThat(DataDirectory.at(null, Map.of("HOME", "/scratch/me")).root())
        .isEqualTo(Path.of("/scratch/me/.watershed"));
  }

  @Test
  void at_noHomeAtAll_isRefusedAndNotADirectoryNamedQuestionMark() {
    String listed = System.getProperty("user.home", "");
    System.setProperty("user.home", "?");
    try {
      assertThatThrownBy(() -> DataDirectory.at(null, Map.of()))
          .isInstanceOf(ClientException.class)
          .hasMessageContaining("--data DIR");
      assertThat(DataDirectory.at(null, Map.of("HOME", "/h")).root())
          .isEqualTo(Path.of("/h/.watershed"));
    } finally {
      System.setProperty("user.home", listed);
    }
  }

  @Test
  void hold_twice_isRefusedWithTheAddressOfTheFirst() {
    var data = new DataDirectory(directory.resolve("data"));
    var server = new LocalServer(data.root());
    try (var held = data.hold()) {
      held.publish("127.0.0.1:7878", "0a");
      assertThat(server.endpoint()).contains(new LocalServer.Endpoint("127.0.0.1:7878", "0a"));
      assertThat(server.isRunning()).isTrue();
      assertThatThrownBy(data::hold)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("a server already uses")
          .hasMessageContaining("127.0.0.1:7878");
    }
    assertThat(server.endpoint()).isEmpty();
    assertThat(server.isRunning()).isFalse();
    data.hold().close();
  }

  @Test
  void endpoint_somethingElseInTheFile_isNone() throws Exception {
    Files.writeString(directory.resolve("endpoint"), "rm -rf /\n");
    assertThat(new LocalServer(directory).endpoint()).isEmpty();
  }

  @Test
  void hold_nameThatMeansSomethingToADatabase_isASentence() {
    for (String name : List.of("x;INIT=SELECT 1", "a\\b", "${user.home}")) {
      assertThatThrownBy(() -> new DataDirectory(directory.resolve(name)).hold())
          .isInstanceOf(StartException.class)
          .hasMessageContaining("cannot be used: its name holds");
      assertThat(directory).isEmptyDirectory();
    }
  }

  @Test
  void hold_fileWhereADirectoryShouldBe_isASentence() throws Exception {
    Files.writeString(directory.resolve("db"), "");
    assertThatThrownBy(() -> new DataDirectory(directory).hold())
        .isInstanceOf(StartException.class)
        .hasMessageContaining(directory.resolve("db") + " should be a directory and is a file");
  }
}
