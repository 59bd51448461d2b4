package dev.watershed.standalone.fuzz;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.rpc.ErrorInfo;
import dev.watershed.analysis.v1.AnalyzeCurveRequest;
import dev.watershed.analysis.v1.Curve;
import dev.watershed.analysis.v1.MetricServiceGrpc;
import dev.watershed.eval.v1.EvaluateInterpolationRequest;
import dev.watershed.eval.v1.EvaluationServiceGrpc;
import dev.watershed.standalone.process.PicoExperiment;
import dev.watershed.standalone.process.PicoWork;
import dev.watershed.standalone.process.ServerProcess;
import dev.watershed.trainer.v1.CheckpointServiceGrpc;
import dev.watershed.trainer.v1.GetCheckpointRequest;
import dev.watershed.type.v1.DatasetSplit;
import dev.watershed.type.v1.EvaluationSample;
import dev.watershed.type.v1.FileFormat;
import dev.watershed.type.v1.FileSplit;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.protobuf.StatusProto;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Small files that become large when they are read, several at a time, sent to a server with little
 * memory while others ask it what everybody asks.
 */
@Timeout(180)
final class DataBombsIT {
  private static final int MOST_ROWS = 1_000_000;
  private static final int LONG_ROW = 100_000;
  private static final int MOST_DATASET_MEBIBYTES = 32;
  private static final long SLOWEST_ORDINARY_CALL_SECONDS = 5;

  /** As many of each at a time. */
  private static final int OF_EACH = 3;

  private static final long MORE_HEAP = 16L << 20;
  private static final long MORE_RESIDENT = 64L << 20;

  /** A file, and what it is refused with. */
  private record Bomb(String file, FileFormat format, String reason) {}

  private static final List<Bomb> BOMBS =
      List.of(
          new Bomb("rows.tsv.gz", FileFormat.FILE_FORMAT_TSV, "TOO_MANY_ROWS"),
          new Bomb("long.tsv.gz", FileFormat.FILE_FORMAT_TSV, "DATA_TOO_LARGE"),
          new Bomb("deep.parquet", FileFormat.FILE_FORMAT_PARQUET, "PARQUET_INVALID"));

  @Test
  void bombs_severalAtATime_areRefusedWhileOthersAreAnswered(@TempDir Path root) throws Exception {
    Path files = Files.createDirectory(root.resolve("files"));
    writeBombs(files);
    try (ServerProcess server =
        ServerProcess.serve(
            root.resolve("data"),
            files,
            List.of("-Xmx128m"),
            Map.of(
                "WATERSHED_DATA_MAX_ROWS",
                Integer.toString(MOST_ROWS),
                "WATERSHED_DATA_MAX_DATASET_BYTES",
                MOST_DATASET_MEBIBYTES + "MiB",
                "WATERSHED_EVAL_MEMORY",
                "64MiB"))) {
      var work = new PicoWork(server.channel());
      String model = PicoWork.checkpoint(work.trained(work.train(PicoExperiment.training(1, 1))));
      throwAll(server, model, 1);
      var before = ServerMemory.of(server.pid());
      throwAll(server, model, OF_EACH);
      var after = ServerMemory.of(server.pid());

      String memory = "before " + before + ", after " + after;
      assertThat(after.heap()).as(memory).isLessThan(before.heap() + MORE_HEAP);
      assertThat(after.resident()).as(memory).isLessThan(before.resident() + MORE_RESIDENT);
      assertThat(server.isAlive()).isTrue();
      assertThat(Files.readString(server.log())).doesNotContain("OutOfMemory", "StackOverflow");
    }
  }

