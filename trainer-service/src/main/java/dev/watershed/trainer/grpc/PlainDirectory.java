package dev.watershed.trainer.grpc;

import dev.watershed.classifier.InvalidInputException;
import dev.watershed.classifier.data.DataRoots;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * A directory of plain files. Hugging Face's cache keeps snapshots as links into a directory of
 * blobs; such links are followed where they lead below a data root.
 *
 * @param temporary whether it was made for this and is deleted at the end
 */
record PlainDirectory(Path path, boolean temporary) implements AutoCloseable {
  private static final int MAX_FILES = 1000;

  /** What a checkpoint consists of, told by the end of its name. */
  private static final List<String> READ = List.of(".json", ".txt", ".safetensors");

  /** Other forms of weights, whose names alone tell why a checkpoint is refused. */
  private static final List<String> NAMED = List.of(".bin", ".h5", ".msgpack");

  /**
   * @throws InvalidInputException FORBIDDEN where a link leads outside the roots
   */
  static PlainDirectory of(Path directory, DataRoots roots) throws IOException {
    List<Path> files;
    try (var entries = Files.list(directory)) {
      files =
          entries
              .filter(file -> ends(file, READ) || ends(file, NAMED))
              .limit(MAX_FILES + 1L)
              .toList();
    }
    if (files.size() > MAX_FILES) {
      throw InvalidInputException.invalid(
          "TOO_MANY_FILES",
          "uri",
          "the directory holds more than %d files; give one that holds a checkpoint alone"
              .formatted(MAX_FILES));
    }
    if (files.stream().noneMatch(Files::isSymbolicLink)) {
      return new PlainDirectory(directory, false);
    }
    var plain = new PlainDirectory(Files.createTempDirectory("checkpoint"), true);
    try {
      for (Path file : files) {
        Path target = roots.resolve(file.toString());
        Path to = plain.path.resolve(file.getFileName());
        if (ends(file, NAMED)) {
          Files.createFile(to);
        } else if (Files.isRegularFile(target)) {
          bring(target, to);
        }
      }
      return plain;
    } catch (Throwable e) {
      plain.close();
      throw e;
    }
  }

  private static boolean ends(Path file, List<String> ends) {
    return ends.stream().anyMatch(end -> file.toString().endsWith(end));
  }

  /** A second name costs nothing; across file systems there is none. */
  private static void bring(Path target, Path to) throws IOException {
    try {
      Files.createLink(to, target);
    } catch (FileSystemException | UnsupportedOperationException e) {
      Files.copy(target, to);
    }
  }

  @Override
  public void close() throws IOException {
    if (!temporary) {
      return;
    }
    List<Path> files;
    try (var entries = Files.list(path)) {
      files = entries.toList();
    }
    for (Path file : files) {
      Files.deleteIfExists(file);
    }
    Files.deleteIfExists(path);
  }
}
