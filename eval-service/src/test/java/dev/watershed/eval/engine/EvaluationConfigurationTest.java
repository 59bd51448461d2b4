package dev.watershed.eval.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.watershed.server.RefusedException;
import io.micronaut.context.ApplicationContext;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class EvaluationConfigurationTest {
  private Path root;

  @BeforeEach
  void use(@TempDir Path directory) {
    root = directory;
  }

  @Test
  void defaults_nothingConfigured_areThese() {
    try (ApplicationContext context = start(Map.of())) {
      assertThat(context.getBean(EvaluationConfiguration.class))
          .isEqualTo(
              new EvaluationConfiguration(
                  2L << 30, 256 << 20, 128 << 20, 2048, 0, 64, Duration.ofSeconds(2)));
    }
  }

  @Test
  void keys_configured_areRead() {
    try (ApplicationContext context =
        start(
            Map.of(
                "watershed.eval.memory", "6GB",
                "watershed.eval.sample-memory", "1MB",
                "watershed.eval.point-memory", "4096",
                "watershed.eval.padded-tokens-per-batch", 512,
                "watershed.eval.workers", 5,
                "watershed.eval.max-queued-calls", 3,
                "watershed.eval.retry-after", "500ms"))) {
      assertThat(context.getBean(EvaluationConfiguration.class))
          .isEqualTo(
              new EvaluationConfiguration(
                  6L << 30, 1 << 20, 4096, 512, 5, 3, Duration.ofMillis(500)));
    }
  }

  @Test
  void limit_notPositive_isRefusedByName() {
    assertThatThrownBy(() -> new EvaluationConfiguration(0, 1, 1, 1, 1, 1, Duration.ofSeconds(1)))
        .hasMessageContaining("watershed.eval.memory");
    assertThatThrownBy(() -> new EvaluationConfiguration(1, 1, 1, 1, -1, 1, Duration.ofSeconds(1)))
        .hasMessageContaining("watershed.eval.workers");
    assertThatThrownBy(() -> new EvaluationConfiguration(1, 1, 1, 1, 1, -1, Duration.ofSeconds(1)))
        .hasMessageContaining("watershed.eval.max-queued-calls");
  }

  @Test
  void context_started_hasAnEvaluatorThatItCloses() {
    Evaluator evaluator;
    try (ApplicationContext context = start(Map.of())) {
      evaluator = context.getBean(Evaluator.class);
      assertThat(context.getBean(EvaluationCounters.class).pointsComputed()).isZero();
      evaluator.admit().close();
    }
    assertThatThrownBy(evaluator::admit).isInstanceOf(RefusedException.class);
  }

  private ApplicationContext start(Map<String, Object> properties) {
    Map<String, Object> all = new HashMap<>(properties);
    all.put("watershed.checkpoints.root", root.resolve("checkpoints").toString());
    all.put("watershed.data.roots", root.toString());
    return ApplicationContext.run(all);
  }
}
