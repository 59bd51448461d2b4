/**
 * One kind of job: created once however often it is asked for, queued, claimed by one worker at a
 * time, fenced, cancelled, given up, watched, listed and drained. Works on H2 and PostgreSQL.
 *
 * <p>A service says what a job of its own is ({@link dev.watershed.jobs.JobKind}) and how it is
 * worked on ({@link dev.watershed.jobs.JobLoop}).
 */
@NullMarked
package dev.watershed.jobs;

import org.jspecify.annotations.NullMarked;
