package dev.watershed.standalone.process;

import static org.assertj.core.api.Assertions.assertThat;

import dev.watershed.analysis.fleet.Tiles;
import dev.watershed.analysis.v1.CreateStudyRequest;
import dev.watershed.analysis.v1.ListStudyPairsRequest;
import dev.watershed.analysis.v1.PairReport;
import dev.watershed.analysis.v1.Study;
import dev.watershed.analysis.v1.StudyModel;
import dev.watershed.analysis.v1.StudyServiceGrpc;
import dev.watershed.analysis.v1.StudySpec;
import dev.watershed.analysis.v1.StudyState;
import dev.watershed.analysis.v1.WatchStudyRequest;
import dev.watershed.classifier.TorchSettings;
import dev.watershed.classifier.checkpoint.Activation;
import dev.watershed.classifier.checkpoint.Architecture;
import dev.watershed.classifier.checkpoint.EncoderConfig;
import dev.watershed.classifier.checkpoint.Family;
import dev.watershed.classifier.checkpoint.FileCheckpointStore;
import dev.watershed.classifier.checkpoint.Head;
import dev.watershed.classifier.checkpoint.HuggingFaceCheckpoint;
import dev.watershed.classifier.checkpoint.ParameterLayout;
import dev.watershed.classifier.checkpoint.ParameterVector;
import dev.watershed.eval.engine.EvaluationCounters;
import dev.watershed.eval.v1.EvaluationServiceGrpc;
import dev.watershed.server.ServedCalls;
import dev.watershed.type.v1.DatasetSplit;
import dev.watershed.type.v1.EvaluationSample;
import dev.watershed.type.v1.FileFormat;
import dev.watershed.type.v1.FileSplit;
import io.grpc.BindableService;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.netty.NettyServerBuilder;
import io.micronaut.context.ApplicationContext;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Studies on several real evaluators, each with memory for eight models and its own counters. */
final class FleetTest {
  private static final int MODELS = 32;
  private static final int PAIRS = MODELS * (MODELS - 1) / 2;
  private static final int NEVER = 0;
  private static final int VOCABULARY = 1000;
  private static final List<String> LABELS = List.of("no", "yes");
  private static final Architecture ARCHITECTURE =
      new Architecture(
          new EncoderConfig(
              Family.BERT, VOCABULARY, 16, 1, 2, 32, 40, 2, 1e-12, Activation.GELU, 0, 0, 0, 0),
          Head.CLASSIFICATION,
          LABELS);

  private static final int HELD = 8;

  /** Eight, what the worker computes with, and half a model for the sample. */
  private static final long MEMORY = ParameterLayout.of(ARCHITECTURE).size() * Float.BYTES * 19 / 2;

  private Path directory;
  private Path data;
  private final List<Evaluator> evaluators = new ArrayList<>();

  @BeforeEach
  void store(@TempDir Path temporary) throws Exception {
    directory = temporary;
    data = Files.createDirectories(directory.resolve("data"));
    var store = new FileCheckpointStore(checkpoints(), Clock.systemUTC());
    for (int model = 0; model < MODELS; model++) {
      var prepared = directory.resolve("prepared-" + model);
      try (var weights =
          ParameterVector.random(ParameterLayout.of(ARCHITECTURE), .5, 1000 + model)) {
        HuggingFaceCheckpoint.write(prepared, weights);
      }
      store.put("m" + model, "", 0, prepared);
    }
    var rows =
        IntStream.range(0, 8)
            .mapToObj(
                row -> "{\"input_ids\": [2, " + (9 + row) + ", 3], \"label\": " + row % 2 + "}")
            .collect(Collectors.joining("\n"));
    Files.writeString(data.resolve("rows.jsonl"), rows);
  }

  @AfterEach
  void stop() throws Exception {
    for (var evaluator : evaluators) {
      evaluator.close();
    }
  }

  private Path checkpoints() {
    return directory.resolve("checkpoints");
  }

  /** An evaluation service with beans of its own, behind a socket. */
  private final class Evaluator implements AutoCloseable {
    final AtomicInteger calls = new AtomicInteger();
    private final ApplicationContext context;
    private final Server server;

    /**
     * @param lastCall that it takes: with the next it is gone
     */
    Evaluator(int lastCall) throws Exception {
      context =
          ApplicationContext.run(
              Map.of(
                  "watershed.checkpoints.root",
                  checkpoints().toString(),
                  "watershed.data.roots",
                  List.of(data.toString()),
                  // A database to which the store belongs; the trainer that is there gets no runs.
                  "datasources.trainer.url",
                  "jdbc:h2:mem:"
                      + directory.getFileName()
                      + ";MODE=PostgreSQL;DATABASE_TO_LOWER=TRUE",
                  "flyway.datasources.analysis.enabled",
                  false,
                  "watershed.engine.threads",
                  1,
                  "watershed.eval.workers",
                  1,
                  "watershed.eval.memory",
                  MEMORY));
      BindableService service =
          context.getBean(EvaluationServiceGrpc.EvaluationServiceImplBase.class);
      var builder = NettyServerBuilder.forAddress(new InetSocketAddress("127.0.0.1", 0));
      context.getBean(ServedCalls.class).serve(builder, List.of(service));
      server =
          builder
              .permitKeepAliveTime(8, TimeUnit.SECONDS)
              .intercept(
                  new ServerInterceptor() {
                    @Override
                    public <Q, A> ServerCall.Listener<Q> interceptCall(
                        ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
                      if (calls.incrementAndGet() == lastCall) {
                        server.shutdownNow();
                      }
                      return next.startCall(call, headers);
                    }
                  })
              .build()
              .start();
    }

