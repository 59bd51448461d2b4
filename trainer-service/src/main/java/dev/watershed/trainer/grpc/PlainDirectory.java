package dev.watershed.trainer.grpc;

import dev.watershed.classifier.checkpoint.CheckpointStore;
import dev.watershed.classifier.checkpoint.DurableFiles;
import dev.watershed.classifier.checkpoint.FileWork;
import dev.watershed.classifier.checkpoint.IncomingDirectory;
import dev.watershed.classifier.data.DataRoots;
import dev.watershed.input.HuggingFaceFiles;
import dev.watershed.input.InvalidInputException;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A directory of plain files. Hugging Face's cache keeps snapshots as links into a directory of
 * blobs; such links are followed where they lead below a data root.
 *
 * @param made the directory that was made for this and is deleted at the end; null where the files
 *     are read where they lie
 */
record PlainDirectory(Path path, @Nullable IncomingDirectory made) implements AutoCloseable {
  private static final int MAX_FILES = 1000;

  /** What a checkpoint consists of, told by the end of its name. */
  private static final List<String> READ = List.of(".json", ".txt", ".safetensors");

  /** Other forms of weights, whose names alone tell why a checkpoint is refused. */
  private static final List<String> NAMED = List.of(".bin", ".h5", ".msgpack");

  /**
   * @param store where they are put together, and how many bytes they may have where they have to
   *     be copied
   * @param work ends the copying
   * @throws InvalidInputException FORBIDDEN where a link leads outside the roots, INVALID where
   *     there is more than is kept
   */
  static PlainDirectory of(Path directory, DataRoots roots, CheckpointStore store, FileWork work)
      throws IOException {
    List<Path> files = files(directory);
    return files.stream().noneMatch(Files::isSymbolicLink)
        ? new PlainDirectory(directory, null)
        : bringAll(files, roots, store, work);
  }

  /**
   * As {@link #of}, but always a temporary one: files may be replaced in it, though not changed.
   */
  static PlainDirectory temporary(
      Path directory, DataRoots roots, CheckpointStore store, FileWork work) throws IOException {
    return bringAll(files(directory), roots, store, work);
  }

  private static List<Path> files(Path directory) throws IOException {
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
          String.format(
              Locale.ROOT,
              "the directory holds more than %d files; give one that holds a checkpoint alone",
              MAX_FILES));
    }
    return files;
  }

  private static PlainDirectory bringAll(
      List<Path> files, DataRoots roots, CheckpointStore store, FileWork work) throws IOException {
    IncomingDirectory made = store.incoming();
    var plain = new PlainDirectory(made.path(), made);
    try {
      long left = store.maxBytes();
      for (Path file : files) {
        Path target = roots.resolve(file.toString());
        Path to = plain.path.resolve(file.getFileName());
        if (ends(file, NAMED)) {
          Files.createFile(to);
        } else if (Files.isRegularFile(target)) {
          left -= Files.size(target);
          bring(target, to, left, work);
        }
      }
      return plain;
    } catch (Throwable e) {
      plain.close();
      throw e;
    }
  }

  /**
   * Puts the tokenizer of another directory in the place of what there is of one; only where this
   * is temporary.
   *
   * @param from a directory, or one of its vocabulary's files
   * @throws InvalidInputException NOT_FOUND where there is none
   */
  void bringTokenizer(Path from, DataRoots roots, long maxBytes, FileWork work) throws IOException {
    if (made == null) {
      throw new IllegalStateException("files of a caller are not to be replaced");
    }
    for (String name : HuggingFaceFiles.TOKENIZER) {
      Files.deleteIfExists(path.resolve(name));
    }
    Path directory = Files.isDirectory(from) ? from : from.resolveSibling("");
    String chosen = Files.isDirectory(from) ? "" : String.valueOf(from.getFileName());
    for (String name : HuggingFaceFiles.TOKENIZER) {
      if (Files.exists(directory.resolve(name)) && goesWith(chosen, name)) {
        bring(
            roots.resolve(directory.resolve(name).toString()), path.resolve(name), maxBytes, work);
      }
    }
    if (!HuggingFaceFiles.hasTokenizer(path)) {
      throw new InvalidInputException(
          InvalidInputException.Kind.NOT_FOUND,
          "TOKENIZER_NOT_FOUND",
          "",
          "there is no tokenizer: give a directory with tokenizer.json, vocab.txt, or vocab.json and"
              + " merges.txt, or one of these files");
    }
  }

  /** A vocabulary that was chosen stands alone, with what says how to read it. */
  private static boolean goesWith(String chosen, String name) {
    return switch (name) {
      case "tokenizer.json", "vocab.txt" -> chosen.isEmpty() || chosen.equals(name);
      case "vocab.json", "merges.txt" ->
          chosen.isEmpty() || chosen.equals("vocab.json") || chosen.equals("merges.txt");
      default -> true;
    };
  }

  private static boolean ends(Path file, List<String> ends) {
    return ends.stream().anyMatch(end -> file.toString().endsWith(end));
  }

  /** A second name costs nothing; across file systems there is none. */
  private static void bring(Path target, Path to, long left, FileWork work) throws IOException {
    try {
      Files.createLink(to, target);
    } catch (FileSystemException | UnsupportedOperationException e) {
      if (left < 0) {
        throw InvalidInputException.invalid(
            "CHECKPOINT_TOO_LARGE",
            "uri",
            "the directory holds more than a checkpoint may have"
                + " (watershed.checkpoints.max-bytes); give one that holds a checkpoint alone");
      }
      DurableFiles.copy(target, to, Files.size(target), work);
    }
  }

  @Override
  public void close() throws IOException {
    if (made != null) {
      made.close();
    }
  }
}
