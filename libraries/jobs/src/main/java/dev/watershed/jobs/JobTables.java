package dev.watershed.jobs;

/**
 * Where a kind of jobs is kept. Its table has, besides the columns named here and the kind's own:
 * {@code id}, {@code state}, {@code attempt}, {@code cancel_requested}, {@code held_by}, {@code
 * create_time}, {@code start_time}, {@code end_time}, {@code error} and {@code version}.
 *
 * @param jobs the table of the jobs
 * @param number its column of the order of creation, an identity
 * @param statePrefix what stands before the names of states
 * @param crashes its column of {@link Crashes#count}
 * @param crashMark its column of {@link Crashes#mark}
 * @param queue the table of the queue, as db-scheduler defines it
 * @param task what the jobs go by in the queue
 * @param requests the table of what calls were answered with
 * @param requestedJob its column of the job's id
 * @param turn a table of one row, which whoever creates or deletes holds
 */
public record JobTables(
    String jobs,
    String number,
    String statePrefix,
    String crashes,
    String crashMark,
    String queue,
    String task,
    String requests,
    String requestedJob,
    String turn) {

  String state(JobState state) {
    return statePrefix + state.name();
  }

  JobState state(String stored) {
    return JobState.valueOf(stored.substring(statePrefix.length()));
  }
}
