/** Finds groups of models in a matrix of their distances. Knows numbers only. */
@NullMarked
package dev.watershed.analysis.cluster;

import org.jspecify.annotations.NullMarked;
