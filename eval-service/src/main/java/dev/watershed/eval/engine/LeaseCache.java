package dev.watershed.eval.engine;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Values in native memory, kept while there is room and closed when there is none, but never while
 * somebody holds a lease. Any thread may ask; a value is made once.
 */
final class LeaseCache<K, V extends AutoCloseable> implements AutoCloseable {
  // A value has one reference for the cache and one for each lease; who drops the last one closes
  // it. A count of 0 is final, so a lease can never revive what is closed.
  private final Cache<K, Shared<V>> cache;

  /**
   * @param maximumBytes what the values may take together; leased ones that were evicted come on
   *     top of it
   * @param bytes the size of a value
   */
  LeaseCache(long maximumBytes, ToLongFunction<V> bytes) {
    cache =
        Caffeine.newBuilder()
            .maximumWeight(maximumBytes / 1024)
            .weigher((K key, Shared<V> shared) -> kibibytes(bytes.applyAsLong(shared.value)))
            .executor(Runnable::run)
            .removalListener((key, shared, cause) -> release(shared))
            .build();
  }

  /** Leases the value of {@code key}, made by {@code make} if it is not there. */
  Lease<V> lease(K key, Supplier<V> make) {
    while (true) {
      AtomicReference<@Nullable Shared<V>> made = new AtomicReference<>();
      Shared<V> shared =
          cache.get(
              key,
              k -> {
                Shared<V> fresh = new Shared<>(make.get());
                // Held before the cache can evict it: a value larger than the cache leaves at once.
                fresh.tryRetain();
                made.set(fresh);
                return fresh;
              });
      if (shared == made.get() || shared.tryRetain()) {
        return new Lease<>(shared);
      }
    }
  }

  /** Closes every value, now or when its last lease is closed. */
  @Override
  public void close() {
    cache.invalidateAll();
    cache.cleanUp();
  }

  private static int kibibytes(long bytes) {
    return (int) Math.min(Integer.MAX_VALUE, bytes / 1024 + 1);
  }

  private static void release(@Nullable Shared<?> shared) {
    if (shared != null) {
      shared.release();
    }
  }

  /** The right to use a value until closed. Closing twice is harmless. */
  static final class Lease<V extends AutoCloseable> implements AutoCloseable {
    private @Nullable Shared<V> shared;

    private Lease(Shared<V> shared) {
      this.shared = shared;
    }

    V value() {
      if (shared == null) {
        throw new IllegalStateException("the lease is closed");
      }
      return shared.value;
    }

    @Override
    public void close() {
      Shared<V> held = shared;
      shared = null;
      release(held);
    }
  }

  private static final class Shared<V extends AutoCloseable> {
    private final V value;
    private final AtomicInteger references = new AtomicInteger(1);

    Shared(V value) {
      this.value = value;
    }

    boolean tryRetain() {
      return references.getAndUpdate(n -> n == 0 ? 0 : n + 1) > 0;
    }

    void release() {
      if (references.decrementAndGet() == 0) {
        try {
          value.close();
        } catch (Exception e) {
          throw new IllegalStateException("could not free native memory", e);
        }
      }
    }
  }
}
