/**
 * The evaluators that studies are computed by: {@code Tiles} says what each gets next, {@code
 * Lanes} reaches them.
 */
@NullMarked
package dev.watershed.analysis.fleet;

import org.jspecify.annotations.NullMarked;
