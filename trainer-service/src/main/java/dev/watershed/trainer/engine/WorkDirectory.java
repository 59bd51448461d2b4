package dev.watershed.trainer.engine;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Comparator;

/** Where an unfinished run keeps what it needs to go on. */
record WorkDirectory(Path path) {

  /** The state of the optimiser. */
  Path stateFile() {
    return path.resolve("state");
  }

  /** Returns a new, empty directory. */
  Path fresh(String name) throws IOException {
    var directory = path.resolve(name);
    delete(directory);
    return Files.createDirectories(directory);
  }

  /** Deletes everything. */
  void delete() throws IOException {
    delete(path);
  }

  /** Others may be deleting the same. */
  static void delete(Path directory) throws IOException {
    if (!Files.exists(directory)) {
      return;
    }
    try (var files = Files.walk(directory)) {
      for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    } catch (NoSuchFileException | UncheckedIOException e) {
      if (Files.exists(directory)) {
        throw e;
      }
    }
  }
}
