/** Fits, correlations and moments, with their undefined cases. Knows numbers only. */
@NullMarked
package dev.watershed.analysis.statistics;

import org.jspecify.annotations.NullMarked;
