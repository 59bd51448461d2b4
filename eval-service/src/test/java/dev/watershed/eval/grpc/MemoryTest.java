package dev.watershed.eval.grpc;

import static dev.watershed.eval.grpc.EvaluationServiceTest.interpolate;
import static dev.watershed.eval.grpc.EvaluationServiceTest.line;
import static dev.watershed.eval.grpc.EvaluationServiceTest.metrics;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.watershed.classifier.checkpoint.Activation;
import dev.watershed.classifier.checkpoint.Architecture;
import dev.watershed.classifier.checkpoint.EncoderConfig;
import dev.watershed.classifier.checkpoint.Family;
import dev.watershed.classifier.checkpoint.Head;
import dev.watershed.eval.engine.EvaluationConfiguration;
import dev.watershed.eval.v1.EvaluatorStatistics;
import dev.watershed.eval.v1.InterpolationPoint;
import dev.watershed.type.v1.EvaluationSample;
import io.grpc.StatusRuntimeException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is kept, is kept within its limits; what is let go, is freed. */
final class MemoryTest {
  private static final List<Double> ALPHAS = List.of(0.0, 0.3, 1.0);
  private static final Architecture SMALL =
      EvaluationServer.architecture(16, EvaluationServer.LABELS);

  @Test
  void evaluateInterpolation_roomForOnePointOnly_isStillRightAndHoldsNoMore(@TempDir Path root)
      throws Exception {
    long needed = 3 * EvaluationServer.vectorBytes(SMALL);
    try (EvaluationServer roomy = new EvaluationServer(root, EvaluationServer.configuration());
        EvaluationServer cramped = new EvaluationServer(root, limits(needed, 20_000, 1))) {
      String a = roomy.put("a", 1);
      String b = roomy.put("b", 2);
      String c = roomy.put("c", 3);
      EvaluationSample sample = roomy.sample("sample", 30, 7);
      List<InterpolationPoint> right = interpolate(roomy, line(a, b, ALPHAS, sample));
      List<InterpolationPoint> other = interpolate(roomy, line(b, c, ALPHAS, sample));

      for (int repeat = 0; repeat < 3; repeat++) {
        List<InterpolationPoint> points = interpolate(cramped, line(a, b, ALPHAS, sample));
        assertThat(metrics(points)).isEqualTo(metrics(right));
        assertThat(points).noneMatch(InterpolationPoint::getCached);
        assertThat(metrics(interpolate(cramped, line(b, c, ALPHAS, sample))))
            .isEqualTo(metrics(other));
      }
      EvaluatorStatistics statistics = cramped.statistics();
      assertThat(statistics.getComputedPointCount()).isEqualTo(18);
      assertThat(statistics.getVectorReadCount()).isGreaterThan(6);
      assertThat(statistics.getMemoryLimitBytes()).isEqualTo(needed);
      assertThat(statistics.getPeakHeldBytes()).isEqualTo(needed);
      assertThat(statistics.getHeldBytes()).isLessThanOrEqualTo(needed);
      assertThat(roomy.counters.vectorsRead()).isEqualTo(3);
    }
  }

  @Test
  void evaluateInterpolation_pointThatDoesNotFit_isRefusedNamingNeedLimitAndKey(@TempDir Path root)
      throws Exception {
    long needed = 3 * EvaluationServer.vectorBytes(SMALL);
    try (EvaluationServer server = new EvaluationServer(root, limits(needed - 1, 1 << 20, 1))) {
      String a = server.put("a", 1);
      String b = server.put("b", 2);
      EvaluationSample sample = server.sample("sample", 30, 7);

      StatusRuntimeException thrown =
          catchThrowableOfType(
              StatusRuntimeException.class, () -> interpolate(server, line(a, b, ALPHAS, sample)));
      assertThat(thrown)
          .hasMessageContaining("FAILED_PRECONDITION")
          .hasMessageContaining("watershed.eval.memory")
          .hasMessageContaining(String.valueOf(needed))
          .hasMessageContaining(String.valueOf(needed - 1));
      assertThat(server.counters.vectorsRead()).isZero();
      assertThat(interpolate(server, line(a, a, ALPHAS, sample))).hasSize(3);
    }
  }

