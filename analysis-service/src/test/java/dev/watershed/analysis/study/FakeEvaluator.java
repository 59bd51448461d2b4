package dev.watershed.analysis.study;

import com.google.common.hash.Hashing;
import dev.watershed.eval.v1.CombinationHeader;
import dev.watershed.eval.v1.CombinationPoint;
import dev.watershed.eval.v1.EvaluateCombinationsRequest;
import dev.watershed.eval.v1.EvaluateCombinationsResponse;
import dev.watershed.eval.v1.EvaluateInterpolationRequest;
import dev.watershed.eval.v1.EvaluateInterpolationResponse;
import dev.watershed.eval.v1.EvaluationServiceGrpc;
import dev.watershed.eval.v1.ExampleLosses;
import dev.watershed.eval.v1.ExampleProbabilities;
import dev.watershed.eval.v1.InterpolationHeader;
import dev.watershed.eval.v1.InterpolationPoint;
import dev.watershed.eval.v1.ModelDescription;
import dev.watershed.eval.v1.SampleDescription;
import dev.watershed.server.ErrorInterceptor;
import dev.watershed.server.Errors;
import dev.watershed.server.RefusedException;
import dev.watershed.server.ServerStream;
import dev.watershed.server.ValidationInterceptor;
import dev.watershed.type.v1.ClassificationMetrics;
import dev.watershed.type.v1.Digest;
import dev.watershed.type.v1.EvaluationSample;
import dev.watershed.type.v1.Origin;
import dev.watershed.type.v1.Precision;
import dev.watershed.type.v1.Provenance;
import io.grpc.Server;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * A real evaluation service of models that are points on a line: "checkpoints/left-3" lies near 0,
 * "checkpoints/right-3" near 10, and losses rise between them; "broken" ones have no loss, and
 * "void" ones have one behind a stretch without; "copy" ones are the "left" ones again, and
 * "permuted" ones are wrong nearly always. It does what tests tell it: fails, halts, changes
 * models, draws samples of noisy examples.
 */
