/**
 * Studies as a kind of job: creating, checking, watching and running them. What they are asked is
 * in {@code spec}, how they are measured in {@code measuring}, what is made of the points in {@code
 * findings}.
 */
@NullMarked
package dev.watershed.analysis.study;

import org.jspecify.annotations.NullMarked;
