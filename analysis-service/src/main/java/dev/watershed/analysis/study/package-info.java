/**
 * Studies: what is asked of the evaluator and when, how a study goes on after its process was
 * killed, and how points become a report.
 */
@NullMarked
package dev.watershed.analysis.study;

import org.jspecify.annotations.NullMarked;
