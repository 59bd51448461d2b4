/** What the losses along a line of weights say about connectivity. Knows numbers only. */
@NullMarked
package dev.watershed.analysis.curve;

import org.jspecify.annotations.NullMarked;
