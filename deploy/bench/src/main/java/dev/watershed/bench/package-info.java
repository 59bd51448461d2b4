/**
 * What the machine could do, and what Watershed makes of it: speed, memory, and memory over time.
 */
@NullMarked
package dev.watershed.bench;

import org.jspecify.annotations.NullMarked;
