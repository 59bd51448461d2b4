package dev.watershed.jobs;

import java.util.List;

/**
 * What a call that creates jobs is answered with.
 *
 * @param jobs in the order in which they were asked for
 * @param reusedCount how many of them were there before
 */
public record CreatedJobs<C>(List<Job<C>> jobs, int reusedCount) {
  public CreatedJobs {
    jobs = List.copyOf(jobs);
  }
}
