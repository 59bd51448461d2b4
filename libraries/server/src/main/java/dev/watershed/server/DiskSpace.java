package dev.watershed.server;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.ToLongFunction;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is free on the disks of this process. What is to be written is checked here first, because a
 * disk that is full to its end takes the databases with it.
 */
@Singleton
public final class DiskSpace {
  private static final Logger log = LoggerFactory.getLogger(DiskSpace.class);
  private static final String REASON = "DISK_FULL";
  private static final Duration RETRY = Duration.ofSeconds(10);
  private static final Duration LOOK = Duration.ofSeconds(1);

  /** As Linux, macOS and H2 put it. */
  private static final Pattern NO_SPACE =
      Pattern.compile("(?i).*(no space left on device|disk quota exceeded|not enough space).*");

  private final DiskConfiguration configuration;
  private final ToLongFunction<Path> usable;

  @Inject
  public DiskSpace(DiskConfiguration configuration) {
    this(configuration, DiskSpace::usableBytes);
  }

  /**
   * @param usable returns the bytes that can be written in a directory
   */
  public DiskSpace(DiskConfiguration configuration, ToLongFunction<Path> usable) {
    this.configuration = configuration;
    this.usable = usable;
  }

  /** Where it cannot be told, there is room: what is written then says whether there was. */
  private static long usableBytes(Path directory) {
    try {
      Path existing = directory.toAbsolutePath();
      while (existing.getParent() != null && !Files.exists(existing)) {
        existing = existing.getParent();
      }
      return Files.getFileStore(existing).getUsableSpace();
    } catch (IOException e) {
      return Long.MAX_VALUE;
    }
  }

  /** Returns why nothing new can be accepted now; empty where it can. */
  public Optional<RefusedException> shortage() {
    for (Path directory : configuration.directories()) {
      var refusal = shortage(directory, 0);
      if (refusal.isPresent()) {
        return refusal;
      }
    }
    return Optional.empty();
  }

  /**
   * Looks whether something can be written beside the reserve.
   *
   * @param bytes what it takes in {@code directory}
   * @throws RefusedException RESOURCE_EXHAUSTED where it cannot
   */
  public void requireRoom(Path directory, long bytes) {
    shortage(directory, bytes)
        .ifPresent(
            refusal -> {
              throw refusal;
            });
  }

  private Optional<RefusedException> shortage(Path directory, long bytes) {
    long free = usable.applyAsLong(directory);
    if (free - configuration.reserve().bytes() >= bytes) {
      return Optional.empty();
    }
    return Optional.of(
        full(
            directory,
            String.format(
                Locale.ROOT,
                "The disk of %s has %s free; %s",
                directory,
                mebibytes(free),
                bytes == 0
                    ? mebibytes(configuration.reserve().bytes()) + " are kept in reserve"
                    : String.format(
                        Locale.ROOT,
                        "%s are to be written and %s kept in reserve",
                        mebibytes(bytes),
                        mebibytes(configuration.reserve().bytes())))));
  }

  private static RefusedException full(@Nullable Path directory, String what) {
    return RefusedException.resourceExhausted(
        REASON,
        what + ". Make room there and try again; runs and studies wait and go on by themselves.",
        RETRY,
        directory == null ? Map.of() : Map.of("directory", directory.toString()));
  }

  private static String mebibytes(long bytes) {
    return String.format(Locale.ROOT, "%.1f MiB", bytes / 1048576.0);
  }

  /**
   * Returns what to tell of something that failed because a disk was full; empty where it failed
   * for another reason.
   */
  public Optional<RefusedException> explain(Throwable failure) {
    if (!isFull(failure)) {
      return Optional.empty();
    }
    return Optional.of(
        shortage().orElseGet(() -> full(null, "The disk was full (" + noSpace(failure) + ")")));
  }

  /** Whether something failed because a disk was full. */
  public static boolean isFull(Throwable failure) {
    return noSpace(failure) != null;
  }

  private static @Nullable String noSpace(Throwable failure) {
    int depth = 0;
    for (Throwable cause = failure; cause != null && depth < 50; cause = cause.getCause()) {
      String message = String.valueOf(cause.getMessage());
      if ((cause instanceof RefusedException refused && refused.reason().equals(REASON))
          || (cause instanceof IOException && NO_SPACE.matcher(message).matches())) {
        return message;
      }
      depth++;
    }
    return null;
  }

  /** Writes something. */
  @FunctionalInterface
  public interface Write {
    /** Can be done again from the start where it failed half way. */
    void write() throws IOException;
  }

  /**
   * Writes once there is room for it, waiting as long as it takes.
   *
   * @param what is to be written, for the log
   * @param bytes what it takes in {@code directory} beside what is there
   * @param stopped ends the wait
   * @return whether it was written; false where the wait was ended
   */
  public boolean write(
      String what, Path directory, long bytes, BooleanSupplier stopped, Write write)
      throws IOException {
    boolean waited = false;
    while (true) {
      var refusal = shortage(directory, bytes);
      if (refusal.isEmpty()) {
        try {
          write.write();
          if (waited) {
            log.info("{}: there is room again; it goes on", what);
          }
          return true;
        } catch (IOException | RuntimeException e) {
          if (!isFull(e)) {
            throw e;
          }
          refusal = explain(e);
        }
      }
      if (!waited) {
        log.warn("{} waits: {}", what, refusal.map(Throwable::getMessage).orElse("no room"));
        waited = true;
      }
      if (stopped.getAsBoolean() || !pause()) {
        return false;
      }
    }
  }

  /** Returns whether nobody interrupted it. */
  private static boolean pause() {
    try {
      Thread.sleep(LOOK);
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
