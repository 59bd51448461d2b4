/** Trains: initial weights, batches, schedule, steps, checkpoints, scores, and going on again. */
@NullMarked
package dev.watershed.trainer.engine;

import org.jspecify.annotations.NullMarked;
