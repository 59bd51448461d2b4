package dev.watershed.eval.grpc;

import com.google.common.primitives.Doubles;
import com.google.common.primitives.Floats;
import dev.watershed.classifier.checkpoint.ParameterLayout;
import dev.watershed.eval.engine.AskedSample;
import dev.watershed.eval.engine.DeviceWork;
import dev.watershed.eval.engine.Evaluation;
import dev.watershed.eval.engine.EvaluationCounters;
import dev.watershed.eval.engine.Evaluator;
import dev.watershed.eval.engine.ExampleDetails;
import dev.watershed.eval.engine.MeasuredSample;
import dev.watershed.eval.engine.Model;
import dev.watershed.eval.engine.Point;
import dev.watershed.eval.plan.AffineCombination;
import dev.watershed.eval.v1.Combination;
import dev.watershed.eval.v1.CombinationHeader;
import dev.watershed.eval.v1.CombinationPoint;
import dev.watershed.eval.v1.EvaluateCombinationsRequest;
import dev.watershed.eval.v1.EvaluateCombinationsResponse;
import dev.watershed.eval.v1.EvaluateInterpolationRequest;
import dev.watershed.eval.v1.EvaluateInterpolationResponse;
import dev.watershed.eval.v1.EvaluationServiceGrpc.EvaluationServiceImplBase;
import dev.watershed.eval.v1.EvaluatorStatistics;
import dev.watershed.eval.v1.ExampleLosses;
import dev.watershed.eval.v1.ExampleProbabilities;
import dev.watershed.eval.v1.GetStatisticsRequest;
import dev.watershed.eval.v1.GetStatisticsResponse;
import dev.watershed.eval.v1.InterpolationHeader;
import dev.watershed.eval.v1.InterpolationPoint;
import dev.watershed.eval.v1.ModelDescription;
import dev.watershed.eval.v1.SampleDescription;
import dev.watershed.server.ServerStream;
import dev.watershed.server.dataset.ClassifierMessages;
import dev.watershed.server.dataset.Samples;
import dev.watershed.type.v1.ClassificationMetrics;
import dev.watershed.type.v1.EvaluationSample;
import dev.watershed.type.v1.Origin;
import dev.watershed.type.v1.Precision;
import io.grpc.stub.StreamObserver;
import jakarta.inject.Singleton;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.IntStream;

/** Serves {@code watershed.eval.v1.EvaluationService}. */
@Singleton
final class EvaluationService extends EvaluationServiceImplBase {
  private static final double NANOS_PER_SECOND = 1e9;

  /** A part is 1 MiB. */
  private static final int LOSSES_A_PART = 1 << 17;

  /** 256 KiB, and whole examples. */
  private static final int PROBABILITIES_A_PART = 1 << 16;

  private final Evaluator evaluator;
  private final EvaluationCounters counters;

  EvaluationService(Evaluator evaluator, EvaluationCounters counters) {
    this.evaluator = evaluator;
    this.counters = counters;
  }

  @Override
  public void getStatistics(
      GetStatisticsRequest request, StreamObserver<GetStatisticsResponse> observer) {
    observer.onNext(GetStatisticsResponse.newBuilder().setStatistics(statistics()).build());
    observer.onCompleted();
  }

  @Override
  public void evaluateInterpolation(
      EvaluateInterpolationRequest request,
      StreamObserver<EvaluateInterpolationResponse> observer) {
    RequestChecks.check(request);
    ServerStream.pump(
        observer,
        stream -> {
          stream.onCancel(evaluator::wake);
          interpolate(request, stream);
        });
  }

  @Override
  public void evaluateCombinations(
      EvaluateCombinationsRequest request, StreamObserver<EvaluateCombinationsResponse> observer) {
    RequestChecks.check(request);
    ServerStream.pump(
        observer,
        stream -> {
          stream.onCancel(evaluator::wake);
          combine(request, stream);
        });
  }

