/** What two studies, or two pairs of them, say beside each other. */
@NullMarked
package dev.watershed.analysis.study.comparison;

import org.jspecify.annotations.NullMarked;
