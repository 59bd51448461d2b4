package dev.watershed.eval.grpc;

import dev.watershed.classifier.TorchSettings;
import dev.watershed.classifier.checkpoint.Activation;
import dev.watershed.classifier.checkpoint.Architecture;
import dev.watershed.classifier.checkpoint.CheckpointStore;
import dev.watershed.classifier.checkpoint.EncoderConfig;
import dev.watershed.classifier.checkpoint.Family;
import dev.watershed.classifier.checkpoint.FileCheckpointStore;
import dev.watershed.classifier.checkpoint.Head;
import dev.watershed.classifier.checkpoint.HuggingFaceCheckpoint;
import dev.watershed.classifier.checkpoint.ParameterLayout;
import dev.watershed.classifier.checkpoint.ParameterVector;
import dev.watershed.classifier.data.DataRoots;
import dev.watershed.classifier.data.Datasets;
import dev.watershed.classifier.model.Torch;
import dev.watershed.eval.engine.EvaluationConfiguration;
import dev.watershed.eval.engine.EvaluationCounters;
import dev.watershed.eval.engine.Evaluator;
import dev.watershed.eval.v1.EvaluationServiceGrpc;
import dev.watershed.eval.v1.EvaluatorStatistics;
import dev.watershed.eval.v1.GetStatisticsRequest;
import dev.watershed.server.ByteSize;
import dev.watershed.server.CallLimits;
import dev.watershed.server.ErrorInterceptor;
import dev.watershed.server.Errors;
import dev.watershed.server.ServerConfiguration;
import dev.watershed.server.ValidationInterceptor;
import dev.watershed.server.dataset.InvalidInputs;
import dev.watershed.type.v1.DatasetSplit;
import dev.watershed.type.v1.EvaluationSample;
import dev.watershed.type.v1.FileFormat;
import dev.watershed.type.v1.FileSplit;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** The evaluation service on an in-process server, with a real store and real tiny models. */
final class EvaluationServer implements AutoCloseable {
  static final List<String> LABELS = List.of("contradiction", "entailment", "neutral");
  static final int VOCABULARY = 50;
  private static final int THREADS = 1;

  static {
    Torch.initialize(THREADS);
  }

  final Path root;
  final CheckpointStore store;
  final EvaluationCounters counters = new EvaluationCounters();
  final Evaluator evaluator;
  private final Server server;
  private final ManagedChannel channel;

  EvaluationServer(Path root, EvaluationConfiguration configuration) throws IOException {
    this(root, configuration, store -> store);
  }

  EvaluationServer(
      Path root, EvaluationConfiguration configuration, UnaryOperator<CheckpointStore> wrap)
      throws IOException {
    this.root = root;
    store = new FileCheckpointStore(root.resolve("checkpoints"), Clock.systemUTC());
    DataRoots roots = new DataRoots(List.of(Files.createDirectories(root.resolve("data"))));
    evaluator =
        new Evaluator(
            configuration,
            TorchSettings.cpu(THREADS),
            wrap.apply(store),
            new Datasets(roots),
            counters);
    String name = InProcessServerBuilder.generateName();
    server =
        InProcessServerBuilder.forName(name)
            .addService(new EvaluationService(evaluator, counters))
            .intercept(new ValidationInterceptor())
            .intercept(new CallLimits(ServerConfiguration.DEFAULTS))
            .intercept(new ErrorInterceptor(new Errors(List.of(new InvalidInputs()))))
            .build()
            .start();
    channel = InProcessChannelBuilder.forName(name).build();
  }

  static EvaluationConfiguration configuration() {
    return withWorkers(1);
  }

  static EvaluationConfiguration withWorkers(int workers) {
    return configuration(64 << 20, 64 << 20, 16 << 20, workers, 64);
  }

  static EvaluationConfiguration withMaxQueuedCalls(int calls) {
    return configuration(64 << 20, 64 << 20, 16 << 20, 1, calls);
  }

