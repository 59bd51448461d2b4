package dev.watershed.jobs;

import java.time.Duration;

/**
 * How a process works on jobs.
 *
 * @param concurrent jobs that it works on at a time; 0 where it only answers calls
 * @param poll how often it looks for what other processes queue and do
 * @param heartbeat how often it shows that it is alive; a worker that misses four of them is dead
 * @param soleWorker whether no other process ever works on this database, so that what is claimed
 *     at start was claimed by a dead worker; always so with an embedded database
 * @param once whether it takes a single job, and is spent once that has ended; see {@link
 *     JobWorker#awaitSpent}
 * @param maxCrashes a job is given up once this many processes in a row ended while they had it
 * @param drain how long a stop waits for what is under way
 */
public record WorkerSettings(
    int concurrent,
    Duration poll,
    Duration heartbeat,
    boolean soleWorker,
    boolean once,
    int maxCrashes,
    Duration drain) {}
