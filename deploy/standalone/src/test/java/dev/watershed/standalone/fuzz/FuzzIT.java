package dev.watershed.standalone.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import dev.watershed.analysis.v1.AnalyzeCurveRequest;
import dev.watershed.analysis.v1.Curve;
import dev.watershed.analysis.v1.MetricServiceGrpc;
import dev.watershed.standalone.process.ServerProcess;
import dev.watershed.trainer.v1.CheckpointServiceGrpc;
import dev.watershed.trainer.v1.GetCheckpointRequest;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.netty.NettyChannelBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Whatever is sent to whichever rpc: the answer is right, and the server lives, answers others, and
 * holds no more memory than before.
 *
 * <p>{@code -Dfuzz.seconds} says for how long ({@code -Pfuzz} for minutes), {@code -Dfuzz.seed}
 * repeats what a failure names. What was sent and answered is counted in {@code target/fuzz.txt}.
 */
@Tag("fuzz")
final class FuzzIT {
  private static final int SENDERS = 4;

  /** Then caches are filled and classes loaded, and memory is looked at first. */
  private static final int WARM_UP_CALLS_OF_EACH = 40;

  private static final int CALLS_OF_EACH = 40;
  private static final int LISTED_FAILURES = 30;

  /** What may be added by what callers have made: runs, studies and checkpoints are remembered. */
  private static final long MORE_HEAP = 48L << 20;

  /** The heap is resident from the start, so that what grows later is outside of it. */
  private static final List<String> WHOLE_HEAP_RESIDENT =
      List.of("-Xms512m", "-XX:+AlwaysPreTouch");

  /** Compiled code, and what native libraries keep for later. */
  private static final long MORE_RESIDENT = 256L << 20;

  private static final long MOST_LOG = 256 << 10;

  private static final int SLOWEST_ORDINARY_CALL_SECONDS = 20;

  /** Small limits, so that what fuzzed calls ask for is soon too much. */
  private static final Map<String, String> LIMITS =
      Map.of(
          "WATERSHED_EVAL_MEMORY", "64MiB",
          "WATERSHED_EVAL_SAMPLE_MEMORY", "16MiB",
          "WATERSHED_EVAL_POINT_MEMORY", "8MiB",
          "WATERSHED_TRAINER_MAX_PARAMETERS", "200000",
          "WATERSHED_TRAINER_MAX_BATCH_TOKENS", "16384",
          "WATERSHED_TRAINER_MAX_QUEUED_RUNS", "200",
          "WATERSHED_ANALYSIS_MAX_POINTS", "10000");

  private final long seed = Long.getLong("fuzz.seed", System.nanoTime());
  private final Duration time = Duration.ofSeconds(Long.getLong("fuzz.seconds", 10));
  private final Tally tally = new Tally();
  private final Map<String, String> failures = new TreeMap<>();
  private final AtomicLong slowest = new AtomicLong();

  @Test
  void everyRpc_whateverIsSent_answersRightAndTheServerLives(@TempDir Path root) throws Exception {
    Files.createDirectories(root.resolve("files"));
    try (ServerProcess server =
        ServerProcess.serve(
            root.resolve("data"), root.resolve("files"), WHOLE_HEAP_RESIDENT, LIMITS)) {
      List<ManagedChannel> channels = Stream.generate(() -> open(server)).limit(SENDERS).toList();
      try {
        fuzz(server, root.resolve("files"), channels);
      } finally {
        channels.forEach(ManagedChannel::shutdownNow);
      }
    }
  }

  private static ManagedChannel open(ServerProcess server) {
    return NettyChannelBuilder.forTarget("dns:///" + server.address())
        .usePlaintext()
        .compressorRegistry(Encodings.registry())
        .build();
  }

  private void fuzz(ServerProcess server, Path root, List<ManagedChannel> channels)
      throws Exception {
    var methods = ServedMethods.of(server.channel());
    assertThat(methods.stream().filter(ServedMethod::isOurs)).isNotEmpty();
    var corpus = Corpus.of(server.channel(), root, methods);
    for (var method : methods) {
      assertRightRequestsAreAnswered(server, method, corpus);
    }
    var numbers = new AtomicLong();
    run(server, channels, methods, corpus, numbers, WARM_UP_CALLS_OF_EACH, Duration.ZERO);
    var before = ServerMemory.of(server.pid());
    run(server, channels, methods, corpus, numbers, CALLS_OF_EACH, time);
    var after = ServerMemory.of(server.pid());

    String summary =
        String.format(
            Locale.ROOT,
            "%d calls with -Dfuzz.seed=%d; slowest ordinary calls %d ms; before %s, after %s;"
                + " log %d bytes",
            tally.calls(),
            seed,
            slowest.get(),
            before,
            after,
            Files.size(server.log()));
    Files.writeString(Path.of("target", "fuzz.txt"), summary + "\n" + tally.table(methods));
    if (!failures.isEmpty()) {
      throw new AssertionError(failed());
    }
    assertThat(server.isAlive()).as("the server lives").isTrue();
    for (var method : methods) {
      for (var kind : FuzzKind.values()) {
        assertThat(tally.count(method.name(), kind)).as("%s %s", method.name(), kind).isPositive();
      }
      if (method.isOurs()) {
        assertThat(tally.count(method.name(), Status.Code.OK)).as(method.name()).isPositive();
        assertThat(tally.count(method.name(), Status.Code.INVALID_ARGUMENT))
            .as(method.name())
            .isPositive();
      }
    }
    assertLogIsShortAndPlain(server.log());
    assertThat(after.heap()).as(summary).isLessThan(before.heap() + MORE_HEAP);
    assertThat(after.resident()).as(summary).isLessThan(before.resident() + MORE_RESIDENT);
  }

