package dev.watershed.eval.engine;

import dev.watershed.classifier.checkpoint.ParameterLayout;
import dev.watershed.classifier.checkpoint.ParameterVector;
import dev.watershed.classifier.model.Torch;
import org.jspecify.annotations.Nullable;

/**
 * Two vectors to compute in, given out in turn: a sum is written into the one while the other holds
 * what it was. A point of a line takes only one; the other one is not allocated before it is asked
 * for.
 */
final class Scratch implements AutoCloseable {
  private @Nullable ParameterVector last;
  private @Nullable ParameterVector other;

  /** Returns the vector that was not given out last; its content is arbitrary. */
  ParameterVector next(ParameterLayout layout) {
    ParameterVector next = other;
    if (next == null || !fits(next, layout)) {
      close(next);
      other = null;
      next = Torch.newVector(layout);
    }
    other = last;
    last = next;
    return next;
  }

  private static boolean fits(ParameterVector vector, ParameterLayout layout) {
    return vector.layout().architecture().isInterchangeableWith(layout.architecture());
  }

  private static void close(@Nullable ParameterVector vector) {
    if (vector != null) {
      vector.close();
    }
  }

  @Override
  public void close() {
    close(last);
    close(other);
    last = null;
    other = null;
  }
}
