/** Evaluates combined weights of classifiers on samples: the points of curves and planes. */
@NullMarked
package dev.watershed.eval;

import org.jspecify.annotations.NullMarked;
