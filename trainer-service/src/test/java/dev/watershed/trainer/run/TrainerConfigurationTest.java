package dev.watershed.trainer.run;

import static org.assertj.core.api.Assertions.assertThat;

import io.micronaut.context.ApplicationContext;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class TrainerConfigurationTest {
  @Test
  void defaults_arePinned(@TempDir Path directory) {
    try (var context =
        ApplicationContext.builder(
                Map.of(
                    "watershed.checkpoints.root",
                    directory.resolve("checkpoints").toString(),
                    "datasources.trainer.url",
                    "jdbc:h2:mem:configuration;MODE=PostgreSQL;DATABASE_TO_LOWER=TRUE",
                    "flyway.datasources.trainer.enabled",
                    true,
                    "flyway.datasources.trainer.locations",
                    "classpath:db/trainer"))
            .banner(false)
            .start()) {
      assertThat(context.getBean(TrainerConfiguration.class))
          .isEqualTo(
              new TrainerConfiguration(
                  TrainerConfiguration.TakeRuns.ALL,
                  Duration.ofSeconds(30),
                  Path.of("data/training"),
                  Duration.ofSeconds(5),
                  Duration.ofSeconds(2),
                  1000,
                  false,
                  2,
                  Duration.ofMinutes(5),
                  500_000_000,
                  131_072,
                  1000,
                  Duration.ofDays(7),
                  false));
    }
  }
}
