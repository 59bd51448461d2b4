package dev.watershed.s3;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * A directory that one process has for itself, among those that several share: {@code
 * <parent>/<number>}, the first that nobody has. A process that starts takes over what one that
 * ended left there.
 */
final class CacheDirectory implements AutoCloseable {
  private static final int MAX = 1000;

  /**
   * Lock files of this process. They are never opened a second time: to close a file gives up every
   * lock that the process has on it.
   */
  private static final Set<Path> OURS = ConcurrentHashMap.newKeySet();

  private final Path path;
  private final Path lockFile;
  private final FileChannel channel;

  private CacheDirectory(Path path, Path lockFile, FileChannel channel) {
    this.path = path;
    this.lockFile = lockFile;
    this.channel = channel;
  }

  /** Takes one, making what is missing. */
  static CacheDirectory take(Path parent) throws IOException {
    Path real = Files.createDirectories(parent).toRealPath();
    for (int i = 0; i < MAX; i++) {
      CacheDirectory taken = tryTake(real, Integer.toString(i));
      if (taken != null) {
        return taken;
      }
    }
    throw new IOException("there are " + MAX + " caches of other processes in " + real);
  }

  private static @Nullable CacheDirectory tryTake(Path parent, String name) throws IOException {
    Path lockFile = parent.resolve(name + ".lock");
    if (!OURS.add(lockFile)) {
      return null;
    }
    FileChannel channel = null;
    try {
      channel = FileChannel.open(lockFile, StandardOpenOption.WRITE, StandardOpenOption.CREATE);
      if (channel.tryLock() != null) {
        return new CacheDirectory(Files.createDirectories(parent.resolve(name)), lockFile, channel);
      }
    } catch (Throwable e) {
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

  /** Where it is: a real path. */
  Path path() {
    return path;
  }

  /** Leaves it, with what is in it, to the next. */
  @Override
  public void close() throws IOException {
    forget(lockFile, channel);
  }
}
