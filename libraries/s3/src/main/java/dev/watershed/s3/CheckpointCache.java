package dev.watershed.s3;

import dev.watershed.classifier.checkpoint.CheckpointStore.Held;
import dev.watershed.classifier.checkpoint.DurableFiles;
import dev.watershed.classifier.checkpoint.IncomingDirectory;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Directories on the local disk that were fetched, up to a number of bytes. The least recently used
 * go first, never one that somebody holds: for as long as more are held than may be kept, there is
 * more. Safe for use by many threads of one process, which has the directory for itself.
 *
 * <p>An entry is a directory {@code <name>~<random>}; it is fetched aside and renamed, so that one
 * that is there is whole.
 */
final class CheckpointCache {
  private static final Logger log = LoggerFactory.getLogger(CheckpointCache.class);
  private static final char SEPARATOR = '~';

  private final Path directory;
  private final long maxBytes;
  private final Clock clock;

  private final Object lock = new Object();

  /** By name, least recently used first. */
  private final Map<String, Entry> entries = new LinkedHashMap<>(16, .75f, true);

  private long bytes;

  /** Fills an empty directory. */
  @FunctionalInterface
  interface Fetch {
    void into(Path directory) throws IOException;
  }

  private static final class Entry {
    private final String name;
    private final long bytes;
    private final CompletableFuture<Path> path;
    private int holders;

    /** Whether it goes as soon as nobody holds it. */
    private boolean dropped;

    Entry(String name, long bytes, CompletableFuture<Path> path) {
      this.name = name;
      this.bytes = bytes;
      this.path = path;
    }
  }

  /** Takes over what is in a directory, a real path, and deletes what was half fetched. */
  CheckpointCache(Path directory, long maxBytes, Clock clock) throws IOException {
    this.directory = directory;
    this.maxBytes = maxBytes;
    this.clock = clock;
    IncomingDirectory.sweep(directory);
    var found = new ArrayList<Path>();
    try (Stream<Path> paths = Files.list(directory)) {
      paths.filter(path -> name(path).indexOf(SEPARATOR) > 0).forEach(found::add);
    }
    var used = new LinkedHashMap<Path, FileTime>();
    for (Path path : found) {
      used.put(path, Files.getLastModifiedTime(path));
    }
    found.sort(Comparator.comparing(used::get));
    for (Path path : found) {
      String name = name(path).substring(0, name(path).lastIndexOf(SEPARATOR));
      var entry = new Entry(name, size(path), CompletableFuture.completedFuture(path));
      bytes += entry.bytes;
      Entry older = entries.put(name, entry);
      if (older != null) {
        bytes -= older.bytes;
        delete(List.of(older));
      }
    }
    delete(evictable());
  }

  private static String name(Path path) {
    return String.valueOf(path.getFileName());
  }

  private static long size(Path directory) throws IOException {
    long size = 0;
    try (Stream<Path> files = Files.list(directory)) {
      for (Path file : files.toList()) {
        size += Files.size(file);
      }
    }
    return size;
  }

  /** Where it is: a real path. */
  Path directory() {
    return directory;
  }

  /**
   * Has an entry at hand, fetched unless it is there. Of several that want the same, one fetches.
   *
   * @param size bytes of it
   */
  Held hold(String name, long size, Fetch fetch) throws IOException {
    while (true) {
      Entry entry;
      boolean ours = false;
      List<Entry> leaving;
      synchronized (lock) {
        entry = entries.get(name);
        if (entry == null) {
          entry = new Entry(name, size, new CompletableFuture<>());
          entries.put(name, entry);
          bytes += size;
          ours = true;
        }
        entry.holders++;
        leaving = evictable();
      }
      delete(leaving);
      try {
        Path path = ours ? fetch(entry, fetch) : await(entry);
        touch(path);
        Entry held = entry;
        return new Held(path, () -> release(held));
      } catch (CancellationException e) {
        release(entry);
        if (ours) {
          throw e;
        }
        // Who fetched it gave up; somebody else has to.
      } catch (Throwable e) {
        release(entry);
        throw e;
      }
    }
  }

  /** For the next process, which knows no more than what it finds. */
  private void touch(Path path) {
    try {
      Files.setLastModifiedTime(path, FileTime.from(clock.instant()));
    } catch (IOException e) {
      log.debug("{}: its time could not be set: {}", path, e.toString());
    }
  }

  private Path fetch(Entry entry, Fetch fetch) throws IOException {
    try (IncomingDirectory aside = IncomingDirectory.create(directory)) {
      fetch.into(aside.path());
      Path path = directory.resolve(entry.name + SEPARATOR + UUID.randomUUID());
      DurableFiles.rename(aside.path(), path);
      entry.path.complete(path);
      return path;
    } catch (Throwable e) {
      synchronized (lock) {
        forget(entry);
      }
      if (e instanceof InterruptedIOException || e instanceof CancellationException) {
        entry.path.cancel(false);
      } else {
        entry.path.completeExceptionally(e);
      }
      throw e;
    }
  }

  private static Path await(Entry entry) throws IOException {
    try {
      return entry.path.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while a checkpoint was fetched");
    } catch (ExecutionException e) {
      throw Transfers.failure(e);
    }
  }

  private void release(Entry entry) {
    List<Entry> leaving;
    synchronized (lock) {
      entry.holders--;
      leaving = evictable();
      if (entry.dropped && entry.holders == 0 && isThere(entry)) {
        entry.dropped = false;
        leaving.add(entry);
      }
    }
    delete(leaving);
  }

  /** Keeps an entry no longer than somebody holds it. */
  void drop(String name) {
    var leaving = new ArrayList<Entry>();
    synchronized (lock) {
      Entry entry = entries.get(name);
      if (entry == null || !isThere(entry)) {
        return;
      }
      forget(entry);
      if (entry.holders == 0) {
        leaving.add(entry);
      } else {
        entry.dropped = true;
      }
    }
    delete(leaving);
  }

  private static boolean isThere(Entry entry) {
    return entry.path.isDone() && !entry.path.isCompletedExceptionally();
  }

  /** Under the lock. */
  private void forget(Entry entry) {
    if (entries.remove(entry.name, entry)) {
      bytes -= entry.bytes;
    }
  }

  /** Takes out what has to make room. Under the lock, or before anybody else knows of this. */
  private List<Entry> evictable() {
    var leaving = new ArrayList<Entry>();
    for (Entry entry : List.copyOf(entries.values())) {
      if (bytes <= maxBytes) {
        break;
      }
      if (entry.holders == 0 && isThere(entry)) {
        forget(entry);
        leaving.add(entry);
      }
    }
    return leaving;
  }

  /** Deletes directories that nobody finds any more. */
  private static void delete(List<Entry> leaving) {
    for (Entry entry : leaving) {
      try {
        DurableFiles.deleteDirectory(entry.path.join());
      } catch (IOException e) {
        log.warn("A checkpoint in the cache could not be deleted: {}", e.toString());
      }
    }
  }
}
