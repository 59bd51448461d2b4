package dev.watershed.jobs;

import com.google.rpc.Status;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A job as the database holds it.
 *
 * @param number its place in the order of creation
 * @param attempt how many times a worker took it
 * @param cancelRequested whether somebody asked it to stop; its worker reads this
 * @param crashes the processes that ended while they had it
 * @param startTime when a worker first took it
 * @param error why it failed
 * @param content what the kind makes of it: its spec and its progress
 */
public record Job<C>(
    long number,
    String id,
    JobState state,
    int attempt,
    boolean cancelRequested,
    Crashes crashes,
    Instant createTime,
    @Nullable Instant startTime,
    @Nullable Instant endTime,
    @Nullable Status error,
    C content) {

  /** What a worker that has it holds. */
  public Hold hold() {
    return new Hold(number, attempt);
  }

  /** Whether a hold on it is still good. */
  boolean isHeldBy(Hold hold) {
    return state == JobState.RUNNING && attempt == hold.attempt();
  }

  /** Returns this with another content. */
  public Job<C> with(C changed) {
    return new Job<>(
        number,
        id,
        state,
        attempt,
        cancelRequested,
        crashes,
        createTime,
        startTime,
        endTime,
        error,
        changed);
  }

  /** Returns this with other crashes. */
  public Job<C> with(Crashes changed) {
    return new Job<>(
        number,
        id,
        state,
        attempt,
        cancelRequested,
        changed,
        createTime,
        startTime,
        endTime,
        error,
        content);
  }

  /** Returns this with whether it is asked to stop. */
  public Job<C> withCancelRequested(boolean requested) {
    return new Job<>(
        number,
        id,
        state,
        attempt,
        requested,
        crashes,
        createTime,
        startTime,
        endTime,
        error,
        content);
  }

  /** Returns this as a worker takes it. */
  Job<C> begun(Crashes taken, Instant now, C begun) {
    return new Job<>(
        number,
        id,
        JobState.RUNNING,
        attempt + 1,
        false,
        taken,
        createTime,
        startTime == null ? now : startTime,
        null,
        null,
        begun);
  }

  /** Returns this as it ends. */
  Job<C> ended(JobState end, @Nullable Status why, Instant now) {
    return new Job<>(
        number,
        id,
        end,
        attempt,
        cancelRequested,
        crashes.left(),
        createTime,
        startTime,
        now,
        why,
        content);
  }

  /** Returns this as if it were asked for the first time, but for what was reached. */
  Job<C> queuedAgain() {
    return new Job<>(
        number,
        id,
        JobState.QUEUED,
        attempt,
        false,
        Crashes.NONE,
        createTime,
        startTime,
        null,
        null,
        content);
  }

  /** Returns how this was before it ended. */
  Job<C> asRunning() {
    return new Job<>(
        number,
        id,
        JobState.RUNNING,
        attempt,
        cancelRequested,
        crashes,
        createTime,
        startTime,
        null,
        null,
        content);
  }
}
