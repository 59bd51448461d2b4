package dev.watershed.eval.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.watershed.server.ByteSize;
import dev.watershed.server.ProcessLimits;
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
                  size(ProcessLimits.now().nativeMemory(2L << 30)),
                  size(256 << 20),
                  size(128 << 20),
                  2048,
                  0,
                  64,
                  16,
                  Duration.ofSeconds(2)));
    }
  }

  @Test
  void keys_configured_areRead() {
    try (ApplicationContext context =
        start(
            Map.of(
                "watershed.eval.memory",
                "6GiB",
                "watershed.eval.sample-memory",
                "1MiB",
                "watershed.eval.point-memory",
                "4096",
                "watershed.eval.padded-tokens-per-batch",
                512,
                "watershed.eval.workers",
                5,
                "watershed.eval.max-queued-calls",
                3,
                "watershed.eval.max-calls-per-connection",
                2,
                "watershed.eval.retry-after",
                "500ms"))) {
      assertThat(context.getBean(EvaluationConfiguration.class))
          .isEqualTo(
              new EvaluationConfiguration(
                  size(6L << 30), size(1 << 20), size(4096), 512, 5, 3, 2, Duration.ofMillis(500)));
    }
  }

  @Test
  void memory_zero_isWhatTheProcessMayKeep() {
    assertThat(configuration(0, 1, 1).memory())
        .isEqualTo(size(ProcessLimits.now().nativeMemory(2L << 30)));
  }

  @Test
  void limit_notPositive_isRefusedByName() {
    assertThatThrownBy(() -> configuration(1, -1, 1))
        .hasMessageContaining("watershed.eval.workers");
    assertThatThrownBy(() -> configuration(1, 1, -1))
        .hasMessageContaining("watershed.eval.max-queued-calls");
  }

  private static EvaluationConfiguration configuration(long memory, int workers, int calls) {
    return new EvaluationConfiguration(
        size(memory), size(1), size(1), 1, workers, calls, 1, Duration.ofSeconds(1));
  }

  private static ByteSize size(long bytes) {
    return new ByteSize(bytes);
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
