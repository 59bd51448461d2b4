package dev.watershed.s3;

import dev.watershed.input.InvalidInputException;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Deletes what killed writers left in S3: files that no manifest names, and uploads that were never
 * ended, once they are a day old by the server's clock. Runs beside whatever else is done, now and
 * then, in processes that write.
 */
final class Sweep implements AutoCloseable {
  static final Duration AGE = Duration.ofHours(24);

  private static final Logger log = LoggerFactory.getLogger(Sweep.class);
  private static final Duration INTERVAL = Duration.ofHours(6);

  /** Finds manifests. */
  @FunctionalInterface
  interface Manifests {
    Optional<StoredManifest> find(String id) throws IOException;
  }

  private final Bucket bucket;
  private final S3Location location;
  private final Manifests manifests;
  private final LongSupplier nanoTime;
  private final AtomicLong next;
  private volatile @Nullable Thread running;
  private volatile boolean closed;

  Sweep(Bucket bucket, S3Location location, Manifests manifests, LongSupplier nanoTime) {
    this.bucket = bucket;
    this.location = location;
    this.manifests = manifests;
    this.nanoTime = nanoTime;
    this.next = new AtomicLong(nanoTime.getAsLong());
  }

  void startIfDue() {
    long now = nanoTime.getAsLong();
    long due = next.get();
    if (now - due >= 0 && next.compareAndSet(due, now + INTERVAL.toNanos())) {
      running = Thread.ofVirtual().name("s3-sweep").start(this::sweepQuietly);
    }
  }

  private void sweepQuietly() {
    try {
      int deleted = sweep();
      if (deleted > 0) {
        log.info("{} objects and uploads of killed writers were deleted in {}", deleted, location);
      }
    } catch (IOException | RuntimeException e) {
      if (closed) {
        return;
      }
      log.warn("What killed writers left in {} stays for now: {}", location, e.toString());
    }
  }

  /** Returns how many objects and uploads went. */
  int sweep() throws IOException {
    Bucket.Listing all = bucket.list(Attempt.folder(), Integer.MAX_VALUE);
    Instant now = all.now();
    if (now == null) {
      return 0;
    }
    Instant before = now.minus(AGE);
    var names = new HashMap<Attempt, List<String>>();
    Set<Attempt> young = new HashSet<>();
    for (Bucket.Listed object : all.objects()) {
      Optional<Attempt> attempt = Attempt.of(object.name());
      if (attempt.isEmpty()) {
        continue;
      }
      names.computeIfAbsent(attempt.get(), unused -> new ArrayList<>()).add(object.name());
      if (object.modified().isAfter(before)) {
        young.add(attempt.get());
      }
    }
    int deleted = 0;
    for (Map.Entry<Attempt, List<String>> attempt : names.entrySet()) {
      if (!young.contains(attempt.getKey()) && isAbandoned(attempt.getKey())) {
        for (String name : attempt.getValue()) {
          bucket.delete(name);
          deleted++;
        }
      }
    }
    return deleted + bucket.abortUploads(Attempt.folder(), before);
  }

  private boolean isAbandoned(Attempt attempt) throws IOException {
    try {
      return manifests
          .find(attempt.id())
          .filter(stored -> stored.attempt().equals(attempt.attempt()))
          .isEmpty();
    } catch (InvalidInputException e) {
      // A damaged manifest may be restored, and then needs its files.
      return false;
    }
  }

  @Override
  public void close() {
    closed = true;
    Thread sweeping = running;
    if (sweeping != null) {
      sweeping.interrupt();
    }
  }
}
