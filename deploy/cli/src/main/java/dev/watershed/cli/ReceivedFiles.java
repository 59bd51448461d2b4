package dev.watershed.cli;

import com.google.protobuf.ByteString;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Writes files that a server streams one after the other; each appears when it is whole. */
public final class ReceivedFiles implements AutoCloseable {
  private final Path directory;
  private final List<Path> written = new ArrayList<>();
  private @Nullable String name;
  private @Nullable OutputStream open;
  private long bytes;
  private long expectedBytes = -1;

  /** Makes the directory if need be. */
  public ReceivedFiles(Path directory) {
    this.directory = directory;
    try {
      Files.createDirectories(directory);
    } catch (IOException e) {
      throw CommandException.badInput("cannot write to " + directory + ": " + Failures.sentence(e));
    }
  }

  /**
   * Writes to a directory that holds nothing yet: files of another checkpoint beside the new ones
   * would make one that never was.
   */
  static ReceivedFiles intoEmpty(Path directory) {
    ReceivedFiles received = new ReceivedFiles(directory);
    try {
      requireEmpty(directory);
    } catch (IOException e) {
      throw CommandException.badInput("cannot read " + directory + ": " + e);
    }
    return received;
  }

  private static void requireEmpty(Path directory) throws IOException {
    try (var files = Files.list(directory)) {
      files
          .map(file -> String.valueOf(file.getFileName()))
          .filter(file -> !file.startsWith("."))
          .findFirst()
          .ifPresent(
              file -> {
                throw CommandException.badInput(
                    directory
                        + " holds files already, such as "
                        + file
                        + "; what is written beside them would be mixed with them. Name a directory"
                        + " that is empty or does not exist");
              });
    }
  }

  /** Appends a part of a file whose size is not known beforehand. */
  public void add(String fileName, ByteString part) {
    add(fileName, part, -1, -1);
  }

  /**
   * Appends a part of a file.
   *
   * @param offset where the part must begin; -1 where the stream does not say
   * @param size the file's size; -1 where the stream does not say
   */
  void add(String fileName, ByteString part, long offset, long size) {
    try {
      if (!fileName.equals(name)) {
        finish();
        begin(fileName, size);
      }
      if (offset >= 0 && offset != bytes) {
        throw new CommandException(
            ExitCode.FAILED,
            fileName + " broke off: the next part begins at " + offset + ", not at " + bytes);
      }
      if (open != null) {
        part.writeTo(open);
        bytes += part.size();
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write " + directory.resolve(fileName), e);
    }
  }

  private void begin(String fileName, long size) throws IOException {
    // The name comes from elsewhere and must not lead out of the directory.
    if (!fileName.matches("[A-Za-z0-9_][A-Za-z0-9._-]{0,200}")) {
      throw new CommandException(
          ExitCode.FAILED, "the server sent a file with the unusable name '" + fileName + "'");
    }
    name = fileName;
    bytes = 0;
    expectedBytes = size;
    open = Files.newOutputStream(aside(fileName));
  }

  private void finish() throws IOException {
    if (open == null || name == null) {
      return;
    }
    open.close();
    open = null;
    if (expectedBytes >= 0 && bytes != expectedBytes) {
      throw new CommandException(
          ExitCode.FAILED, name + " has " + bytes + " bytes in place of " + expectedBytes);
    }
    Path target = directory.resolve(name);
    Files.move(
        aside(name), target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    written.add(target);
  }

  /** Completes the last file and returns all. */
  public List<Path> complete() {
    try {
      finish();
      return List.copyOf(written);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write " + name, e);
    }
  }

  private Path aside(String fileName) {
    return directory.resolve("." + fileName + ".part");
  }

  /** Removes what is not whole. */
  @Override
  public void close() {
    try {
      if (open != null) {
        open.close();
      }
      if (name != null) {
        Files.deleteIfExists(aside(name));
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot clean up " + directory, e);
    }
  }
}