  /** Sizes in bytes. */
  static EvaluationConfiguration configuration(
      long memory, long samples, long points, int workers, int calls) {
    return new EvaluationConfiguration(
        new ByteSize(memory),
        new ByteSize(samples),
        new ByteSize(points),
        512,
        workers,
        calls,
        16,
        Duration.ofSeconds(2));
  }

  EvaluationServiceGrpc.EvaluationServiceBlockingStub stub() {
    return EvaluationServiceGrpc.newBlockingStub(channel).withDeadlineAfter(60, TimeUnit.SECONDS);
  }

  EvaluationServiceGrpc.EvaluationServiceStub asynchronousStub() {
    return EvaluationServiceGrpc.newStub(channel);
  }

  /** A tiny BERT; {@code hidden} tells architectures apart. */
  static Architecture architecture(int hidden, List<String> labels) {
    return new Architecture(
        new EncoderConfig(
            Family.BERT, VOCABULARY, hidden, 2, 2, 32, 40, 2, 1e-12, Activation.GELU, 0, 0, 0, 0),
        Head.CLASSIFICATION,
        labels);
  }

  /** Bytes of the weights of a model with this architecture. */
  static long vectorBytes(Architecture architecture) {
    return ParameterLayout.of(architecture).size() * Float.BYTES;
  }

  EvaluatorStatistics statistics() {
    return stub().getStatistics(GetStatisticsRequest.getDefaultInstance()).getStatistics();
  }

  /** Stores a random model as {@code checkpoints/{id}} and returns that name. */
  String put(String id, long seed) throws IOException {
    return put(id, architecture(16, LABELS), .5, seed);
  }

  String put(String id, Architecture architecture, double std, long seed, Path... tokenizer)
      throws IOException {
    try (ParameterVector weights =
        ParameterVector.random(ParameterLayout.of(architecture), std, seed)) {
      return put(id, weights, tokenizer);
    }
  }

  String put(String id, ParameterVector weights, Path... tokenizer) throws IOException {
    Path directory = root.resolve("prepared-" + id);
    HuggingFaceCheckpoint.write(directory, weights, tokenizer);
    return put(id, directory);
  }

  String put(String id, Path directory) throws IOException {
    store.put(id, "", 0, directory);
    return "checkpoints/" + id;
  }

  /** Writes pre-tokenised rows with random tokens and labels. */
  EvaluationSample sample(String name, int examples, long seed) throws IOException {
    Random random = new Random(seed);
    StringBuilder rows = new StringBuilder();
    for (int i = 0; i < examples; i++) {
      String ids =
          IntStream.range(0, 4 + random.nextInt(20))
              .mapToObj(t -> String.valueOf(1 + random.nextInt(VOCABULARY - 1)))
              .collect(Collectors.joining(","));
      rows.append(
          String.format(
              Locale.ROOT, "{\"input_ids\": [%s], \"label\": %d}%n", ids, random.nextInt(3)));
    }
    return sample(name, rows.toString());
  }

  /** Writes JSON Lines with {@code input_ids} and {@code label} 0 to 2. */
  EvaluationSample sample(String name, String rows) throws IOException {
    Files.writeString(root.resolve("data").resolve(name + ".jsonl"), rows);
    return EvaluationSample.newBuilder()
        .setName(name)
        .setSplit(
            DatasetSplit.newBuilder()
                .setFile(
                    FileSplit.newBuilder()
                        .setUri(name + ".jsonl")
                        .setFormat(FileFormat.FILE_FORMAT_JSON_LINES)
                        .setLabelColumn("label")
                        .addAllLabelNames(LABELS)))
        .build();
  }

  @Override
  public void close() throws InterruptedException {
    channel.shutdownNow();
    server.shutdownNow().awaitTermination(10, TimeUnit.SECONDS);
    evaluator.close();
  }
}
