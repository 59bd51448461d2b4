package dev.watershed.standalone.process;

import dev.watershed.client.ClientException;
import dev.watershed.client.LocalServer;
import dev.watershed.input.Quoted;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where a standalone server keeps everything: databases in {@code db/}, checkpoints in {@code
 * checkpoints/}, data that clients sent in {@code uploads/}, what a run needs to resume in {@code
 * work/}, the address it listens on in {@code endpoint}. One process at a time holds the lock on
 * it.
 *
 * @param root the directory, absolute
 */
public record DataDirectory(Path root) {
  /**
   * The directory named on the command line, else by WATERSHED_DATA, else ~/.watershed.
   *
   * @throws ClientException where neither says where home is
   */
  public static DataDirectory at(@Nullable Path chosen, Map<String, String> variables) {
    return new DataDirectory(LocalServer.at(chosen, variables).directory());
  }

  private LocalServer server() {
    return new LocalServer(root);
  }

  /** The embedded databases. */
  public Path databases() {
    return root.resolve("db");
  }

  /** The checkpoint store. */
  public Path checkpoints() {
    return root.resolve("checkpoints");
  }

  /** Files of data that clients have sent. */
  public Path uploads() {
    return root.resolve("uploads");
  }

  /** State of unfinished work. */
  public Path work() {
    return root.resolve("work");
  }

  /**
   * Makes the directories and takes the lock.
   *
   * @throws StartException when another process holds it, with the address that it serves, or when
   *     the directory cannot be used
   */
  public Held hold() {
    refuseMeaningfulName();
    for (Path part : List.of(root, databases(), checkpoints(), uploads(), work())) {
      make(part);
    }
    try {
      FileChannel file =
          FileChannel.open(
              server().lockFile(), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      FileLock lock = tryLock(file);
      // A client that looks whether there is a server holds it for a moment.
      for (int look = 0; lock == null && look < 20; look++) {
        Thread.sleep(50);
        lock = tryLock(file);
      }
      if (lock == null) {
        file.close();
        throw new StartException(
            "a server already uses "
                + root
                + server()
                    .endpoint()
                    .map(server -> " (it listens on " + server.address() + ")")
                    .orElse("")
                + "; stop it, speak to it with --address, or choose another directory with --data");
      }
      return new Held(this, file);
    } catch (IOException e) {
      throw new StartException("cannot use data directory " + root + ": " + reason(e), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StartException("interrupted while waiting for " + server().lockFile(), e);
    }
  }

  /** The name becomes part of a database's URL and of configuration values. */
  private void refuseMeaningfulName() {
    for (String part : List.of(";", "\\", "${")) {
      if (root.toString().contains(part)) {
        throw new StartException(
            "the data directory "
                + Quoted.of(root.toString())
                + " cannot be used: its name holds '"
                + part
                + "', which means something to the database or the configuration. Choose another"
                + " with --data.");
      }
    }
    if (!Quoted.isPlain(root.toString())) {
      throw new StartException(
          "the name of the data directory "
              + Quoted.of(root.toString())
              + " holds control characters");
    }
  }

  private void make(Path part) {
    try {
      Files.createDirectories(part);
    } catch (FileAlreadyExistsException e) {
      throw new StartException(
          "cannot use data directory "
              + root
              + ": "
              + part
              + " should be a directory and is a file. Move it away, or choose another directory"
              + " with --data.",
          e);
    } catch (IOException e) {
      throw new StartException(
          "cannot use data directory " + root + ": " + reason(e) + ". Choose another with --data.",
          e);
    }
    if (!Files.isWritable(part)) {
      throw new StartException(
          "cannot use data directory "
              + root
              + ": "
              + part
              + " cannot be written by this user. Change its permissions, or choose another with"
              + " --data.");
    }
  }

  /** What a failure of a file says to people: messages of the JDK are often the path alone. */
  static String reason(IOException failure) {
    if (failure instanceof AccessDeniedException denied) {
      return denied.getFile() + " may not be accessed by this user";
    }
    if (failure instanceof NoSuchFileException missing) {
      return missing.getFile() + " is not there";
    }
    if (failure instanceof NotDirectoryException file) {
      return file.getFile() + " is no directory";
    }
    if (failure instanceof FileSystemException other && other.getReason() != null) {
      return other.getFile() + ": " + other.getReason();
    }
    return String.valueOf(failure.getMessage());
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

    /**
     * Tells clients on this machine where the server listens.
     *
     * @param identity of this directory
     */
    public void publish(String address, String identity) {
      try {
        directory.server().publish(new LocalServer.Endpoint(address, identity));
      } catch (IOException e) {
        throw new UncheckedIOException("cannot write " + directory.server().endpointFile(), e);
      }
    }

    @Override
    public void close() {
      try {
        Files.deleteIfExists(directory.server().endpointFile());
        lockFile.close();
      } catch (IOException e) {
        throw new UncheckedIOException("cannot release " + directory.root(), e);
      }
    }
  }
}
