/** A study's report as files for people and for programs. */
@NullMarked
package dev.watershed.analysis.report;

import org.jspecify.annotations.NullMarked;
