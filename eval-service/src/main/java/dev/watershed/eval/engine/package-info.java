/** One device and what is kept for it: the queue, the vectors, the samples and the passes. */
@NullMarked
package dev.watershed.eval.engine;

import org.jspecify.annotations.NullMarked;