  private void interpolate(
      EvaluateInterpolationRequest request, ServerStream<EvaluateInterpolationResponse> stream)
      throws InterruptedException {
    try (Evaluator.Place place = evaluator.admit()) {
      Evaluation evaluation =
          evaluator.open(
              List.of(request.getModelA(), request.getModelB()),
              List.of("model_a", "model_b"),
              samples(request.getSamplesList()),
              ClassifierMessages.computePrecision(request.getPrecision()),
              new ExampleDetails(request.getIncludeExampleLosses(), false),
              stream::isCancelled);
      Model a = evaluation.models().get(0);
      Model b = evaluation.models().get(1);
      var header =
          InterpolationHeader.newBuilder()
              .setModelA(describe(a))
              .setModelB(describe(b))
              .addAllSamples(describe(evaluation))
              .setProvenance(ClassifierMessages.provenance(evaluation.precision()));
      if (request.getIncludeEuclideanDistance()) {
        header.setEuclideanDistance(evaluator.distance(a, b, stream::isCancelled));
      }
      stream.send(EvaluateInterpolationResponse.newBuilder().setHeader(header).build());
      for (double alpha : request.getAlphasList()) {
        var weights = AffineCombination.line(a.key(), b.key(), alpha);
        // What comes next on a line needs the same two models.
        List<Point> points = evaluator.measure(evaluation, weights, null, stream::isCancelled);
        for (int s = 0; s < points.size(); s++) {
          stream.send(
              EvaluateInterpolationResponse.newBuilder()
                  .setPoint(interpolationPoint(evaluation, alpha, s, points.get(s)))
                  .build());
          for (var losses : exampleLosses(points.get(s))) {
            stream.send(
                EvaluateInterpolationResponse.newBuilder().setExampleLosses(losses).build());
          }
        }
      }
    }
  }

  private static List<AskedSample> samples(List<EvaluationSample> samples) {
    return IntStream.range(0, samples.size())
        .mapToObj(
            s ->
                Samples.within(
                    "samples[" + s + "]",
                    () ->
                        new AskedSample(
                            Samples.sample(samples.get(s)),
                            Samples.labels(samples.get(s)).orElse(null),
                            samples.get(s).getPositiveLabel())))
        .toList();
  }

  private void combine(
      EvaluateCombinationsRequest request, ServerStream<EvaluateCombinationsResponse> stream)
      throws InterruptedException {
    try (Evaluator.Place place = evaluator.admit()) {
      Evaluation evaluation =
          evaluator.open(
              request.getModelsList(),
              IntStream.range(0, request.getModelsCount())
                  .mapToObj(k -> "models[" + k + "]")
                  .toList(),
              samples(request.getSamplesList()),
              ClassifierMessages.computePrecision(request.getPrecision()),
              new ExampleDetails(
                  request.getIncludeExampleLosses(), request.getIncludeExampleProbabilities()),
              stream::isCancelled);
      var header =
          CombinationHeader.newBuilder()
              .addAllModels(evaluation.models().stream().map(EvaluationService::describe).toList())
              .addAllSamples(describe(evaluation))
              .setProvenance(ClassifierMessages.provenance(evaluation.precision()));
      stream.send(EvaluateCombinationsResponse.newBuilder().setHeader(header).build());
      for (int c = 0; c < request.getCombinationsCount(); c++) {
        List<Point> points =
            evaluator.measure(
                evaluation,
                combination(evaluation, request, c),
                c + 1 < request.getCombinationsCount()
                    ? combination(evaluation, request, c + 1)
                    : null,
                stream::isCancelled);
        for (int s = 0; s < points.size(); s++) {
          stream.send(
              EvaluateCombinationsResponse.newBuilder()
                  .setPoint(combinationPoint(evaluation, c, s, points.get(s)))
                  .build());
          for (var losses : exampleLosses(points.get(s))) {
            stream.send(EvaluateCombinationsResponse.newBuilder().setExampleLosses(losses).build());
          }
          for (var probabilities : exampleProbabilities(evaluation, s, points.get(s))) {
            stream.send(
                EvaluateCombinationsResponse.newBuilder()
                    .setExampleProbabilities(probabilities)
                    .build());
          }
        }
      }
    }
  }

  private static AffineCombination combination(
      Evaluation evaluation, EvaluateCombinationsRequest request, int index) {
    Combination combination = request.getCombinations(index);
    return AffineCombination.of(evaluation.modelKeys(), combination.getCoefficientsList());
  }