  /** Sends so many of each at once, on connections of their own. */
  private static void throwAll(ServerProcess server, String model, int ofEach) throws Exception {
    List<ManagedChannel> channels = new ArrayList<>();
    var over = new CountDownLatch(1);
    try (var threads = Executors.newCachedThreadPool()) {
      Future<Integer> others = threads.submit(() -> askOrdinarily(server, model, over));
      try {
        List<Callable<Void>> calls = new ArrayList<>();
        for (int i = 0; i < ofEach; i++) {
          for (var bomb : BOMBS) {
            ManagedChannel channel =
                NettyChannelBuilder.forTarget("dns:///" + server.address()).usePlaintext().build();
            channels.add(channel);
            calls.add(() -> assertRefused(channel, model, bomb));
          }
        }
        for (var call : threads.invokeAll(calls)) {
          call.get();
        }
      } finally {
        over.countDown();
      }
      assertThat(others.get()).as("ordinary calls meanwhile").isPositive();
    } finally {
      channels.forEach(ManagedChannel::shutdownNow);
    }
  }

  private static Void assertRefused(ManagedChannel channel, String model, Bomb bomb)
      throws Exception {
    var split =
        FileSplit.newBuilder()
            .setUri(bomb.file())
            .setFormat(bomb.format())
            .setTextColumn("text")
            .setLabelColumn("label")
            .setHasHeader(true);
    var request =
        EvaluateInterpolationRequest.newBuilder()
            .setModelA(model)
            .setModelB(model)
            .addAlphas(0)
            .addSamples(
                EvaluationSample.newBuilder()
                    .setName("bomb")
                    .setSplit(DatasetSplit.newBuilder().setFile(split)))
            .build();
    var refused =
        catchThrowableOfType(
            StatusRuntimeException.class,
            () ->
                EvaluationServiceGrpc.newBlockingStub(channel)
                    .withDeadlineAfter(60, TimeUnit.SECONDS)
                    .evaluateInterpolation(request)
                    .forEachRemaining(answer -> {}));
    assertThat(refused).as(bomb.file()).isNotNull();
    assertThat(refused.getStatus().getCode())
        .as("%s: %s", bomb.file(), refused.getStatus())
        .isEqualTo(Status.Code.INVALID_ARGUMENT);
    assertThat(StatusProto.fromThrowable(refused).getDetails(0).unpack(ErrorInfo.class).getReason())
        .as("%s: %s", bomb.file(), refused.getStatus())
        .isEqualTo(bomb.reason());
    return null;
  }

  /** Asks until it is over, and once at least; returns how often. */
  private static int askOrdinarily(ServerProcess server, String model, CountDownLatch over) {
    int asked = 0;
    do {
      assertThat(
              CheckpointServiceGrpc.newBlockingStub(server.channel())
                  .withDeadlineAfter(SLOWEST_ORDINARY_CALL_SECONDS, TimeUnit.SECONDS)
                  .getCheckpoint(GetCheckpointRequest.newBuilder().setName(model).build())
                  .getCheckpoint()
                  .getName())
          .isEqualTo(model);
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
      asked++;
    } while (over.getCount() > 0);
    return asked;
  }

  private static void writeBombs(Path files) throws IOException {
    repeat(files.resolve("rows.tsv.gz"), "a\tagent\n", 3 * MOST_ROWS);
    repeat(
        files.resolve("long.tsv.gz"),
        "a".repeat(LONG_ROW) + "\tagent\n",
        3 * (MOST_DATASET_MEBIBYTES << 20) / LONG_ROW);
    // Each byte is a field that holds a structure.
    byte[] footer = new byte[50_000];
    Arrays.fill(footer, (byte) 0x1c);
    var parquet =
        ByteBuffer.allocate(footer.length + 12)
            .order(ByteOrder.LITTLE_ENDIAN)
            .put("PAR1".getBytes(StandardCharsets.US_ASCII))
            .put(footer)
            .putInt(footer.length)
            .put("PAR1".getBytes(StandardCharsets.US_ASCII));
    Files.write(files.resolve("deep.parquet"), parquet.array());
  }

  private static void repeat(Path file, String row, int times) throws IOException {
    byte[] rows =
        row.repeat(Math.max(1, (1 << 16) / row.length())).getBytes(StandardCharsets.US_ASCII);
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file), 1 << 16)) {
      out.write("text\tlabel\n".getBytes(StandardCharsets.US_ASCII));
      for (long written = 0; written < (long) times * row.length(); written += rows.length) {
        out.write(rows);
      }
    }
  }
}
