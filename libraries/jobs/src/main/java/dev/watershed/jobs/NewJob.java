package dev.watershed.jobs;

/** A job to be queued. */
public record NewJob<C>(String id, C content) {}
