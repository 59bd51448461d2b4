package dev.watershed.analysis.study;

import java.io.IOException;
import java.nio.charset.StandardCharsets;

/**
 * An evaluator in a process of its own. It tells where it listens, and that it is about to compute
 * a point, a line each; then it waits for a byte before it does.
 */
final class SteppedEvaluator {
  private SteppedEvaluator() {}

  public static void main(String[] arguments) throws Exception {
    try (var evaluator = new FakeEvaluator()) {
      evaluator.beforePoint = evaluation -> step();
      tell(evaluator.listen());
      Thread.currentThread().join();
    }
  }

  private static synchronized void step() {
    tell("point");
    try {
      if (System.in.read() < 0) {
        throw new IllegalStateException("nobody steps any more");
      }
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void tell(String line) {
    System.out.write((">" + line + "\n").getBytes(StandardCharsets.UTF_8), 0, line.length() + 2);
    System.out.flush();
  }
}
