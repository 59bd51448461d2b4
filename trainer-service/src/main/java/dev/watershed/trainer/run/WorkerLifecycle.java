package dev.watershed.trainer.run;

import dev.watershed.jobs.JobFeed;
import dev.watershed.jobs.JobWorker;
import dev.watershed.jobs.Upkeep;
import dev.watershed.server.ProcessEnd;
import dev.watershed.trainer.store.RunContent;
import io.micronaut.runtime.event.annotation.EventListener;
import io.micronaut.runtime.server.event.ServerShutdownEvent;
import io.micronaut.runtime.server.event.ServerStartupEvent;
import jakarta.inject.Named;
import jakarta.inject.Singleton;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The worker takes runs once the process serves; followers are sent away when it stops serving, and
 * the worker itself ends with its bean. A process may have several servers.
 */
@Singleton
final class WorkerLifecycle {
  private static final Logger log = LoggerFactory.getLogger(WorkerLifecycle.class);

  private final JobWorker<RunContent> worker;
  private final JobFeed<RunContent> feed;
  private final RunLoop loop;
  private final Upkeep upkeep;
  private final TrainerConfiguration configuration;
  private final ProcessEnd end;
  private final AtomicBoolean started = new AtomicBoolean();

  WorkerLifecycle(
      JobWorker<RunContent> worker,
      JobFeed<RunContent> feed,
      RunLoop loop,
      @Named("trainer") Upkeep upkeep,
      TrainerConfiguration configuration,
      ProcessEnd end) {
    this.worker = worker;
    this.feed = feed;
    this.loop = loop;
    this.upkeep = upkeep;
    this.configuration = configuration;
    this.end = end;
  }

  @EventListener
  void onStartup(ServerStartupEvent event) {
    if (started.compareAndSet(false, true)) {
      // States are each process's own, and the upkeep is done by one of several.
      loop.forgetEnded();
      worker.start();
      upkeep.start();
      if (configuration.worker().once()) {
        Thread.ofVirtual().name("one-run").start(this::endAfterOneRun);
      }
    }
  }

  private void endAfterOneRun() {
    try {
      boolean trained = worker.awaitSpent(configuration.idle());
      log.info(
          trained
              ? "The one run that this process takes has ended"
              : "No run was queued within {} (watershed.trainer.idle)",
          configuration.idle());
      end.ask();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @EventListener
  void onShutdown(ServerShutdownEvent event) {
    feed.close();
  }
}