final class FakeEvaluator extends EvaluationServiceGrpc.EvaluationServiceImplBase
    implements AutoCloseable {
  static final Provenance PROVENANCE =
      Provenance.newBuilder()
          .setWatershedVersion("test")
          .setEngine("arithmetic")
          .setDevice("cpu")
          .setThreads(1)
          .setPrecision(Precision.PRECISION_FP32)
          .build();

  static final int EXAMPLES = 256;

  /** One evaluation: the models with their coefficients, and the sample's name. */
  record Evaluation(String models, String sample) {}

  final Map<Evaluation, Integer> evaluations = new ConcurrentHashMap<>();
  final Queue<RuntimeException> failuresOfCalls = new ConcurrentLinkedQueue<>();

  /** Whether slow precision was allowed: every answer that calls gave. */
  final Set<Boolean> slowPrecisionAllowed = ConcurrentHashMap.newKeySet();

  /** Takes the calls that ask about several models without computing; may block or throw. */
  volatile Consumer<EvaluateCombinationsRequest> beforeCheck = request -> {};

  /** Runs before each point; may block or throw. */
  volatile Consumer<Evaluation> beforePoint = evaluation -> {};

  volatile Provenance provenance = PROVENANCE;
  volatile String version = "";
  volatile String sampleVersion = "";
  volatile int examples = EXAMPLES;

  /**
   * Rows to draw samples from, whose losses differ by noise on the ridge; 0 for samples of the same
   * examples, whatever their size.
   */
  volatile int rows;

  volatile List<String> labels = List.of("no", "yes");

  void countLabels(int count) {
    labels = List.copyOf(IntStream.range(0, count).mapToObj(k -> "label " + k).toList());
  }

  /** Whether it is of a version that tells probabilities of examples. */
  volatile boolean tellsProbabilities = true;

  /** By checkpoint. */
  volatile Map<String, List<String>> modelNotices = Map.of();

  volatile Map<String, Origin> origins = Map.of();

  /** By sample. */
  volatile Map<String, List<String>> sampleNotices = Map.of();

  private final String name = InProcessServerBuilder.generateName();
  private final List<Server> servers = new ArrayList<>();

  FakeEvaluator() throws IOException {
    var server =
        InProcessServerBuilder.forName(name)
            .addService(this)
            .intercept(new ValidationInterceptor())
            .intercept(new ErrorInterceptor(new Errors(List.of())))
            .build()
            .start();
    servers.add(server);
  }

  String address() {
    return "inprocess:" + name;
  }

  /** Serves other processes too; returns where. */
  String listen() throws IOException {
    var listening =
        NettyServerBuilder.forAddress(new InetSocketAddress("127.0.0.1", 0))
            .addService(this)
            .intercept(new ValidationInterceptor())
            .intercept(new ErrorInterceptor(new Errors(List.of())))
            .permitKeepAliveTime(8, TimeUnit.SECONDS)
            .build()
            .start();
    servers.add(listening);
    return "dns:///127.0.0.1:" + listening.getPort();
  }

  int total() {
    return evaluations.values().stream().mapToInt(Integer::intValue).sum();
  }

  int total(String sample) {
    return evaluations.entrySet().stream()
        .filter(entry -> entry.getKey().sample().equals(sample))
        .mapToInt(Map.Entry::getValue)
        .sum();
  }

  /** Where a model lies. */
  static double position(String checkpoint) {
    var name = checkpoint.substring("checkpoints/".length()).split("-");
    double offset = Integer.parseInt(name[1]) / 10.0;
    return switch (name[0]) {
      case "left", "copy" -> offset;
      case "right" -> 10 + offset;
      case "permuted" -> 20 + offset;
      case "broken" -> 500;
      case "void" -> 1e6;
      default -> throw new IllegalArgumentException(checkpoint);
    };
  }

  /** The loss at a place: two wells with a ridge between them, and no number past 100. */
  static double loss(double position) {
    if (position > 100 && position < 1e6) {
      return Double.NaN;
    }
    double well = Math.min(Math.abs(position), Math.abs(position - 10));
    return .2 + Math.exp(-(position - 5) * (position - 5) / 4) + .01 * well;
  }

  static ClassificationMetrics metrics(double position, String sample) {
    double right = Math.clamp(position / 10, 0, 1);
    return ClassificationMetrics.newBuilder()
        .setMeanLossNats(loss(position))
        .setAccuracy(accuracy(position, sample, right))
        .setF1(.5)
        .setMatthewsCorrelation(sample.equals("in-domain") ? .8 : right)
        .setExampleCount(EXAMPLES)
        .build();
  }

  private ClassificationMetrics measured(double position, EvaluationSample sample) {
    var metrics = metrics(position, sample.getName()).toBuilder().setExampleCount(count(sample));
    if (rows > 0) {
      metrics
          .setMeanLossNats(
              lossesOf(position, sample).stream()
                  .mapToDouble(Double::doubleValue)
                  .average()
                  .orElse(0))
          .setF1(1.0 / sample.getSize());
    }
    return metrics.build();
  }

  private int count(EvaluationSample sample) {
    return rows > 0 ? sample.getSize() : examples;
  }

  /** What a sample is called in evaluations: blocks have a name each. */
  private String called(EvaluationSample sample) {
    return rows > 0
        ? sample.getName() + " " + sample.getSkip() + "+" + sample.getSize()
        : sample.getName();
  }

  private List<Double> lossesOf(double position, EvaluationSample sample) {
    var all = new ArrayList<Double>();
    for (int i = 0; i < count(sample); i++) {
      all.add((double) (float) lossOf(position, sample.getSkip() + i));
    }
    return all;
  }

  private double lossOf(double position, int example) {
    if (rows == 0) {
      return loss(position) * (example % 2 == 0 ? 1.1 : .9);
    }
    double ridge = Math.exp(-(position - 5) * (position - 5) / 4);
    return loss(position) + ridge * .5 * new Random(example).nextGaussian();
  }

  private static double accuracy(double position, String sample, double right) {
    boolean permuted = position > 15 && position < 100;
    return sample.equals("in-domain") ? permuted ? .1 : .9 : .1 + .8 * right;
  }

  @Override
  public void evaluateInterpolation(
      EvaluateInterpolationRequest request,
      StreamObserver<EvaluateInterpolationResponse> observer) {
    failIfTold();
    slowPrecisionAllowed.add(request.getAllowSlowPrecision());
    double a = position(request.getModelA());
    double b = position(request.getModelB());
    ServerStream.pump(
        observer,
        stream -> {
          var header =
              InterpolationHeader.newBuilder()
                  .setModelA(describe(request.getModelA()))
                  .setModelB(describe(request.getModelB()))
                  .addAllSamples(describe(request.getSamplesList()))
                  .setProvenance(provenance);
          if (request.getIncludeEuclideanDistance()) {
            header.setEuclideanDistance(Math.abs(a - b));
          }
          stream.send(EvaluateInterpolationResponse.newBuilder().setHeader(header).build());
          for (double alpha : request.getAlphasList()) {
            for (int i = 0; i < request.getSamplesCount(); i++) {
              var sample = request.getSamples(i);
              var models = request.getModelA() + " " + request.getModelB() + " " + alpha;
              evaluated(new Evaluation(models, called(sample)));
              stream.send(
                  EvaluateInterpolationResponse.newBuilder()
                      .setPoint(
                          InterpolationPoint.newBuilder()
                              .setAlpha(alpha)
                              .setSampleIndex(i)
                              .setMetrics(measured(alpha * a + (1 - alpha) * b, sample)))
                      .build());
              if (request.getIncludeExampleLosses()) {
                for (var losses : losses(alpha * a + (1 - alpha) * b, sample)) {
                  stream.send(
                      EvaluateInterpolationResponse.newBuilder().setExampleLosses(losses).build());
                }
              }
            }
          }
        });
  }

  @Override
  public void evaluateCombinations(
      EvaluateCombinationsRequest request, StreamObserver<EvaluateCombinationsResponse> observer) {
    if (request.getCombinationsCount() == 0 && request.getModelsCount() > 1) {
      beforeCheck.accept(request);
    } else {
      failIfTold();
    }
    slowPrecisionAllowed.add(request.getAllowSlowPrecision());
    requireFewProbabilities(request);
    ServerStream.pump(
        observer,
        stream -> {
          stream.send(
              EvaluateCombinationsResponse.newBuilder()
                  .setHeader(
                      CombinationHeader.newBuilder()
                          .addModels(describe(request.getModels(0)))
                          .addAllSamples(describe(request.getSamplesList()))
                          .setProvenance(provenance))
                  .build());
          // Without a combination the header is all.
          int asked = request.getCombinationsCount() == 0 ? 0 : request.getSamplesCount();
          for (int i = 0; i < asked; i++) {
            var sample = request.getSamples(i);
            evaluated(new Evaluation(request.getModels(0), called(sample)));
            stream.send(
                EvaluateCombinationsResponse.newBuilder()
                    .setPoint(
                        CombinationPoint.newBuilder()
                            .setSampleIndex(i)
                            .setMetrics(measured(position(request.getModels(0)), sample)))
                    .build());
            if (request.getIncludeExampleLosses()) {
              for (var losses : losses(position(request.getModels(0)), sample)) {
                stream.send(
                    EvaluateCombinationsResponse.newBuilder().setExampleLosses(losses).build());
              }
            }
            if (request.getIncludeExampleProbabilities() && tellsProbabilities) {
              for (var part : probabilities(position(request.getModels(0)), sample)) {
                stream.send(
                    EvaluateCombinationsResponse.newBuilder()
                        .setExampleProbabilities(part)
                        .build());
              }
            }
          }
        });
  }

  /** As an evaluator does. */
  private void requireFewProbabilities(EvaluateCombinationsRequest request) {
    for (int i = 0; i < request.getSamplesCount(); i++) {
      long wanted = (long) count(request.getSamples(i)) * labels.size();
      if (request.getIncludeExampleProbabilities() && wanted > 1 << 18) {
        throw RefusedException.invalidArgument(
            "PROBABILITIES_TOO_MANY", "samples[" + i + "].size", "too many probabilities");
      }
    }
  }

  /** In two parts, with the mean that was told where examples are even. */
  private List<ExampleLosses> losses(double position, EvaluationSample sample) {
    var all = lossesOf(position, sample);
    int half = all.size() / 2;
    return List.of(
        ExampleLosses.newBuilder().addAllLossesNats(all.subList(0, half)).build(),
        ExampleLosses.newBuilder()
            .setFirstExample(half)
            .addAllLossesNats(all.subList(half, all.size()))
            .build());
  }

  /** Of the first label and the others, for every example in two parts. */
  private List<ExampleProbabilities> probabilities(double position, EvaluationSample sample) {
    int first = sample.getSkip();
    int half = count(sample) / 2;
    return List.of(
        probabilities(position, first, 0, half),
        probabilities(position, first, half, count(sample)));
  }

  private ExampleProbabilities probabilities(double position, int skip, int from, int to) {
    var part = ExampleProbabilities.newBuilder().setFirstExample(from);
    for (int i = from; i < to; i++) {
      double first = probability(position, skip + i);
      part.addProbabilities((float) first);
      for (int k = 1; k < labels.size(); k++) {
        part.addProbabilities((float) ((1 - first) / (labels.size() - 1)));
      }
    }
    return part.build();
  }

  /**
   * All models say the first label of even examples, and the more of odd ones the righter they lie.
   */
  static double probability(double position, int example) {
    return example % 2 == 0 ? .9 : .1 + .8 * Math.clamp(position / 10, 0, 1);
  }

  private void failIfTold() {
    var failure = failuresOfCalls.poll();
    if (failure != null) {
      throw failure;
    }
  }

  private void evaluated(Evaluation evaluation) {
    beforePoint.accept(evaluation);
    evaluations.merge(evaluation, 1, Integer::sum);
  }

  private ModelDescription describe(String checkpoint) {
    return ModelDescription.newBuilder()
        .setDigest(digest(checkpoint))
        .addAllNotices(modelNotices.getOrDefault(checkpoint, List.of()))
        .setOrigin(origins.getOrDefault(checkpoint, Origin.getDefaultInstance()))
        .build();
  }

  private Digest digest(String checkpoint) {
    return digestOf(checkpoint.replace("copy", "left") + version);
  }

  static Digest digestOf(String content) {
    return Digest.newBuilder()
        .setSha256(Hashing.sha256().hashString(content, StandardCharsets.UTF_8).toString())
        .setSizeBytes(content.length())
        .build();
  }

  private List<SampleDescription> describe(List<EvaluationSample> samples) {
    return samples.stream()
        .map(
            sample ->
                SampleDescription.newBuilder()
                    .setName(sample.getName())
                    .setDigest(digestOf(called(sample) + sampleVersion))
                    .setExampleCount(count(sample))
                    .setRowCount(rows)
                    .addAllLabels(labels)
                    .addAllNotices(sampleNotices.getOrDefault(sample.getName(), List.of()))
                    .build())
        .toList();
  }

  @Override
  public void close() throws InterruptedException {
    beforePoint = evaluation -> {};
    for (var server : servers) {
      server.shutdownNow().awaitTermination(10, TimeUnit.SECONDS);
    }
  }
}
