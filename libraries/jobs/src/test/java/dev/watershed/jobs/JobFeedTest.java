package dev.watershed.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.watershed.jobs.CountKind.Count;
import dev.watershed.server.RefusedException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class JobFeedTest {
  private final JobFeed<Count> feed = new JobFeed<>(new CountKind(false));

  @Test
  void next_manyStepsUnread_givesEveryStateAndOnlyTheNewestStep() throws Exception {
    try (var follower = feed.subscribe("a")) {
      feed.publish(job(JobState.QUEUED, 0));
      feed.publish(job(JobState.RUNNING, 0));
      for (int step = 1; step <= 1000; step++) {
        feed.publish(job(JobState.RUNNING, step));
      }
      assertThat(follower.next(() -> false)).isEqualTo(job(JobState.QUEUED, 0));
      assertThat(follower.next(() -> false)).isEqualTo(job(JobState.RUNNING, 0));
      assertThat(follower.next(() -> false)).isEqualTo(job(JobState.RUNNING, 1000));
      feed.publish(job(JobState.SUCCEEDED, 1000));
      assertThat(follower.next(() -> false)).isEqualTo(job(JobState.SUCCEEDED, 1000));
      assertThat(follower.next(() -> true)).isNull();
    }
    assertThat(feed.followed()).isEmpty();
  }

  @Test
  void next_steadySteps_areGivenAtMostEveryInterval() throws Exception {
    try (var follower = feed.subscribe("a")) {
      feed.publish(job(JobState.RUNNING, 0));
      assertThat(follower.next(() -> false)).isNotNull();
      List<Long> at = new ArrayList<>();
      for (int step = 1; at.size() < 4; step++) {
        feed.publish(job(JobState.RUNNING, step));
        assertThat(follower.next(() -> false)).isNotNull();
        at.add(System.nanoTime());
      }
      // Each was given at its due time or later, so only the first two may be closer than it.
      assertThat(at.get(3) - at.get(0))
          .isGreaterThan(JobFeed.PROGRESS_INTERVAL.multipliedBy(2).toNanos());
    }
  }

  @Test
  void publish_ofAnotherJob_isNotHeard() throws Exception {
    try (var follower = feed.subscribe("b")) {
      feed.publish(job(JobState.RUNNING, 0));
      assertThat(follower.next(() -> true)).isNull();
    }
  }

  @Test
  void close_whileFollowing_sendsFollowersAway() {
    try (var follower = feed.subscribe("a")) {
      feed.close();
      assertThatThrownBy(() -> follower.next(() -> false))
          .isInstanceOfSatisfying(
              RefusedException.class,
              refused -> assertThat(refused.kind()).isEqualTo(RefusedException.Kind.UNAVAILABLE));
    }
  }

  private static Job<Count> job(JobState state, long counted) {
    return new Job<>(
        1,
        "a",
        state,
        1,
        false,
        Crashes.NONE,
        Instant.EPOCH,
        null,
        null,
        null,
        new Count(Count.to(2000).spec(), counted));
  }
}
