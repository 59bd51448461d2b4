package dev.watershed.analysis.study;

import io.micronaut.runtime.event.annotation.EventListener;
import io.micronaut.runtime.server.event.ServerShutdownEvent;
import io.micronaut.runtime.server.event.ServerStartupEvent;
import jakarta.inject.Singleton;

/** Works on studies while the process serves calls. */
@Singleton
final class StudyLifecycle {
  private final StudyQueue queue;
  private final StudyUpdates updates;

  StudyLifecycle(StudyQueue queue, StudyUpdates updates) {
    this.queue = queue;
    this.updates = updates;
  }

  @EventListener
  void onStartup(ServerStartupEvent event) {
    queue.start();
  }

  /** Before the server waits for its calls: those who watch must go, and the evaluator is freed. */
  @EventListener
  void onShutdown(ServerShutdownEvent event) {
    updates.close();
    queue.close();
  }
}
