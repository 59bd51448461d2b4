package dev.watershed.classifier.checkpoint;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A directory in which something is put together, deleted in the end, or by {@link #sweep} where
 * its process was killed. What is to be deleted goes the same way.
 *
 * <p>A file beside it, {@code NAME.lock}, is locked as long as its maker lives: it is there and
 * locked before the directory is made, and goes after the directory went. So a directory without a
 * locked file is abandoned, whichever of several processes sees it.
 */
public final class IncomingDirectory implements AutoCloseable {
  private static final String PREFIX = ".incoming-";
  private static final String LOCK = ".lock";

  /**
   * Lock files of this process. They are never opened a second time: to close a file gives up every
   * lock that the process has on it.
   */
  private static final Set<Path> OURS = ConcurrentHashMap.newKeySet();

  private final Path path;
  private final Path lockFile;
  private final FileChannel channel;

  private IncomingDirectory(Path path, Path lockFile, FileChannel channel) {
    this.path = path;
    this.lockFile = lockFile;
    this.channel = channel;
  }

  /**
   * Makes one in a directory.
   *
   * @param parent a real path
   */
  public static IncomingDirectory create(Path parent) throws IOException {
    while (true) {
      IncomingDirectory made = tryCreate(parent);
      if (made != null) {
        return made;
      }
    }
  }

  /** Null where a sweeper deleted the lock's file between its making and its locking. */
  private static @Nullable IncomingDirectory tryCreate(Path parent) throws IOException {
    Path path = parent.resolve(PREFIX + UUID.randomUUID());
    Path lockFile = lockOf(path);
    OURS.add(lockFile);
    FileChannel channel = null;
    try {
      channel = FileChannel.open(lockFile, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW);
      channel.lock();
      if (Files.exists(lockFile)) {
        Files.createDirectory(path);
        return new IncomingDirectory(path, lockFile, channel);
      }
    } catch (Throwable e) {
      Files.deleteIfExists(lockFile);
      forget(lockFile, channel);
      throw e;
    }
    forget(lockFile, channel);
    return null;
  }

  private static void forget(Path lockFile, @Nullable FileChannel channel) throws IOException {
    OURS.remove(lockFile);
    if (channel != null) {
      channel.close();
    }
  }

  /** Where it is, empty at first. */
  public Path path() {
    return path;
  }

  /** Deletes what is still there; nothing, where the directory got another name. */
  @Override
  public void close() throws IOException {
    try {
      DurableFiles.deleteDirectory(path);
      Files.deleteIfExists(lockFile);
    } finally {
      forget(lockFile, channel);
    }
  }

  /**
   * Renames a directory to one that is abandoned, without a lock, so that whoever sweeps first
   * deletes it. Takes no room on the disk, which may be full.
   *
   * @param directory a real path
   * @return what it is called now
   * @throws NoSuchFileException where there is none
   */
  static Path setAside(Path directory) throws IOException {
    Path aside = directory.resolveSibling(PREFIX + UUID.randomUUID());
    DurableFiles.rename(directory, aside);
    return aside;
  }

  /** Deletes what killed processes left in {@code parent}, a real path. */
  public static void sweep(Path parent) throws IOException {
    List<Path> left;
    try (Stream<Path> entries = Files.list(parent)) {
      left = entries.filter(path -> name(path).startsWith(PREFIX)).toList();
    }
    for (Path path : left) {
      if (name(path).endsWith(LOCK)) {
        String name = name(path);
        sweep(parent.resolve(name.substring(0, name.length() - LOCK.length())), path);
      } else if (!Files.exists(lockOf(path))) {
        deleteLeft(path);
      }
    }
  }

  private static void sweep(Path directory, Path lockFile) throws IOException {
    if (OURS.contains(lockFile)) {
      return;
    }
    try (FileChannel channel = FileChannel.open(lockFile, StandardOpenOption.WRITE);
        FileLock lock = channel.tryLock()) {
      if (lock != null) {
        deleteLeft(directory);
        Files.deleteIfExists(lockFile);
      }
    } catch (NoSuchFileException | OverlappingFileLockException e) {
      // Its maker, or another sweeper, has just done it.
    }
  }

  /** Deletes an abandoned directory; another sweeper may be deleting the same. */
  static void deleteLeft(Path directory) throws IOException {
    try {
      DurableFiles.deleteDirectory(directory);
    } catch (NoSuchFileException e) {
      // It did.
    }
  }

  private static Path lockOf(Path directory) {
    return directory.resolveSibling(name(directory) + LOCK);
  }

  private static String name(Path path) {
    return String.valueOf(path.getFileName());
  }
}
