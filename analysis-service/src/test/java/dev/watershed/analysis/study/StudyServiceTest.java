package dev.watershed.analysis.study;

import static dev.watershed.analysis.study.TestSpecs.spec;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.protobuf.Any;
import com.google.protobuf.Message;
import com.google.rpc.BadRequest;
import com.google.rpc.Code;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import com.google.rpc.Status;
import dev.watershed.analysis.v1.AlphaProtocol;
import dev.watershed.analysis.v1.CancelStudyRequest;
import dev.watershed.analysis.v1.CreateStudyRequest;
import dev.watershed.analysis.v1.DistanceMetric;
import dev.watershed.analysis.v1.ExportStudyRequest;
import dev.watershed.analysis.v1.ListStudiesRequest;
import dev.watershed.analysis.v1.ModelReport;
import dev.watershed.analysis.v1.Study;
import dev.watershed.analysis.v1.StudyState;
import dev.watershed.analysis.v1.WatchStudyRequest;
import dev.watershed.server.RefusedException;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class StudyServiceTest extends ServedStudies {
  private static final String[] MODELS = {"left-0", "right-0", "left-1", "right-1", "left-2"};

  @Test
  void create_fiveModels_succeedsWithEachPointAskedForOnce() {
    var study = process.create(spec(MODELS));
    assertThat(study.getName()).matches("studies/[0-9a-f-]{36}");
    var ended = process.await(study.getName());

    assertThat(ended.getState()).isEqualTo(StudyState.STUDY_STATE_SUCCEEDED);
    assertThat(ended.hasEndTime()).isTrue();
    assertThat(evaluator.evaluations.values()).containsOnly(1);
    assertThat(evaluator.total("in-domain")).isEqualTo(10 * 9 + 5);
    assertThat(evaluator.total("diagnostic")).isEqualTo(5);
    assertThat(ended.getProgress().getCompletedPoints()).isEqualTo(10 * 9 + 5 * 2);
    assertThat(ended.getProgress().getTotalPoints()).isEqualTo(10 * 9 + 5 * 2);
    assertThat(ended.getProgress().getCompletedPairs()).isEqualTo(10);
    assertThat(ended.getProgress().getTotalPairs()).isEqualTo(10);
    assertThat(ended.getProgress().getRemainingSeconds()).isZero();
  }

  @Test
  void create_twoEndsAlone_asksForTheDistancesOnly() {
    var spec =
        spec(MODELS).toBuilder()
            .setIntervalCount(1)
            .setDistance(DistanceMetric.DISTANCE_METRIC_EUCLIDEAN)
            .build();
    var name = process.create(spec).getName();
    assertThat(process.await(name).getState()).isEqualTo(StudyState.STUDY_STATE_SUCCEEDED);

    var pair = process.report(name).getPairs(0);
    assertThat(pair.getCurve().getAlphasList()).containsExactly(0.0, 1.0);
    assertThat(pair.getEuclideanDistance()).isEqualTo(10);
    assertThat(pair.getDistance()).isEqualTo(10);
    assertThat(process.get(name).getProgress().getTotalPoints()).isEqualTo(10);
  }

  @Test
  void create_sameRequestId_returnsTheSameStudyAndRefusesAnotherBody() throws Exception {
    var request = CreateStudyRequest.newBuilder().setSpec(spec(MODELS)).setRequestId("one").build();
    var first = process.stub().createStudy(request).getStudy();
    var spelledOut =
        request.toBuilder()
            .setSpec(spec(MODELS).toBuilder().setProtocol(AlphaProtocol.ALPHA_PROTOCOL_PAPER))
            .build();
    assertThat(process.stub().createStudy(request).getStudy().getName()).isEqualTo(first.getName());

    var other = request.toBuilder().setSpec(spec("left-0", "left-1")).build();
    // Also what means the same is another body.
    for (var different : List.of(other, spelledOut)) {
      var status = refusal(() -> process.stub().createStudy(different));
      assertThat(status.getCode()).isEqualTo(Code.ALREADY_EXISTS_VALUE);
      assertThat(reason(status)).isEqualTo("REQUEST_ID_REUSED");
      assertThat(status.getMessage()).contains("\"one\"").contains(first.getName());
    }
    assertThat(
            process.stub().listStudies(ListStudiesRequest.getDefaultInstance()).getStudiesCount())
        .isEqualTo(1);
    process.await(first.getName());
  }

  @Test
  void create_moreThanTheQueueHolds_isRefusedAndChangesNothing() throws Exception {
    process.close();
    startProcess(
        Map.of(
            "watershed.analysis.concurrent-studies",
            0,
            "watershed.analysis.max-queued-studies",
            2));
    var names = List.of(process.create(spec(MODELS)), process.create(spec(MODELS)));

    var status = refusal(() -> process.create(spec(MODELS)));

    assertThat(status.getCode()).isEqualTo(Code.RESOURCE_EXHAUSTED_VALUE);
    assertThat(reason(status)).isEqualTo("QUEUE_FULL");
    assertThat(detail(status, RetryInfo.class).getRetryDelay().getSeconds()).isPositive();
    assertThat(status.getMessage())
        .isEqualTo(
            "2 studies wait, and the queue holds 2. Retry later, or raise"
                + " watershed.analysis.max-queued-studies.");
    assertThat(
            process.stub().listStudies(ListStudiesRequest.getDefaultInstance()).getStudiesCount())
        .isEqualTo(2);
    // One that waits no more makes room.
    process
        .stub()
        .cancelStudy(CancelStudyRequest.newBuilder().setName(names.get(0).getName()).build());
    assertThat(process.create(spec(MODELS)).getState()).isEqualTo(StudyState.STUDY_STATE_QUEUED);
  }

  @Test
  void close_midway_nextProcessAsksForTheMissingPointsOnly() throws Exception {
    var halted = new CountDownLatch(1);
    var name = haltAfter(30, halted);
    assertThat(halted.await(20, TimeUnit.SECONDS)).isTrue();
    process.close();
    evaluator.beforePoint = evaluation -> {};
    startProcess(Map.of());

    assertThat(process.await(name).getState()).isEqualTo(StudyState.STUDY_STATE_SUCCEEDED);
    assertThat(evaluator.evaluations.keySet()).hasSize(10 * 9 + 5 * 2);
    assertThat(repeated()).as("points in flight").isLessThanOrEqualTo(2);
    assertThat(process.get(name).getProgress().getCompletedPoints()).isEqualTo(10 * 9 + 5 * 2);
  }

  @Test
  void process_goneSilent_anotherTakesOverAndTheFirstLosesItsHold() throws Exception {
    var halted = new CountDownLatch(1);
    var name = haltAfter(30, halted);
    assertThat(halted.await(20, TimeUnit.SECONDS)).isTrue();
    var silent = process;
    evaluator.beforePoint = evaluation -> {};
    startProcess(Map.of());
    try {
      assertThat(process.await(name).getState()).isEqualTo(StudyState.STUDY_STATE_SUCCEEDED);
    } finally {
      silent.close();
    }

    assertThat(process.get(name).getProgress().getCompletedPoints()).isEqualTo(10 * 9 + 5 * 2);
    assertThat(evaluator.evaluations.keySet()).hasSize(10 * 9 + 5 * 2);
    assertThat(process.report(name).getPairsCount()).isEqualTo(10);
  }

  @Test
  void run_evaluatorUnavailableTwice_isAskedAgain() {
    evaluator.failuresOfCalls.add(unavailable());
    evaluator.failuresOfCalls.add(
        RefusedException.resourceExhausted("QUEUE_FULL", "full", Duration.ofMillis(5)));
    evaluator.failuresOfCalls.add(unavailable());
    var name = process.create(spec(MODELS)).getName();

    assertThat(process.await(name).getState()).isEqualTo(StudyState.STUDY_STATE_SUCCEEDED);
    assertThat(evaluator.evaluations.values()).containsOnly(1);
  }

  @Test
  void run_streamBreaksAfterEachPoint_asksForTheRestOnly() {
    var points = new AtomicInteger();
    evaluator.beforePoint =
        evaluation -> {
          if (points.incrementAndGet() % 2 == 0) {
            throw unavailable();
          }
        };
    var name = process.create(spec(MODELS)).getName();

    assertThat(process.await(name).getState()).isEqualTo(StudyState.STUDY_STATE_SUCCEEDED);
    assertThat(evaluator.evaluations.values()).containsOnly(1);
  }

  @Test
  void run_evaluatorUnavailableForTooLong_fails() throws Exception {
    process.close();
    startProcess(Map.of("watershed.analysis.evaluator.patience", "20ms"));
    evaluator.beforePoint =
        evaluation -> {
          throw unavailable();
        };
    var ended = process.await(process.create(spec(MODELS)).getName());

    assertThat(ended.getState()).isEqualTo(StudyState.STUDY_STATE_FAILED);
    assertThat(ended.getError().getCode()).isEqualTo(Code.UNAVAILABLE_VALUE);
  }

  @Test
  void run_evaluatorRefuses_failsWithItsStatusInside() throws Exception {
    evaluator.beforePoint =
        evaluation -> {
          if (evaluation.models().contains(" ")) {
            throw RefusedException.invalidArgument("LABEL_UNKNOWN", "samples[0]", "no such label");
          }
        };
    var name = process.create(spec(MODELS)).getName();
    var ended = process.await(name);

    assertThat(ended.getState()).isEqualTo(StudyState.STUDY_STATE_FAILED);
    assertThat(ended.getError().getCode()).isEqualTo(Code.INVALID_ARGUMENT_VALUE);
    assertThat(reason(ended.getError())).isEqualTo("LABEL_UNKNOWN");
    assertThat(ended.getError().getMessage())
        .contains("checkpoints/left-0 and checkpoints/")
        .contains("no such label");
    var status = refusal(() -> process.report(name));
    assertThat(status.getCode()).isEqualTo(Code.FAILED_PRECONDITION_VALUE);
    assertThat(reason(status)).isEqualTo("STUDY_NOT_SUCCEEDED");
  }

  @Test
  void run_bareStatusOfEvaluator_carriesAReason() throws Exception {
    evaluator.failuresOfCalls.add(io.grpc.Status.UNIMPLEMENTED.asRuntimeException());
    var ended = process.await(process.create(spec(MODELS)).getName());

    assertThat(ended.getError().getCode()).isEqualTo(Code.UNIMPLEMENTED_VALUE);
    assertThat(reason(ended.getError())).isEqualTo("EVALUATOR_FAILED");
  }

  @Test
  void run_limitThatDoesNotPass_failsAtOnce() throws Exception {
    evaluator.failuresOfCalls.add(
        io.grpc.Status.RESOURCE_EXHAUSTED
            .withDescription("gRPC message exceeds maximum size")
            .asRuntimeException());
    var ended = process.await(process.create(spec(MODELS)).getName());

    assertThat(ended.getState()).isEqualTo(StudyState.STUDY_STATE_FAILED);
    assertThat(ended.getError().getCode()).isEqualTo(Code.RESOURCE_EXHAUSTED_VALUE);
    assertThat(ended.getError().getMessage()).contains("exceeds maximum size");
  }

  @Test
  void run_slowPrecision_isAllowedWhereTheSpecDoes() {
    process.await(process.create(spec(MODELS)).getName());
    assertThat(evaluator.slowPrecisionAllowed).containsExactly(false);

    evaluator.slowPrecisionAllowed.clear();
    evaluator.version = "2";
    process.await(
        process.create(spec(MODELS).toBuilder().setAllowSlowPrecision(true).build()).getName());
    assertThat(evaluator.slowPrecisionAllowed).containsExactly(true);
  }

  @Test
  void run_modelChangedUnderneath_fails() throws Exception {
    evaluator.beforePoint = changeAfterModels(() -> evaluator.version = "2");
    var ended = process.await(process.create(spec(MODELS)).getName());

    assertThat(ended.getState()).isEqualTo(StudyState.STUDY_STATE_FAILED);
    assertThat(ended.getError().getCode()).isEqualTo(Code.FAILED_PRECONDITION_VALUE);
    assertThat(reason(ended.getError())).isEqualTo("MODEL_CHANGED");
  }

  @Test
  void run_sampleChangedUnderneath_fails() throws Exception {
    evaluator.beforePoint = changeAfterModels(() -> evaluator.sampleVersion = "2");
    var ended = process.await(process.create(spec(MODELS)).getName());

    assertThat(reason(ended.getError())).isEqualTo("SAMPLE_CHANGED");
    assertThat(ended.getError().getMessage()).contains("\"in-domain\"");
  }

  @Test
  void run_modelThatDiverged_failsBeforeAnyPair() throws Exception {
    var ended = process.await(process.create(spec("left-0", "broken-0", "left-1")).getName());

    assertThat(ended.getState()).isEqualTo(StudyState.STUDY_STATE_FAILED);
    assertThat(ended.getError().getCode()).isEqualTo(Code.FAILED_PRECONDITION_VALUE);
    assertThat(reason(ended.getError())).isEqualTo("MODEL_DIVERGED");
    assertThat(ended.getError().getMessage()).contains("checkpoints/broken-0 (NaN)");
    assertThat(evaluator.total()).isEqualTo(3 * 2);
  }

  @Test
  void run_pathThatDiverges_isInfinitelyHighAndKeepsWhatWasMeasured() {
    var name = process.create(spec("left-0", "left-1", "void-0", "left-2")).getName();
    assertThat(process.await(name).getState()).isEqualTo(StudyState.STUDY_STATE_SUCCEEDED);
    var report = process.report(name);

    var finite = report.getPairs(0);
    assertThat(finite.getDistance()).isFinite();
    var wall = report.getPairs(1);
    assertThat(List.of(wall.getModelA(), wall.getModelB())).containsExactly(0, 2);
    assertThat(wall.getCurve().getLossesNats(1)).isNaN();
    assertThat(wall.getDistance()).isEqualTo(Double.POSITIVE_INFINITY);
    assertThat(wall.getMetrics().getBarrierHeightNats()).isEqualTo(Double.POSITIVE_INFINITY);
    assertThat(wall.getMetrics().getBarrierAlpha()).isEqualTo(.1);
    assertThat(report.getModelsList())
        .extracting(ModelReport::getCluster)
        .containsExactly(0, 0, -1, 0);
    assertThat(report.getGroups(0).getFit().getPointCount()).isEqualTo(3);
    assertThat(report.getFinding()).contains("not finite").contains("3 of 6 pairs");
    assertThat(export(name)).hasSize(7);
  }

  @Test
  void cancel_running_endsAtOnceAndKeepsPoints() throws Exception {
    var halted = new CountDownLatch(1);
    var name = haltAfter(30, halted);
    assertThat(halted.await(20, TimeUnit.SECONDS)).isTrue();
    var cancelled =
        process.stub().cancelStudy(CancelStudyRequest.newBuilder().setName(name).build());

    assertThat(cancelled.getStudy().getState()).isEqualTo(StudyState.STUDY_STATE_CANCELLED);
    assertThat(cancelled.getStudy().getProgress().getCompletedPoints()).isGreaterThan(20);
    assertThat(process.await(name).getState()).isEqualTo(StudyState.STUDY_STATE_CANCELLED);
    evaluator.beforePoint = evaluation -> {};
    // The worker is free for the next study, and nothing more is asked for the cancelled one.
    var next = process.create(spec("right-3", "right-4")).getName();
    assertThat(process.await(next).getState()).isEqualTo(StudyState.STUDY_STATE_SUCCEEDED);
    assertThat(evaluator.total()).isLessThan(60);
    var again = process.stub().cancelStudy(CancelStudyRequest.newBuilder().setName(next).build());
    assertThat(again.getStudy().getState()).isEqualTo(StudyState.STUDY_STATE_SUCCEEDED);
  }

  @Test
  void cancel_queued_neverRuns() throws Exception {
    var halted = new CountDownLatch(1);
    var first = haltAfter(5, halted);
    assertThat(halted.await(20, TimeUnit.SECONDS)).isTrue();
    var second = process.create(spec("right-3", "right-4")).getName();
    process.stub().cancelStudy(CancelStudyRequest.newBuilder().setName(second).build());

    assertThat(process.watch(second))
        .extracting(Study::getState)
        .containsExactly(StudyState.STUDY_STATE_CANCELLED);
    evaluator.beforePoint = evaluation -> {};
    process.stub().cancelStudy(CancelStudyRequest.newBuilder().setName(first).build());
  }

  @Test
  void watch_toTheEnd_tellsEveryStateAndGrowingProgress() throws Exception {
    var halted = new CountDownLatch(1);
    var name = haltAfter(1, halted);
    assertThat(halted.await(20, TimeUnit.SECONDS)).isTrue();
    var second = process.create(spec("right-3", "right-4")).getName();
    var responses =
        process.stub().watchStudy(WatchStudyRequest.newBuilder().setName(second).build());
    assertThat(responses.next().getStudy().getState()).isEqualTo(StudyState.STUDY_STATE_QUEUED);
    evaluator.beforePoint = evaluation -> {};
    process.stub().cancelStudy(CancelStudyRequest.newBuilder().setName(name).build());

    var states = new LinkedHashSet<StudyState>();
    long points = 0;
    while (responses.hasNext()) {
      var study = responses.next().getStudy();
      states.add(study.getState());
      assertThat(study.getProgress().getCompletedPoints()).isGreaterThanOrEqualTo(points);
      points = study.getProgress().getCompletedPoints();
    }
    assertThat(states)
        .containsExactly(StudyState.STUDY_STATE_RUNNING, StudyState.STUDY_STATE_SUCCEEDED);
    assertThat(points).isEqualTo(9 + 2 * 2);
  }

  @Test
  void watch_unknownStudy_isRefused() throws Exception {
    var status = refusal(() -> process.watch("studies/none"));
    assertThat(status.getCode()).isEqualTo(Code.NOT_FOUND_VALUE);
    assertThat(reason(status)).isEqualTo("STUDY_NOT_FOUND");
  }

  @Test
  void list_smallPages_givesEachStudyOnceOldestFirst() throws Exception {
    var names =
        IntStream.range(0, 5).mapToObj(i -> process.create(spec(MODELS)).getName()).toList();
    var first = process.stub().listStudies(ListStudiesRequest.newBuilder().setPageSize(3).build());
    var second =
        process
            .stub()
            .listStudies(
                ListStudiesRequest.newBuilder()
                    .setPageSize(3)
                    .setPageToken(first.getNextPageToken())
                    .build());

    assertThat(first.getStudiesList()).extracting(Study::getName).isEqualTo(names.subList(0, 3));
    assertThat(second.getStudiesList()).extracting(Study::getName).isEqualTo(names.subList(3, 5));
    assertThat(second.getNextPageToken()).isEmpty();
    for (var token : List.of("x", "c3R1ZGllcw", "%%%")) {
      var request = ListStudiesRequest.newBuilder().setPageToken(token).build();
      var status = refusal(() -> process.stub().listStudies(request));
      assertThat(reason(status)).isEqualTo("PAGE_TOKEN_INVALID");
      assertThat(field(status)).isEqualTo("page_token");
    }
  }

  @Test
  void export_succeeded_sendsEveryFile() {
    var name = process.create(spec(MODELS)).getName();
    process.await(name);
    var files = export(name);

    assertThat(files)
        .containsOnlyKeys(
            "report.html",
            "report.json",
            "models.csv",
            "pairs.csv",
            "curves.csv",
            "points.parquet",
            "pairs.parquet");
    assertThat(files)
        .hasEntrySatisfying("report.json", json -> assertThat(json.toString()).contains(name));
  }

  private Map<String, ByteArrayOutputStream> export(String name) {
    var files = new HashMap<String, ByteArrayOutputStream>();
    process
        .stub()
        .exportStudy(ExportStudyRequest.newBuilder().setName(name).build())
        .forEachRemaining(
            part ->
                files
                    .computeIfAbsent(part.getFileName(), file -> new ByteArrayOutputStream())
                    .writeBytes(part.getContent().toByteArray()));
    return files;
  }

  /** Creates a study whose evaluator stops answering after so many points. */
  private String haltAfter(int count, CountDownLatch halted) {
    var points = new AtomicInteger();
    var forever = new CountDownLatch(1);
    evaluator.beforePoint =
        evaluation -> {
          if (points.incrementAndGet() > count) {
            halted.countDown();
            try {
              // Ends with the test at the latest, when the call is gone.
              if (!forever.await(60, TimeUnit.SECONDS)) {
                throw new IllegalStateException("the test takes too long");
              }
            } catch (InterruptedException e) {
              throw new IllegalStateException(e);
            }
          }
        };
    return process.create(spec(MODELS)).getName();
  }

  private long repeated() {
    return evaluator.evaluations.values().stream().filter(times -> times > 1).count();
  }

  private static Consumer<FakeEvaluator.Evaluation> changeAfterModels(Runnable change) {
    var points = new AtomicInteger();
    return evaluation -> {
      if (points.incrementAndGet() == 10) {
        change.run();
      }
    };
  }

  private static StatusRuntimeException unavailable() {
    return io.grpc.Status.UNAVAILABLE.withDescription("restarting").asRuntimeException();
  }

  private static Status refusal(Runnable call) {
    var thrown = catchThrowableOfType(StatusRuntimeException.class, call::run);
    assertThat(thrown).isNotNull();
    return StatusProto.fromThrowable(thrown);
  }

  private static String reason(Status status) throws Exception {
    return detail(status, ErrorInfo.class).getReason();
  }

  private static String field(Status status) throws Exception {
    return detail(status, BadRequest.class).getFieldViolations(0).getField();
  }

  private static <T extends Message> T detail(Status status, Class<T> type) throws Exception {
    for (Any detail : status.getDetailsList()) {
      if (detail.is(type)) {
        return detail.unpack(type);
      }
    }
    throw new AssertionError("no " + type.getSimpleName() + " in " + status);
  }
}