  private EvaluatorStatistics statistics() {
    DeviceWork work = counters.deviceWork();
    return EvaluatorStatistics.newBuilder()
        .setComputedPointCount(counters.pointsComputed())
        .setCachedPointCount(counters.pointsFromCache())
        .setVectorReadCount(counters.vectorsRead())
        .setSampleDrawnCount(counters.samplesDrawn())
        .setBusySeconds(work.busyNanos() / NANOS_PER_SECOND)
        .setLoadingSeconds(work.loadingNanos() / NANOS_PER_SECOND)
        .setInterpolatingSeconds(work.interpolatingNanos() / NANOS_PER_SECOND)
        .setForwardSeconds(work.forwardNanos() / NANOS_PER_SECOND)
        .setPrefetchingSeconds(counters.prefetchingNanos() / NANOS_PER_SECOND)
        .setUsefulTokenCount(work.tokens())
        .setPaddedTokenCount(work.paddedTokens())
        .setFloatingPointOperations(work.floatingPointOperations())
        .setHeldBytes(evaluator.heldBytes())
        .setPeakHeldBytes(evaluator.peakHeldBytes())
        .setMemoryLimitBytes(evaluator.memoryLimitBytes())
        .setProvenance(ClassifierMessages.provenance(Precision.PRECISION_UNSPECIFIED))
        .setWorkerCount(evaluator.workers())
        .build();
  }

  private static ModelDescription describe(Model model) {
    return ModelDescription.newBuilder()
        .setDigest(ClassifierMessages.digest(model.digest()))
        .addAllNotices(model.notices())
        .setOrigin(Origin.newBuilder().putAllFacts(new TreeMap<>(model.origin())))
        .setParameterCount(ParameterLayout.of(model.architecture()).size())
        .build();
  }

  private static List<SampleDescription> describe(Evaluation evaluation) {
    return evaluation.samples().stream().map(EvaluationService::describe).toList();
  }

  private static SampleDescription describe(MeasuredSample sample) {
    var encoded = sample.encoded();
    return SampleDescription.newBuilder()
        .setName(sample.name())
        .setDigest(ClassifierMessages.digest(encoded.digest()))
        .setExampleCount(encoded.examples().size())
        .setTokenCount(encoded.tokenCount())
        .setTruncatedExampleCount(encoded.truncatedCount())
        .setRowCount(encoded.rowCount())
        .addAllLabels(sample.mapping().dataLabels())
        .setPositiveLabel(sample.mapping().positiveLabel())
        .addAllNotices(encoded.notices())
        .build();
  }

  private static InterpolationPoint.Builder interpolationPoint(
      Evaluation evaluation, double alpha, int sample, Point point) {
    return InterpolationPoint.newBuilder()
        .setAlpha(alpha)
        .setSampleIndex(sample)
        .setMetrics(metrics(evaluation, sample, point))
        .setCached(point.cached());
  }

  private static CombinationPoint.Builder combinationPoint(
      Evaluation evaluation, int combination, int sample, Point point) {
    return CombinationPoint.newBuilder()
        .setCombinationIndex(combination)
        .setSampleIndex(sample)
        .setMetrics(metrics(evaluation, sample, point))
        .setCached(point.cached());
  }

  private static ClassificationMetrics metrics(Evaluation evaluation, int sample, Point point) {
    return ClassifierMessages.metrics(
        point.scores(), evaluation.samples().get(sample).mapping().positiveLabel());
  }

  /**
   * The losses of a point's examples in parts that fit a message; none where none were asked for.
   */
  private static List<ExampleLosses> exampleLosses(Point point) {
    double[] losses = point.exampleLossesNats();
    var parts = new ArrayList<ExampleLosses>();
    for (int from = 0; losses != null && from < losses.length; from += LOSSES_A_PART) {
      int to = Math.min(losses.length, from + LOSSES_A_PART);
      parts.add(
          ExampleLosses.newBuilder()
              .setFirstExample(from)
              .addAllLossesNats(Doubles.asList(losses).subList(from, to))
              .build());
    }
    return parts;
  }

  /**
   * The probabilities of a point's examples in parts that fit a message; none where none were asked
   * for.
   */
  private static List<ExampleProbabilities> exampleProbabilities(
      Evaluation evaluation, int sample, Point point) {
    float[] probabilities = point.exampleProbabilities();
    int labels = evaluation.samples().get(sample).mapping().dataLabels().size();
    int atOnce = Math.max(1, PROBABILITIES_A_PART / labels) * labels;
    var parts = new ArrayList<ExampleProbabilities>();
    for (int from = 0; probabilities != null && from < probabilities.length; from += atOnce) {
      int to = Math.min(probabilities.length, from + atOnce);
      parts.add(
          ExampleProbabilities.newBuilder()
              .setFirstExample(from / labels)
              .addAllProbabilities(Floats.asList(probabilities).subList(from, to))
              .build());
    }
    return parts;
  }
}
