package dev.watershed.trainer.run;

import dev.watershed.jobs.JobFeed;
import dev.watershed.jobs.JobWorker;
import dev.watershed.jobs.Upkeep;
import dev.watershed.trainer.store.RunContent;
import io.micronaut.runtime.event.annotation.EventListener;
import io.micronaut.runtime.server.event.ServerShutdownEvent;
import io.micronaut.runtime.server.event.ServerStartupEvent;
import jakarta.inject.Named;
import jakarta.inject.Singleton;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The worker takes runs once the process serves; followers are sent away when it stops serving, and
 * the worker itself ends with its bean. A process may have several servers.
 */
@Singleton
final class WorkerLifecycle {
  private final JobWorker<RunContent> worker;
  private final JobFeed<RunContent> feed;
  private final RunLoop loop;
  private final Upkeep upkeep;
  private final AtomicBoolean started = new AtomicBoolean();

  WorkerLifecycle(
      JobWorker<RunContent> worker,
      JobFeed<RunContent> feed,
      RunLoop loop,
      @Named("trainer") Upkeep upkeep) {
    this.worker = worker;
    this.feed = feed;
    this.loop = loop;
    this.upkeep = upkeep;
  }

  @EventListener
  void onStartup(ServerStartupEvent event) {
    if (started.compareAndSet(false, true)) {
      // States are each process's own, and the upkeep is done by one of several.
      loop.forgetEnded();
      worker.start();
      upkeep.start();
    }
  }

  @EventListener
  void onShutdown(ServerShutdownEvent event) {
    feed.close();
  }
}
