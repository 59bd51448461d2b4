/**
 * Uncertainty by resampling: of a pair's numbers over examples, given the models, and of statistics
 * over models. Knows numbers only.
 */
@NullMarked
package dev.watershed.analysis.bootstrap;

import org.jspecify.annotations.NullMarked;