    String address() {
      return "127.0.0.1:" + server.getPort();
    }

    long reads() {
      return context.getBean(EvaluationCounters.class).vectorsRead();
    }

    long points() {
      return context.getBean(EvaluationCounters.class).pointsComputed();
    }

    @Override
    public void close() throws Exception {
      server.shutdownNow().awaitTermination(10, TimeUnit.SECONDS);
      context.close();
    }
  }

  private Evaluator evaluator(int lastCall) throws Exception {
    var evaluator = new Evaluator(lastCall);
    evaluators.add(evaluator);
    return evaluator;
  }

  private List<Evaluator> evaluators(int count) throws Exception {
    var started = new ArrayList<Evaluator>();
    for (int i = 0; i < count; i++) {
      started.add(evaluator(NEVER));
    }
    return started;
  }

  private static StudySpec spec() {
    var spec =
        StudySpec.newBuilder()
            .setInDomain(
                EvaluationSample.newBuilder()
                    .setName("rows")
                    .setSplit(
                        DatasetSplit.newBuilder()
                            .setFile(
                                FileSplit.newBuilder()
                                    .setUri("rows.jsonl")
                                    .setFormat(FileFormat.FILE_FORMAT_JSON_LINES)
                                    .setLabelColumn("label")
                                    .addAllLabelNames(LABELS))))
            .setIntervalCount(3);
    for (int model = 0; model < MODELS; model++) {
      spec.addModels(StudyModel.newBuilder().setCheckpoint("checkpoints/m" + model));
    }
    return spec.build();
  }

  /** Runs the study in a process of its own and returns what was found of the pairs. */
  private List<PairReport> study(List<Evaluator> on) throws Exception {
    var address = on.stream().map(Evaluator::address).collect(Collectors.joining(","));
    var settings =
        new Standalone.Settings(
            new DataDirectory(Files.createTempDirectory(directory, "state")),
            0,
            TorchSettings.cpu(1),
            List.of(data),
            false,
            Map.of("watershed.analysis.evaluator.address", address));
    ManagedChannel channel = null;
    try (var analysis = Standalone.start(settings)) {
      channel = ManagedChannelBuilder.forTarget(analysis.address()).usePlaintext().build();
      var stub = StudyServiceGrpc.newBlockingStub(channel);
      var study =
          stub.createStudy(CreateStudyRequest.newBuilder().setSpec(spec()).build()).getStudy();
      var seen = new ArrayList<Study>();
      stub.watchStudy(WatchStudyRequest.newBuilder().setName(study.getName()).build())
          .forEachRemaining(response -> seen.add(response.getStudy()));
      var ended = seen.getLast();
      assertThat(ended.getState()).as("%s", ended).isEqualTo(StudyState.STUDY_STATE_SUCCEEDED);
      assertThat(ended.getProgress().getCompletedPoints()).isEqualTo(PAIRS * 2 + MODELS);
      var pairs = new ArrayList<PairReport>();
      var token = "";
      do {
        var page =
            stub.listStudyPairs(
                ListStudyPairsRequest.newBuilder()
                    .setName(study.getName())
                    .setPageToken(token)
                    .build());
        pairs.addAll(page.getPairsList());
        token = page.getNextPageToken();
      } while (!token.isEmpty());
      return pairs;
    } finally {
      if (channel != null) {
        channel.shutdownNow();
      }
    }
  }

  @Test
  void study_memoryForEightModels_readsAreSharedAmongEvaluators() throws Exception {
    // After each model was read to be scored, once.
    double planned = Tiles.plannedReads(MODELS, HELD);
    assertThat(planned).isEqualTo(102);
    var one = evaluators(1);
    var pairs = study(one);
    assertThat((told(one) - MODELS) / planned).isLessThan(1.2);
    for (int count : new int[] {2, 3}) {
      var several = evaluators(count);
      assertThat(study(several)).isEqualTo(pairs);
      assertThat((told(several) - MODELS) / planned).isLessThan(1.2);
      assertThat(several)
          .allSatisfy(each -> assertThat(each.reads()).isLessThan((32 + 102) * 3 / 2 / count));
      assertThat(several.stream().mapToLong(Evaluator::points).sum()).isEqualTo(PAIRS * 2 + MODELS);
    }
  }

  @Test
  void study_oneOfTwoVanishes_hasTheSameCurves() throws Exception {
    var pairs = study(evaluators(1));
    var vanishing = evaluator(200);
    assertThat(study(List.of(evaluator(NEVER), vanishing))).isEqualTo(pairs);
    assertThat(vanishing.calls).hasValueGreaterThanOrEqualTo(200);
  }

  /** Tells how many models each has read; returns their sum. */
  private static long told(List<Evaluator> evaluators) {
    System.out.println(
        evaluators.size()
            + " evaluators read models: "
            + evaluators.stream().map(each -> Long.toString(each.reads())).toList());
    return evaluators.stream().mapToLong(Evaluator::reads).sum();
  }
}
