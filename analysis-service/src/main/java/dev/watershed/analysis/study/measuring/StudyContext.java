package dev.watershed.analysis.study.measuring;

import io.grpc.Context;
import java.util.concurrent.CancellationException;

/** The gRPC context of all that is done for a study, which can be stopped from any thread. */
final class StudyContext implements AutoCloseable {
  private final Context.CancellableContext context = Context.ROOT.withCancellation();

  /** Of calls. */
  Context.CancellableContext context() {
    return context;
  }

  /** Breaks the work off soon, from any thread. */
  void stop() {
    context.cancel(new CancellationException("study stopped"));
  }

  /** Ends what makes no calls too, once the work was stopped. */
  void throwIfStopped() {
    if (context.isCancelled()) {
      throw new CancellationException("study stopped");
    }
  }

  @Override
  public void close() {
    context.cancel(null);
  }
}
