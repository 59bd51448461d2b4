/** The process of the analysis. */
@NullMarked
package dev.watershed.analysis;

import org.jspecify.annotations.NullMarked;
