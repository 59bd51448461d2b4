/**
 * Turns losses into connectivity: curves into barriers and gaps, matrices of them into basins,
 * basins into what they say about behaviour.
 */
@NullMarked
package dev.watershed.analysis;

import org.jspecify.annotations.NullMarked;
