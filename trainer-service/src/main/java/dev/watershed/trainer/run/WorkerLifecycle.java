package dev.watershed.trainer.run;

import io.micronaut.runtime.event.annotation.EventListener;
import io.micronaut.runtime.server.event.ServerShutdownEvent;
import io.micronaut.runtime.server.event.ServerStartupEvent;
import jakarta.inject.Singleton;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The worker takes runs once the process serves; followers are sent away when it stops serving, and
 * the worker itself ends with its bean. A process may have several servers.
 */
@Singleton
final class WorkerLifecycle {
  private final RunWorker worker;
  private final RunFeed feed;
  private final AtomicBoolean started = new AtomicBoolean();

  WorkerLifecycle(RunWorker worker, RunFeed feed) {
    this.worker = worker;
    this.feed = feed;
  }

  @EventListener
  void onStartup(ServerStartupEvent event) {
    if (started.compareAndSet(false, true)) {
      worker.start();
    }
  }

  @EventListener
  void onShutdown(ServerShutdownEvent event) {
    feed.close();
  }
}
