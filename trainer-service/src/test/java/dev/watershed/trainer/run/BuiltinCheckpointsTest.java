package dev.watershed.trainer.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.watershed.classifier.checkpoint.FileCheckpointStore;
import dev.watershed.trainer.Models;
import java.io.FileNotFoundException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class BuiltinCheckpointsTest {
  @Test
  void install_indexedCheckpoint_isPutOnce(@TempDir Path directory) throws Exception {
    var base = directory.resolve("classes").resolve(BuiltinCheckpoints.BASE);
    Models.write(base.resolve("small"), 1);
    Files.writeString(base.resolve("index"), "small config.json model.safetensors vocab.txt\n");
    var store = new FileCheckpointStore(directory.resolve("store"), Clock.systemUTC());

    try (var classes = loader(directory.resolve("classes"))) {
      BuiltinCheckpoints.install(classes, store);
      var first = store.find("small").orElseThrow();
      BuiltinCheckpoints.install(classes, store);
      assertThat(store.find("small")).contains(first);
    }
    assertThat(directory.resolve("store")).isDirectoryNotContaining("glob:**.incoming-*");
  }

  @Test
  void install_fileMissing_namesIt(@TempDir Path directory) throws Exception {
    var base = Files.createDirectories(directory.resolve(BuiltinCheckpoints.BASE));
    Files.writeString(base.resolve("index"), "small config.json\n");
    var store = new FileCheckpointStore(directory.resolve("store"), Clock.systemUTC());

    try (var classes = loader(directory)) {
      assertThatThrownBy(() -> BuiltinCheckpoints.install(classes, store))
          .isInstanceOf(FileNotFoundException.class)
          .hasMessageContaining("small/config.json");
    }
    assertThat(store.list()).isEmpty();
  }

  private static URLClassLoader loader(Path directory) throws Exception {
    return new URLClassLoader(new URL[] {directory.toUri().toURL()}, null);
  }
}
