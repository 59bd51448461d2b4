package dev.watershed.jobs;

import dev.watershed.server.RefusedException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What happens to jobs, told to whoever follows them. Each follower gets every state; of the
 * progress between two states it gets the newest, as often as it can take and at most every {@link
 * #PROGRESS_INTERVAL}. Followers are woken; none reads the database.
 */
public final class JobFeed<C> {
  static final Duration PROGRESS_INTERVAL = Duration.ofMillis(200);

  private final JobKind<C> kind;
  private final Map<String, Set<Subscription>> subscriptions = new ConcurrentHashMap<>();
  private volatile boolean closed;

  public JobFeed(JobKind<C> kind) {
    this.kind = kind;
  }

  /** Tells a job's followers how it is now. Never waits for them. */
  public void publish(Job<C> job) {
    for (var subscription : subscriptions.getOrDefault(job.id(), Set.of())) {
      subscription.offer(job);
    }
  }

  /** Tells a job's followers that it is there no more. */
  public void publishDeleted(String id) {
    for (var subscription : subscriptions.getOrDefault(id, Set.of())) {
      subscription.offerNone();
    }
  }

  /** Returns the ids of jobs that are followed. */
  Set<String> followed() {
    return Set.copyOf(subscriptions.keySet());
  }

  /** Begins to follow a job; to be closed. */
  Subscription subscribe(String id) {
    var subscription = new Subscription(id);
    subscriptions.compute(
        id,
        (key, followers) -> {
          var all = followers == null ? ConcurrentHashMap.<Subscription>newKeySet() : followers;
          all.add(subscription);
          return all;
        });
    return subscription;
  }

  /** Sends every follower away, because the server is going down. */
  public void close() {
    closed = true;
    subscriptions.values().forEach(followers -> followers.forEach(Subscription::wake));
  }

  /** One follower. Offers come from workers, {@link #next} is called by the follower. */
  final class Subscription implements AutoCloseable {
    private final String id;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    /** States that are still to be told; a job has but a handful. */
    private final ArrayDeque<Job<C>> states = new ArrayDeque<>();

    private @Nullable Job<C> progress;
    private @Nullable JobState lastState;
    private boolean deleted;
    private long progressDueNanos = System.nanoTime();

    private Subscription(String id) {
      this.id = id;
    }

    private void offer(Job<C> job) {
      lock.lock();
      try {
        if (job.state() != lastState) {
          states.add(job);
          lastState = job.state();
          progress = null;
        } else {
          progress = job;
        }
        changed.signalAll();
      } finally {
        lock.unlock();
      }
    }

    private void offerNone() {
      lock.lock();
      try {
        deleted = true;
        changed.signalAll();
      } finally {
        lock.unlock();
      }
    }

    /**
     * Returns what is next to be told, waiting for it.
     *
     * @param gone whether to wait no longer; asked again after {@link #wake}
     * @return null where it was gone
     * @throws RefusedException NOT_FOUND where the job is there no more; UNAVAILABLE where the
     *     server is going down
     */
    @Nullable Job<C> next(BooleanSupplier gone) throws InterruptedException {
      lock.lock();
      try {
        while (true) {
          var state = states.poll();
          if (state != null) {
            return state;
          }
          if (gone.getAsBoolean()) {
            return null;
          }
          refuseIfOver();
          var news = progress;
          if (news == null) {
            changed.await();
            continue;
          }
          long wait = progressDueNanos - System.nanoTime();
          if (wait <= 0) {
            progress = null;
            progressDueNanos = System.nanoTime() + PROGRESS_INTERVAL.toNanos();
            return news;
          }
          boolean unused = changed.await(wait, TimeUnit.NANOSECONDS);
        }
      } finally {
        lock.unlock();
      }
    }

    private void refuseIfOver() {
      if (deleted) {
        throw kind.notFound(id);
      }
      if (closed) {
        throw RefusedException.unavailable(
            "SHUTTING_DOWN",
            "The server is going down; the "
                + kind.noun()
                + " goes on where it is. Watch it again.",
            Duration.ofSeconds(1));
      }
    }

    void wake() {
      lock.lock();
      try {
        changed.signalAll();
      } finally {
        lock.unlock();
      }
    }

    @Override
    public void close() {
      subscriptions.computeIfPresent(
          id,
          (key, followers) -> {
            followers.remove(this);
            return followers.isEmpty() ? null : followers;
          });
    }
  }
}
