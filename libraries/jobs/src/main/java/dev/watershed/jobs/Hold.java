package dev.watershed.jobs;

/**
 * A worker's hold on a job: lost as soon as another worker takes it, or it has ended.
 *
 * @param job its number
 * @param attempt the fence
 */
public record Hold(long job, int attempt) {}
