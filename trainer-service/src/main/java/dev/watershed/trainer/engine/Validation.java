package dev.watershed.trainer.engine;

import dev.watershed.classifier.checkpoint.ParameterVector;
import dev.watershed.type.v1.ClassificationMetrics;

/** The validation split of a run, ready to be scored again and again. */
interface Validation extends AutoCloseable {
  /** Examples or masked tokens computed at once are padded to at most this many tokens. */
  int PADDED_TOKEN_BUDGET = 2048;

  /** Scores weights on the whole split, dropout off. */
  ClassificationMetrics score(ParameterVector weights);

  @Override
  void close();
}
