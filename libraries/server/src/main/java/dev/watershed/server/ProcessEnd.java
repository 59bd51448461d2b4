package dev.watershed.server;

import jakarta.inject.Singleton;
import java.util.concurrent.CountDownLatch;

/** How the work of a process says that the process has nothing more to do. */
@Singleton
public final class ProcessEnd {
  private final CountDownLatch asked = new CountDownLatch(1);

  /** Has the process close, and end with exit code 0. */
  public void ask() {
    asked.countDown();
  }

  void await() throws InterruptedException {
    asked.await();
  }
}
