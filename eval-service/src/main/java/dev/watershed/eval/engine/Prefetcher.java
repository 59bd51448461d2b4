package dev.watershed.eval.engine;

import dev.watershed.eval.engine.LeaseCache.Key;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads weights that are announced, one model at a time, while the device computes something else.
 * Nothing is freed for them that is announced to be needed no later.
 */
final class Prefetcher implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Prefetcher.class);

  /** Where weights are read to. */
  interface Target {
    Key<?> key(Model model);

    /**
     * Reads a model's weights where they are not there and there is room.
     *
     * @param mayGo which weights may be freed for them
     * @return whether they were read
     */
    boolean prefetch(Model model, Predicate<Key<?>> mayGo);
  }

  private final Target target;
  private final Thread thread;

  // Guarded by this; in order of need. Whoever waits in the queue comes before what will be asked
  // after that.
  private final Set<Announcement> queued = new LinkedHashSet<>();
  private final Set<Announcement> later = new LinkedHashSet<>();
  private long changes;
  private boolean stopping;

  /** Models that will be needed, until closed. Closing twice is harmless. */
  final class Announcement implements AutoCloseable {
    private final List<Model> models;

    private Announcement(List<Model> models) {
      this.models = models;
    }

    @Override
    public void close() {
      synchronized (Prefetcher.this) {
        if (queued.remove(this) || later.remove(this)) {
          changed();
        }
      }
    }
  }

  Prefetcher(Target target) {
    this.target = target;
    // A platform thread: reading files would hold a virtual thread's carrier.
    thread = Thread.ofPlatform().name("eval-prefetch").daemon().start(this::work);
  }

  /** Announces models of work that waits for its turn. */
  Announcement announce(List<Model> models) {
    return announce(models, queued);
  }

  /** Announces models of work that will be asked for after all that waits now. */
  Announcement announceLater(List<Model> models) {
    return announce(models, later);
  }

  private synchronized Announcement announce(List<Model> models, Set<Announcement> to) {
    Announcement announcement = new Announcement(List.copyOf(models));
    to.add(announcement);
    changed();
    return announcement;
  }

  private synchronized void changed() {
    changes++;
    notifyAll();
  }

  private void work() {
    try {
      long seen = 0;
      while (true) {
        List<Model> wanted;
        synchronized (this) {
          while (changes == seen && !stopping) {
            wait();
          }
          if (stopping) {
            return;
          }
          seen = changes;
          wanted = new ArrayList<>();
          queued.forEach(announcement -> wanted.addAll(announcement.models));
          later.forEach(announcement -> wanted.addAll(announcement.models));
        }
        if (readFirst(wanted)) {
          changed(); // one was read; look again what is wanted most now
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Reads the first model that is not there and fits beside those before it. */
  private boolean readFirst(List<Model> wanted) {
    Function<Model, Key<?>> key = target::key;
    Set<Key<?>> sooner = new HashSet<>();
    for (Model model : wanted) {
      sooner.add(key.apply(model));
      try {
        if (target.prefetch(model, other -> !sooner.contains(other))) {
          return true;
        }
      } catch (RuntimeException e) {
        // Whoever asked for the model finds the same when its turn comes, and can tell its caller.
        LOG.debug("could not read {} ahead: {}", model.name(), e.toString());
      }
    }
    return false;
  }

  /** Stops once the model being read is read. */
  @Override
  public void close() {
    synchronized (this) {
      stopping = true;
      notifyAll();
    }
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
