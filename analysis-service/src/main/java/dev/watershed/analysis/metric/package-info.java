/** The numbers of the pure packages as messages. */
@NullMarked
package dev.watershed.analysis.metric;

import org.jspecify.annotations.NullMarked;