  private static void assertRightRequestsAreAnswered(
      ServerProcess server, ServedMethod method, Corpus corpus) throws InterruptedException {
    for (var request : corpus.of(method)) {
      // A watcher of what never ends is content with its first answer.
      boolean endless = method.name().endsWith("/Watch");
      var call =
          new FuzzedCall(
              List.of(request.toByteArray()),
              true,
              endless ? 500 : 60_000,
              Integer.MAX_VALUE,
              -1,
              null);
      var outcome = call.send(server.channel(), method);
      if (!endless || outcome.answers().isEmpty()) {
        assertThat(outcome.status().getCode())
            .as("%s for %s", outcome.status(), request)
            .isEqualTo(Status.Code.OK);
      }
    }
  }

  /** Sends cases until each rpc had its calls and the time is over. */
  private void run(
      ServerProcess server,
      List<ManagedChannel> channels,
      List<ServedMethod> methods,
      Corpus corpus,
      AtomicLong numbers,
      int callsOfEach,
      Duration least)
      throws Exception {
    long end = System.nanoTime() + least.toNanos();
    long last = numbers.get() + (long) callsOfEach * methods.size();
    try (var threads = Executors.newFixedThreadPool(SENDERS + 1)) {
      List<Future<?>> senders = new ArrayList<>();
      for (var channel : channels) {
        Callable<?> send =
            () -> {
              while (server.isAlive()
                  && (numbers.get() < last || System.nanoTime() - end < 0)
                  && !Thread.currentThread().isInterrupted()) {
                send(channel, FuzzCase.of(seed, numbers.getAndIncrement(), methods, corpus));
              }
              return null;
            };
        senders.add(threads.submit(send));
      }
      var others = threads.submit(() -> askOrdinarily(server, corpus));
      try {
        for (var sender : senders) {
          sender.get();
        }
      } finally {
        senders.forEach(sender -> sender.cancel(true));
        others.cancel(true);
      }
    }
  }

  private void send(ManagedChannel channel, FuzzCase fuzzed) throws InterruptedException {
    var outcome = fuzzed.call().send(channel, fuzzed.method());
    tally.add(fuzzed.method().name(), fuzzed.kind(), outcome.status().getCode());
    AnswerCheck.wrong(fuzzed.method(), fuzzed.call(), outcome)
        .ifPresent(
            wrong -> {
              synchronized (failures) {
                failures.computeIfAbsent(
                    wrong + " of " + fuzzed.method().name(),
                    key -> bounded(outcome.status().toString()) + "\n  " + fuzzed);
              }
            });
  }

  /** Asks what every client may ask, and cancels what the fuzzed calls have started. */
  private Void askOrdinarily(ServerProcess server, Corpus corpus) throws InterruptedException {
    var work = new StartedWork(server.channel());
    while (!Thread.interrupted()) {
      long start = System.nanoTime();
      try {
        assertThat(
                CheckpointServiceGrpc.newBlockingStub(server.channel())
                    .withDeadlineAfter(SLOWEST_ORDINARY_CALL_SECONDS, TimeUnit.SECONDS)
                    .getCheckpoint(
                        GetCheckpointRequest.newBuilder().setName(corpus.checkpoint()).build())
                    .getCheckpoint()
                    .getName())
            .isEqualTo(corpus.checkpoint());
        assertThat(
                MetricServiceGrpc.newBlockingStub(server.channel())
                    .withDeadlineAfter(SLOWEST_ORDINARY_CALL_SECONDS, TimeUnit.SECONDS)
                    .analyzeCurve(
                        AnalyzeCurveRequest.newBuilder()
                            .setCurve(
                                Curve.newBuilder()
                                    .addAllAlphas(List.of(0., .5, 1.))
                                    .addAllLossesNats(List.of(1., 3., 1.)))
                            .build())
                    .getMetrics()
                    .getBarrierHeightNats())
            .isEqualTo(2);
        slowest.accumulateAndGet(
            TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start), Math::max);
        work.cancel();
      } catch (RuntimeException | AssertionError e) {
        if (Thread.interrupted()) {
          return null;
        }
        synchronized (failures) {
          failures.putIfAbsent("an ordinary call", e.toString());
        }
      }
    }
    return null;
  }

  private static void assertLogIsShortAndPlain(Path log) throws IOException {
    String text = Files.readString(log);
    assertThat(text).as("log").hasSizeLessThan((int) MOST_LOG);
    assertThat(text.lines().filter(line -> line.contains("Incident")).toList()).isEmpty();
    assertThat(text.chars().filter(c -> Character.isISOControl(c) && c != '\n' && c != '\t'))
        .as("control characters in the log")
        .isEmpty();
  }

  private String failed() {
    var text = new StringBuilder("-Dfuzz.seed=" + seed + ": " + failures.size());
    failures.entrySet().stream()
        .limit(LISTED_FAILURES)
        .forEach(
            failure ->
                text.append("\n- ")
                    .append(failure.getKey())
                    .append("\n  ")
                    .append(failure.getValue()));
    return text.toString();
  }

  private static String bounded(String text) {
    return text.length() > 600 ? text.substring(0, 600) + "..." : text;
  }
}
