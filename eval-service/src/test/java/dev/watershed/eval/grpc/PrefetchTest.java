package dev.watershed.eval.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.watershed.classifier.model.ComputePrecision;
import dev.watershed.eval.engine.AskedSample;
import dev.watershed.eval.engine.Evaluation;
import dev.watershed.eval.engine.ExampleDetails;
import dev.watershed.eval.plan.AffineCombination;
import dev.watershed.server.dataset.Samples;
import dev.watershed.type.v1.EvaluationSample;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The next model is read while the device computes; the device is held until it is. */
@Timeout(60)
final class PrefetchTest {
  private static final BooleanSupplier NEVER = () -> false;

  @Test
  void measure_nextModelAnnounced_deviceDoesNotWaitForIt(@TempDir Path root) throws Exception {
    try (EvaluationServer server = new EvaluationServer(root, EvaluationServer.configuration())) {
      Evaluation evaluation = open(server);
      List<String> keys = evaluation.modelKeys();
      server.evaluator.measure(evaluation, only(keys.get(0)), null, NEVER);
      server.evaluator.measure(
          evaluation, only(keys.get(1)), only(keys.get(2)), heldUntilRead(server, 3));
      long loading = server.counters.deviceWork().loadingNanos();
      assertThat(server.counters.prefetchingNanos()).isPositive();

      server.evaluator.measure(evaluation, only(keys.get(2)), null, NEVER);
      assertThat(server.counters.deviceWork().loadingNanos()).isEqualTo(loading);
      assertThat(server.counters.vectorsRead()).isEqualTo(3);
      assertThat(server.counters.pointsComputed()).isEqualTo(3);
    }
  }

  @Test
  void measure_noRoomForTheNextModel_keepsWhatIsInUse(@TempDir Path root) throws Exception {
    long vector =
        EvaluationServer.vectorBytes(EvaluationServer.architecture(16, EvaluationServer.LABELS));
    var little = EvaluationServer.configuration(3 * vector, 1 << 20, 1 << 20, 1, 8);
    try (EvaluationServer server = new EvaluationServer(root, little)) {
      Evaluation evaluation = open(server);
      List<String> keys = evaluation.modelKeys();
      for (int round = 0; round < 3; round++) {
        for (int k = 0; k < 3; k++) {
          var weights = AffineCombination.line(keys.get(k), keys.get((k + 1) % 3), .1 + .1 * round);
          var next =
              AffineCombination.line(keys.get((k + 1) % 3), keys.get((k + 2) % 3), .1 + .1 * round);
          server.evaluator.measure(evaluation, weights, next, NEVER);
        }
      }
      assertThat(server.counters.pointsComputed()).isEqualTo(9);
      assertThat(server.evaluator.peakHeldBytes()).isEqualTo(3 * vector);
    }
  }

  private static Evaluation open(EvaluationServer server) throws Exception {
    List<String> names = List.of(server.put("a", 1), server.put("b", 2), server.put("c", 3));
    EvaluationSample sample = server.sample("sample", 40, 7);
    return server.evaluator.open(
        names,
        List.of("models[0]", "models[1]", "models[2]"),
        List.of(new AskedSample(Samples.sample(sample), null, "")),
        ComputePrecision.FP32,
        new ExampleDetails(false, false),
        NEVER);
  }

  private static AffineCombination only(String key) {
    return AffineCombination.of(List.of(key), List.of(1.0));
  }

  /** Holds the device's thread, which asks before each batch, until so many models were read. */
  private static BooleanSupplier heldUntilRead(EvaluationServer server, int models) {
    AtomicInteger asked = new AtomicInteger();
    return () -> {
      boolean onDevice = Thread.currentThread().getName().startsWith("eval-device");
      // Asked first when the unit begins, before it has its own weights.
      if (onDevice && asked.incrementAndGet() == 2) {
        while (server.counters.vectorsRead() < models) {
          Thread.onSpinWait();
        }
      }
      return false;
    };
  }
}
