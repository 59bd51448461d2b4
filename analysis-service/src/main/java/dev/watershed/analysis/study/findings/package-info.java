/**
 * How points become a report: metrics of pairs, their uncertainties, clusters, what diagnostics
 * relate to, and the sentences that may be said of them.
 */
@NullMarked
package dev.watershed.analysis.study.findings;

import org.jspecify.annotations.NullMarked;
