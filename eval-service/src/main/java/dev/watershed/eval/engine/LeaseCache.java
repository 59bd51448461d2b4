package dev.watershed.eval.engine;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Values in native memory that never take more than a limit together, whatever their kind. A value
 * is made once, kept while there is room, and never freed while somebody holds a lease; the least
 * recently used one goes first. Any thread may ask.
 *
 * <p>Bytes are booked before a value is made. A lease that finds no room, because others lease or
 * make what fills it, waits for them: callers see to it that what they lease at the same time fits
 * together, see {@link Schedule}.
 */
final class LeaseCache implements AutoCloseable {
  /** Names a value and its kind. */
  @SuppressWarnings("unused") // The parameter ties a key to the type of its value.
  interface Key<V extends AutoCloseable> {}

  private final long maximumBytes;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  // In order of use, least recent first.
  private final Map<Key<?>, Entry> entries = new LinkedHashMap<>(16, .75f, true);
  private long heldBytes;
  private long peakBytes;
  private boolean closed;

  /**
   * @param maximumBytes what the values may take together
   */
  LeaseCache(long maximumBytes) {
    this.maximumBytes = maximumBytes;
  }

  /** Bytes of all values that are there or being made. */
  long heldBytes() {
    lock.lock();
    try {
      return heldBytes;
    } finally {
      lock.unlock();
    }
  }

  /** The most {@link #heldBytes} ever was. */
  long peakBytes() {
    lock.lock();
    try {
      return peakBytes;
    } finally {
      lock.unlock();
    }
  }

  long maximumBytes() {
    return maximumBytes;
  }

  /** Whether a value is there, so that its lease does not wait. */
  boolean isReady(Key<?> key) {
    lock.lock();
    try {
      Entry entry = entries.get(key);
      return entry != null && entry.value != null;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Leases the value of {@code key}, made by {@code make} if it is not there.
   *
   * @param bytes what it takes, known before it is made
   * @throws IllegalArgumentException where it alone takes more than the limit
   */
  <V extends AutoCloseable> Lease<V> lease(Key<V> key, long bytes, Supplier<V> make) {
    if (bytes > maximumBytes) {
      throw new IllegalArgumentException(
          String.format(Locale.ROOT, "%s takes %d bytes of %d", key, bytes, maximumBytes));
    }
    Entry entry;
    lock.lock();
    try {
      while (true) {
        requireOpen();
        entry = entries.get(key);
        if (entry != null && entry.value != null) {
          entry.leases++;
          return new Lease<>(entry);
        }
        if (entry == null && makeRoom(bytes, any -> true)) {
          entry = book(key, bytes);
          break;
        }
        changed.awaitUninterruptibly();
      }
    } finally {
      lock.unlock();
    }
    return make(key, entry, make);
  }

  /**
   * Makes a value that is not there yet, where there is room for it.
   *
   * @param mayGo which values may be freed for it, of those that nobody leases
   * @return whether it was made by this call
   */
  <V extends AutoCloseable> boolean prefetch(
      Key<V> key, long bytes, Supplier<V> make, Predicate<Key<?>> mayGo) {
    Entry entry;
    lock.lock();
    try {
      if (closed || entries.containsKey(key) || !makeRoom(bytes, mayGo)) {
        return false;
      }
      entry = book(key, bytes);
    } finally {
      lock.unlock();
    }
    make(key, entry, make).close();
    return true;
  }

  private Entry book(Key<?> key, long bytes) {
    Entry entry = new Entry(bytes);
    entries.put(key, entry);
    heldBytes += bytes;
    peakBytes = Math.max(peakBytes, heldBytes);
    return entry;
  }

  private <V extends AutoCloseable> Lease<V> make(Key<V> key, Entry entry, Supplier<V> make) {
    V value = null;
    try {
      value = make.get();
      return new Lease<>(entry);
    } finally {
      lock.lock();
      try {
        if (value == null) {
          entries.remove(key);
          heldBytes -= entry.bytes;
        } else {
          entry.value = value;
          entry.leases = 1;
        }
        changed.signalAll();
      } finally {
        lock.unlock();
      }
    }
  }

  /** Frees values in order of their last use until {@code bytes} fit; frees none in vain. */
  private boolean makeRoom(long bytes, Predicate<Key<?>> mayGo) {
    List<Key<?>> going = new ArrayList<>();
    long free = maximumBytes - heldBytes;
    for (Map.Entry<Key<?>, Entry> candidate : entries.entrySet()) {
      if (free >= bytes) {
        break;
      }
      if (candidate.getValue().isIdle() && mayGo.test(candidate.getKey())) {
        free += candidate.getValue().bytes;
        going.add(candidate.getKey());
      }
    }
    if (free < bytes) {
      return false;
    }
    for (Key<?> key : going) {
      Entry gone = entries.remove(key);
      if (gone != null) {
        free(gone);
      }
    }
    return true;
  }

  private void free(Entry entry) {
    AutoCloseable value = entry.value;
    entry.value = null;
    heldBytes -= entry.bytes;
    try {
      if (value != null) {
        value.close();
      }
    } catch (Exception e) {
      throw new IllegalStateException("could not free native memory", e);
    }
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("the cache is closed");
    }
  }

  /** Frees every value, now or when its last lease is closed; gives out no more. */
  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      Iterator<Entry> each = entries.values().iterator();
      while (each.hasNext()) {
        Entry entry = each.next();
        if (entry.isIdle()) {
          each.remove();
          free(entry);
        }
      }
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private static final class Entry {
    final long bytes;
    int leases;

    /** Null while it is made. */
    @Nullable AutoCloseable value;

    Entry(long bytes) {
      this.bytes = bytes;
    }

    boolean isIdle() {
      return value != null && leases == 0;
    }
  }

  /** The right to use a value until closed. Closing twice is harmless. */
  final class Lease<V extends AutoCloseable> implements AutoCloseable {
    private @Nullable Entry entry;

    private Lease(Entry entry) {
      this.entry = entry;
    }

    @SuppressWarnings("unchecked") // The key that the entry was found by has the value's type.
    V value() {
      if (entry == null || entry.value == null) {
        throw new IllegalStateException("the lease is closed");
      }
      return (V) entry.value;
    }

    @Override
    public void close() {
      lock.lock();
      try {
        Entry held = entry;
        entry = null;
        if (held == null) {
          return;
        }
        held.leases--;
        if (closed && held.isIdle()) {
          entries.values().remove(held);
          free(held);
        }
        changed.signalAll();
      } finally {
        lock.unlock();
      }
    }
  }
}
