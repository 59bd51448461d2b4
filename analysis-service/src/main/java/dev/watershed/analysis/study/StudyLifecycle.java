package dev.watershed.analysis.study;

import dev.watershed.analysis.store.DeletedStudies;
import dev.watershed.analysis.store.StudyContent;
import dev.watershed.analysis.study.spec.StudyConfiguration;
import dev.watershed.jobs.JobFeed;
import dev.watershed.jobs.JobWorker;
import dev.watershed.jobs.Upkeep;
import io.micronaut.runtime.event.annotation.EventListener;
import io.micronaut.runtime.server.event.ServerShutdownEvent;
import io.micronaut.runtime.server.event.ServerStartupEvent;
import jakarta.inject.Named;
import jakarta.inject.Singleton;
import java.util.concurrent.atomic.AtomicBoolean;

/** Works on studies while the process serves calls. A process may have several servers. */
@Singleton
final class StudyLifecycle {
  private final JobWorker<StudyContent> worker;
  private final JobFeed<StudyContent> feed;
  private final DeletedStudies deleted;
  private final Upkeep upkeep;
  private final StudyConfiguration configuration;
  private final AtomicBoolean started = new AtomicBoolean();

  StudyLifecycle(
      JobWorker<StudyContent> worker,
      JobFeed<StudyContent> feed,
      DeletedStudies deleted,
      @Named("analysis") Upkeep upkeep,
      StudyConfiguration configuration) {
    this.worker = worker;
    this.feed = feed;
    this.deleted = deleted;
    this.upkeep = upkeep;
    this.configuration = configuration;
  }

  @EventListener
  void onStartup(ServerStartupEvent event) {
    start();
  }

  void start() {
    if (started.compareAndSet(false, true)) {
      if (configuration.concurrentStudies() > 0) {
        // A process killed while it deleted a study left its rows.
        deleted.hidden().forEach(deleted::deleteRows);
        upkeep.start();
      }
      worker.start();
    }
  }

  /** Before the server waits for its calls: those who watch must go, and the evaluator is freed. */
  @EventListener
  void onShutdown(ServerShutdownEvent event) {
    feed.close();
    worker.close();
  }
}
