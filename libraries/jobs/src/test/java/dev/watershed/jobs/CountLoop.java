package dev.watershed.jobs;

import dev.watershed.jobs.CountKind.Count;
import java.util.Collections;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;

/** Counts. A job that is to be held waits before each number until it is let go or told to stop. */
final class CountLoop implements JobLoop<Count> {
  /** What it is at, told to the test. */
  final BlockingQueue<JobAttempt<Count>> begun = new LinkedBlockingQueue<>();

  final BlockingQueue<Job<Count>> ended = new LinkedBlockingQueue<>();
  final Set<String> worked = Collections.synchronizedSet(new HashSet<>());
  private final Set<String> held = ConcurrentHashMap.newKeySet();
  private final ConcurrentHashMap<String, CountDownLatch> gates = new ConcurrentHashMap<>();

  /** Has a job wait before its first number. */
  CountLoop hold(String id) {
    held.add(id);
    return this;
  }

  void letGo(String id) {
    held.remove(id);
    gate(id).countDown();
  }

  private CountDownLatch gate(String id) {
    return gates.computeIfAbsent(id, key -> new CountDownLatch(1));
  }

  @Override
  public boolean work(JobAttempt<Count> attempt) throws InterruptedException {
    var id = attempt.job().id();
    worked.add(id);
    var gate = gate(id);
    attempt.whenToStop(gate::countDown);
    begun.add(attempt);
    if (held.contains(id)) {
      gate.await();
    }
    for (var count = attempt.job().content(); count.counted() < count.spec().getValue(); ) {
      if (attempt.isToStop()) {
        return false;
      }
      count = count.one();
      attempt.tell(count);
      attempt.write();
    }
    return true;
  }

  @Override
  public void ended(Job<Count> job) {
    ended.add(job);
  }
}
