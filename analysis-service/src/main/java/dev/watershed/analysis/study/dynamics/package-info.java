/** Consecutive checkpoints of runs: how far weights moved, and what the loss did between them. */
@NullMarked
package dev.watershed.analysis.study.dynamics;

import org.jspecify.annotations.NullMarked;
