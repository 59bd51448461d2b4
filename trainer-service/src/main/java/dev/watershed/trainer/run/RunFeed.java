package dev.watershed.trainer.run;

import dev.watershed.server.RefusedException;
import dev.watershed.trainer.v1.TrainingRun;
import dev.watershed.trainer.v1.TrainingRunState;
import jakarta.annotation.PreDestroy;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * What happens to runs in this process, told to whoever follows them. Each follower gets every
 * state; of the progress between two states it gets the newest, as often as it can take and at most
 * every {@link #PROGRESS_INTERVAL}.
 */
@Singleton
public final class RunFeed {
  static final Duration PROGRESS_INTERVAL = Duration.ofMillis(200);

  private final Map<String, Set<Subscription>> subscriptions = new ConcurrentHashMap<>();
  private volatile boolean closed;

  /** Tells a run's followers how it is now. Never waits for them. */
  void publish(TrainingRun run) {
    for (var subscription : subscriptions.getOrDefault(run.getName(), Set.of())) {
      subscription.offer(run);
    }
  }

  /** Begins to follow a run; to be closed. */
  Subscription subscribe(String name) {
    var subscription = new Subscription(name);
    subscriptions.compute(
        name,
        (key, followers) -> {
          var all = followers == null ? ConcurrentHashMap.<Subscription>newKeySet() : followers;
          all.add(subscription);
          return all;
        });
    return subscription;
  }

  /** Sends every follower away, because the server is going down. */
  @PreDestroy
  public void close() {
    closed = true;
    subscriptions.values().forEach(followers -> followers.forEach(Subscription::wake));
  }

  /** One follower. Offers come from the worker, {@link #next} is called by the follower. */
  final class Subscription implements AutoCloseable {
    private final String name;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    /** States that are still to be told; a run has but a handful. */
    private final ArrayDeque<TrainingRun> states = new ArrayDeque<>();

    private @Nullable TrainingRun progress;
    private TrainingRunState lastState = TrainingRunState.TRAINING_RUN_STATE_UNSPECIFIED;
    private long progressDueNanos = System.nanoTime();

    private Subscription(String name) {
      this.name = name;
    }

    private void offer(TrainingRun run) {
      lock.lock();
      try {
        if (run.getState() != lastState) {
          states.add(run);
          lastState = run.getState();
          progress = null;
        } else {
          progress = run;
        }
        changed.signalAll();
      } finally {
        lock.unlock();
      }
    }

    /**
     * Returns what is next to be told, waiting for it.
     *
     * @return null where nothing was told for {@code patience}
     * @throws RefusedException UNAVAILABLE where the server is going down
     */
    @Nullable TrainingRun next(Duration patience) throws InterruptedException {
      long deadline = System.nanoTime() + patience.toNanos();
      lock.lock();
      try {
        while (true) {
          var state = states.poll();
          if (state != null) {
            return state;
          }
          refuseIfClosed();
          long now = System.nanoTime();
          var news = progress;
          if (news != null && now >= progressDueNanos) {
            progress = null;
            progressDueNanos = now + PROGRESS_INTERVAL.toNanos();
            return news;
          }
          if (now >= deadline) {
            return null;
          }
          long wait = news == null ? deadline - now : Math.min(deadline, progressDueNanos) - now;
          boolean unused = changed.await(wait, TimeUnit.NANOSECONDS);
        }
      } finally {
        lock.unlock();
      }
    }

    private void refuseIfClosed() {
      if (closed) {
        throw RefusedException.unavailable(
            "SHUTTING_DOWN",
            "The server is going down; the run goes on where it is. Watch it again.",
            Duration.ofSeconds(5));
      }
    }

    private void wake() {
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
          name,
          (key, followers) -> {
            followers.remove(this);
            return followers.isEmpty() ? null : followers;
          });
    }
  }
}
