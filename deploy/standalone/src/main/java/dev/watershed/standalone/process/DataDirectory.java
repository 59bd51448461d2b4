package dev.watershed.standalone.process;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Where a standalone server keeps everything: databases in {@code db/}, checkpoints in {@code
 * checkpoints/}, what a run needs to resume in {@code work/}, the address it listens on in {@code
 * endpoint}. One process at a time holds the lock on it.
 *
 * @param root the directory, absolute
 */
public record DataDirectory(Path root) {

  /**
   * The directory named on the command line, else by WATERSHED_DATA, else ~/.watershed. Home is
   * HOME, as for every other program, and not what the list of users says.
   *
   * @throws IllegalArgumentException where neither says where home is
   */
  public static DataDirectory at(@Nullable Path chosen, Map<String, String> variables) {
    if (chosen != null) {
      return new DataDirectory(chosen.toAbsolutePath().normalize());
    }
    String variable = variables.get("WATERSHED_DATA");
    Path root =
        variable != null && !variable.isBlank()
            ? Path.of(variable)
            : home(variables.getOrDefault("HOME", "")).resolve(".watershed");
    return new DataDirectory(root.toAbsolutePath().normalize());
  }

  private static Path home(String variable) {
    if (variable.startsWith("/")) {
      return Path.of(variable);
    }
    // "?" for a user that is in no list of users, as in many containers.
    String listed = System.getProperty("user.home", "");
    if (!listed.startsWith("/")) {
      throw new IllegalArgumentException(
          "there is no home directory to keep data in (HOME is not set, and the user is not in the"
              + " list of users); say where with --data DIR or WATERSHED_DATA");
    }
    return Path.of(listed);
  }

  /** The embedded databases. */
  public Path databases() {
    return root.resolve("db");
  }

  /** The checkpoint store. */
  public Path checkpoints() {
    return root.resolve("checkpoints");
  }

  /** State of unfinished work. */
  public Path work() {
    return root.resolve("work");
  }

  private Path endpointFile() {
    return root.resolve("endpoint");
  }

  /** The address of the server that runs here, or of the last one that was killed. */
  public Optional<String> endpoint() {
    try {
      String text = Files.readString(endpointFile()).strip();
      return text.matches("[^\\s/]{1,300}:\\d{1,5}") ? Optional.of(text) : Optional.empty();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /**
   * Makes the directories and takes the lock.
   *
   * @throws IllegalStateException when another process holds it; the message says which address it
   *     serves
   */
  public Held hold() {
    try {
      Files.createDirectories(root);
      Files.createDirectories(databases());
      Files.createDirectories(checkpoints());
      Files.createDirectories(work());
      FileChannel file =
          FileChannel.open(
              root.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      FileLock lock = tryLock(file);
      if (lock == null) {
        file.close();
        throw new IllegalStateException(
            "a server already uses "
                + root
                + endpoint().map(address -> " (it listens on " + address + ")").orElse("")
                + "; stop it, speak to it with --address, or choose another directory with --data");
      }
      return new Held(this, file);
    } catch (IOException e) {
      throw new UncheckedIOException(
          "cannot use data directory " + root + ": " + e.getMessage(), e);
    }
  }

  private static @Nullable FileLock tryLock(FileChannel file) throws IOException {
    try {
      return file.tryLock();
    } catch (OverlappingFileLockException e) {
      return null;
    }
  }

  /** The directory while this process owns it. */
  public static final class Held implements AutoCloseable {
    private final DataDirectory directory;
    private final FileChannel lockFile;

    private Held(DataDirectory directory, FileChannel lockFile) {
      this.directory = directory;
      this.lockFile = lockFile;
    }

    /** The directory. */
    public DataDirectory directory() {
      return directory;
    }

    /** Tells clients on this machine where the server listens. */
    public void publish(String address) {
      try {
        Path aside = directory.root().resolve("endpoint.new");
        Files.writeString(aside, address + "\n");
        Files.move(
            aside,
            directory.endpointFile(),
            StandardCopyOption.ATOMIC_MOVE,
            StandardCopyOption.REPLACE_EXISTING);
      } catch (IOException e) {
        throw new UncheckedIOException("cannot write " + directory.endpointFile(), e);
      }
    }

    @Override
    public void close() {
      try {
        Files.deleteIfExists(directory.endpointFile());
        lockFile.close();
      } catch (IOException e) {
        throw new UncheckedIOException("cannot release " + directory.root(), e);
      }
    }
  }
}