  @Test
  void evaluateInterpolation_manyModelsAtOnceInLittleRoom_holdsNoMoreThanTheLimit(
      @TempDir Path root) throws Exception {
    long limit = 5 * EvaluationServer.vectorBytes(SMALL);
    try (EvaluationServer one = new EvaluationServer(root, EvaluationServer.configuration());
        EvaluationServer four =
            new EvaluationServer(root, EvaluationServer.configuration(limit, 1 << 20, 1, 4, 64))) {
      List<String> names = new ArrayList<>();
      for (int m = 0; m < 6; m++) {
        names.add(one.put("model" + m, m));
      }
      EvaluationSample sample = one.sample("sample", 30, 7);
      var calls = new ArrayList<CompletableFuture<List<InterpolationPoint>>>();
      var right = new ArrayList<List<InterpolationPoint>>();
      for (int m = 0; m < 12; m++) {
        var request = line(names.get(m % 6), names.get((m + 1 + m / 6) % 6), ALPHAS, sample);
        right.add(interpolate(one, request));
        calls.add(
            CompletableFuture.supplyAsync(
                () -> interpolate(four, request), task -> Thread.ofVirtual().start(task)));
      }
      for (int m = 0; m < calls.size(); m++) {
        assertThat(metrics(calls.get(m).get())).isEqualTo(metrics(right.get(m)));
      }
      assertThat(four.statistics().getPeakHeldBytes())
          .isBetween(3 * EvaluationServer.vectorBytes(SMALL), limit);
      assertThat(four.counters.vectorsRead()).as("models had to go").isGreaterThan(6);
    }
  }

  @Test
  void evaluateInterpolation_samplesThatDoNotFit_areRefused(@TempDir Path root) throws Exception {
    try (EvaluationServer server = new EvaluationServer(root, limits(1 << 20, 10_000, 1))) {
      String a = server.put("a", 1);
      EvaluationSample small = server.sample("small", 30, 7);
      EvaluationSample large = server.sample("large", 60, 8);

      assertThat(interpolate(server, line(a, a, ALPHAS, small))).hasSize(3);
      assertThatThrownBy(() -> interpolate(server, line(a, a, ALPHAS, small, large)))
          .isInstanceOf(StatusRuntimeException.class)
          .hasMessageContaining("INVALID_ARGUMENT")
          .hasMessageContaining("watershed.eval.sample-memory");
    }
  }

  @Test
  void evaluateInterpolation_modelsLetGoAgainAndAgain_leaveNoNativeMemoryBehind(@TempDir Path root)
      throws Exception {
    int models = 5;
    long vectorBytes = EvaluationServer.vectorBytes(large());
    try (EvaluationServer server =
        new EvaluationServer(root, limits(4 * vectorBytes, 1 << 20, 1))) {
      List<String> names = new ArrayList<>();
      for (int m = 0; m < models; m++) {
        names.add(server.put("model" + m, large(), .02, m));
      }
      EvaluationSample sample = server.sample("sample", 2, 7);
      everyPair(server, names, sample);
      long before = residentBytes();
      for (int round = 0; round < 4; round++) {
        everyPair(server, names, sample);
      }
      long read = server.counters.vectorsRead();

      // Far less than what was read on the way, and than a vector for each point computed.
      assertThat(read * vectorBytes).isGreaterThan(1L << 30);
      assertThat(residentBytes() - before).isLessThan(200L << 20);
    }
  }

  private static void everyPair(
      EvaluationServer server, List<String> names, EvaluationSample sample) {
    for (String a : names) {
      for (String b : names) {
        if (!a.equals(b)) {
          interpolate(server, line(a, b, ALPHAS, sample));
        }
      }
    }
  }

  private static Architecture large() {
    return new Architecture(
        new EncoderConfig(
            Family.BERT, 50_000, 48, 2, 2, 2048, 40, 2, 1e-12, Activation.GELU, 0, 0, 0, 0),
        Head.CLASSIFICATION,
        EvaluationServer.LABELS);
  }

  private static EvaluationConfiguration limits(long memory, long samples, long points) {
    return EvaluationServer.configuration(memory, samples, points, 1, 8);
  }

  /** Resident memory of this process: what native allocations show up in. */
  private static long residentBytes() throws Exception {
    System.gc();
    String[] fields = Files.readString(Path.of("/proc/self/statm")).split(" ");
    return Long.parseLong(fields[1]) * 4096;
  }
}
