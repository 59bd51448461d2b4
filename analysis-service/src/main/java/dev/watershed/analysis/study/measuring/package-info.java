/**
 * The study at work: what is asked of the evaluator and when, and how it goes on after its process
 * was killed.
 */
@NullMarked
package dev.watershed.analysis.study.measuring;

import org.jspecify.annotations.NullMarked;
