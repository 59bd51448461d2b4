/** The process of the evaluator. */
@NullMarked
package dev.watershed.eval;

import org.jspecify.annotations.NullMarked;
