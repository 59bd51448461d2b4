package dev.watershed.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.watershed.jobs.kit.TestDatabase;
import dev.watershed.jobs.kit.TestDatabase.Engine;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

@ParameterizedClass
@EnumSource(Engine.class)
final class UpkeepTest {
  private final Engine engine;

  UpkeepTest(Engine engine) {
    this.engine = engine;
  }

  @Test
  void start_workThatFails_isDoneAgainAfterTheInterval() throws Exception {
    var done = new Semaphore(0);
    try (var database = TestDatabase.create(engine, "classpath:db/count");
        var upkeep =
            new Upkeep(
                database.dataSource(),
                "count_upkeep",
                "count",
                Duration.ofMillis(50),
                () -> {
                  done.release();
                  throw new IllegalStateException("once more");
                },
                Clock.systemUTC())) {
      upkeep.start();
      upkeep.start();

      assertThat(done.tryAcquire(3, 30, TimeUnit.SECONDS)).isTrue();
      assertThat(database.column("select task_name from count_upkeep")).containsExactly("count");
    }
  }
}
