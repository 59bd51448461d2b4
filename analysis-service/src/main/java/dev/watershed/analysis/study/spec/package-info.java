/** What a study is asked to do: its spec in full, the grid of alphas, and what is refused. */
@NullMarked
package dev.watershed.analysis.study.spec;

import org.jspecify.annotations.NullMarked;
