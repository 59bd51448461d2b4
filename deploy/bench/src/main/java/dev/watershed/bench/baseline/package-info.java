/**
 * What a straightforward program does: DJL's own eager operations, one array per tensor. Nothing
 * but the benchmarks runs it; they divide its time by ours.
 */
@NullMarked
package dev.watershed.bench.baseline;

import org.jspecify.annotations.NullMarked;
