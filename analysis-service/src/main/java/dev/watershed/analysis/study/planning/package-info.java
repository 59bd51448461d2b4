/** How large a study must be for what is to be said of it. */
@NullMarked
package dev.watershed.analysis.study.planning;

import org.jspecify.annotations.NullMarked;
