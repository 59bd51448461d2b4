package dev.watershed.analysis.study;

import static dev.watershed.analysis.study.TestSpecs.sample;
import static dev.watershed.analysis.study.TestSpecs.spec;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import dev.watershed.analysis.v1.CreateStudyRequest;
import dev.watershed.analysis.v1.CreateStudyResponse;
import dev.watershed.analysis.v1.Diagnostic;
import dev.watershed.analysis.v1.ListStudiesRequest;
import dev.watershed.analysis.v1.StudySpec;
import dev.watershed.eval.v1.EvaluateCombinationsRequest;
import dev.watershed.server.RefusedException;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What the evaluator says of a study before it is made. */
final class StudyCheckTest extends ServedStudies {
  StudyCheckTest() {
    super(Map.of("watershed.analysis.evaluator.check-deadline", "500ms"));
  }

  @Test
  void create_checkpointThatIsNot_isRefusedByItsField() throws Exception {
    evaluator.beforeCheck =
        request -> {
          throw RefusedException.notFound(
              "CHECKPOINT_NOT_FOUND",
              "checkpoints/right-0",
              "models[1]: there is no checkpoints/right-0; list what there is.");
        };

    assertRefused(
        Code.NOT_FOUND, "CHECKPOINT_NOT_FOUND", "spec.models[1].checkpoint", "there is no");
  }

  @Test
  void create_modelsThatDoNotFit_areRefusedByTheFieldOfTheSecond() throws Exception {
    evaluator.beforeCheck =
        request -> {
          throw RefusedException.failedPrecondition(
              "MODELS_DIFFER_IN_TOKENIZER",
              "checkpoints/right-0",
              "checkpoints/left-0 and checkpoints/right-0 read texts by different tokenizers.");
        };

    assertRefused(
        Code.FAILED_PRECONDITION,
        "MODELS_DIFFER_IN_TOKENIZER",
        "spec.models[1].checkpoint",
        "different tokenizers");
  }

  @Test
  void create_diagnosticThatCannotBeRead_isRefusedByItsField() throws Exception {
    evaluator.beforeCheck =
        request -> {
          throw RefusedException.invalidArgument(
              "COLUMN_NOT_FOUND", "samples[1].split.file.label_column", "no column \"x\"");
        };

    assertRefused(
        Code.INVALID_ARGUMENT,
        "COLUMN_NOT_FOUND",
        "spec.diagnostics[0].sample.split.file.label_column",
        "no column");
  }

  @Test
  void create_inDomainLabelsThatDoNotFit_areRefusedByTheirField() throws Exception {
    evaluator.beforeCheck =
        request -> {
          throw RefusedException.invalidArgument(
              "LABELS_UNMAPPED", "samples[0].label_mapping", "map the labels");
        };

    assertRefused(
        Code.INVALID_ARGUMENT, "LABELS_UNMAPPED", "spec.in_domain.label_mapping", "map the labels");
  }

  @Test
  void create_firstBlockLargerThanTheSplit_isRefusedByItsField() throws Exception {
    evaluator.beforeCheck =
        request -> {
          throw RefusedException.invalidArgument(
              "SAMPLE_SIZE_INVALID", "samples[0].size", "512 examples of 300 rows");
        };
    var growing = spec("left-0", "right-0").toBuilder();
    growing.getInDomainGrowthBuilder().setHalfWidthNats(.01);
    growing.getInDomainBuilder().clearSize().setSeed(1);

    assertRefused(
        growing.build(),
        Code.INVALID_ARGUMENT,
        "SAMPLE_SIZE_INVALID",
        "spec.in_domain_growth.first_example_count",
        "300 rows");
  }

  @Test
  void create_evaluatorWithoutRoom_isAcceptedWithANotice() {
    evaluator.beforeCheck =
        request -> {
          throw RefusedException.resourceExhausted("QUEUE_FULL", "full", Duration.ofSeconds(1));
        };

    var response = create(spec("left-0", "right-0"));
    assertThat(response.getNoticesList())
        .singleElement()
        .asString()
        .contains("not known yet")
        .contains("RESOURCE_EXHAUSTED");
    process.await(response.getStudy().getName());
    assertThat(evaluator.total()).isPositive();
  }

  @Test
  void create_evaluatorThatDoesNotAnswer_isAcceptedInTime() {
    var never = new CountDownLatch(1);
    evaluator.beforeCheck = request -> StudyProcess.await(never);
    try {
      assertThat(create(spec("left-0", "right-0")).getNotices(0)).contains("DEADLINE_EXCEEDED");
    } finally {
      never.countDown();
    }
  }

  @Test
  void create_nothingToSay_hasNoNoticeAndComputesNothingItself() {
    var asked = recorded();
    evaluator.beforePoint = point -> assertThat(asked).hasSize(1);
    var response = create(spec("left-0", "right-0"));

    assertThat(response.getNoticesList()).isEmpty();
    assertThat(asked)
        .singleElement()
        .satisfies(
            request -> {
              assertThat(request.getModelsList())
                  .containsExactly("checkpoints/left-0", "checkpoints/right-0");
              assertThat(request.getSamplesCount()).isEqualTo(2);
            });
  }

  @Test
  void create_sameRequestAgain_asksNoMore() {
    var request =
        CreateStudyRequest.newBuilder()
            .setSpec(spec("left-0", "right-0"))
            .setRequestId("r")
            .build();
    var first = process.stub().createStudy(request).getStudy();
    var asked = recorded();
    evaluator.beforeCheck =
        evaluator.beforeCheck.andThen(
            check -> {
              throw RefusedException.notFound("CHECKPOINT_NOT_FOUND", "checkpoints/left-0", "gone");
            });

    assertThat(process.stub().createStudy(request).getStudy().getName()).isEqualTo(first.getName());
    assertThat(asked).isEmpty();
  }

  @Test
  void create_moreModelsThanACallTakes_comparesAllWithTheFirst() throws Exception {
    var asked = recorded();
    var models = IntStream.range(0, 250).mapToObj(i -> "left-" + i).toArray(String[]::new);
    var spec = spec(models).toBuilder().setIntervalCount(1);
    create(spec.build());

    assertThat(asked)
        .extracting(EvaluateCombinationsRequest::getModelsCount)
        .containsExactly(100, 100, 52);
    assertThat(asked)
        .allSatisfy(request -> assertThat(request.getModels(0)).isEqualTo("checkpoints/left-0"));
    assertThat(asked.stream().flatMap(request -> request.getModelsList().stream()).distinct())
        .hasSize(250);

    Consumer<EvaluateCombinationsRequest> second =
        request -> {
          if (request.getModels(1).equals("checkpoints/left-100")) {
            throw RefusedException.invalidArgument("MODEL_HAS_NAN", "models[3]", "models[3] NaN");
          }
        };
    evaluator.beforeCheck = second;
    var refused = catchThrowableOfType(StatusRuntimeException.class, () -> create(spec.build()));
    assertThat(field(refused)).isEqualTo("spec.models[102].checkpoint");
    assertThat(refused.getStatus().getDescription()).contains("spec.models[102].checkpoint NaN");
  }

  @Test
  void create_moreDiagnosticsThanACallTakes_checksThemAll() {
    var asked = recorded();
    var spec = spec("left-0", "right-0").toBuilder().clearDiagnostics();
    for (int i = 0; i < 100; i++) {
      spec.addDiagnostics(Diagnostic.newBuilder().setSample(sample("d" + i)));
    }
    create(spec.build());

    assertThat(asked)
        .extracting(EvaluateCombinationsRequest::getSamplesCount)
        .containsExactly(100, 1);
  }

  private Queue<EvaluateCombinationsRequest> recorded() {
    var asked = new ConcurrentLinkedQueue<EvaluateCombinationsRequest>();
    evaluator.beforeCheck = asked::add;
    return asked;
  }

  private CreateStudyResponse create(StudySpec spec) {
    return process.stub().createStudy(CreateStudyRequest.newBuilder().setSpec(spec).build());
  }

  private void assertRefused(Code code, String reason, String field, String message)
      throws Exception {
    assertRefused(spec("left-0", "right-0"), code, reason, field, message);
  }

  private void assertRefused(StudySpec spec, Code code, String reason, String field, String message)
      throws Exception {
    var refused = catchThrowableOfType(StatusRuntimeException.class, () -> create(spec));

    assertThat(refused).isNotNull();
    assertThat(refused.getStatus().getCode()).isEqualTo(code);
    assertThat(refused.getStatus().getDescription()).contains(message);
    assertThat(field(refused)).isEqualTo(field);
    assertThat(detail(refused, ErrorInfo.class).getReason()).isEqualTo(reason);
    assertThat(process.stub().listStudies(ListStudiesRequest.getDefaultInstance()).getStudiesList())
        .isEmpty();
  }

  private static String field(StatusRuntimeException refused) throws Exception {
    return detail(refused, BadRequest.class).getFieldViolations(0).getField();
  }

  private static <T extends com.google.protobuf.Message> T detail(
      StatusRuntimeException refused, Class<T> type) throws Exception {
    for (var detail : List.copyOf(StatusProto.fromThrowable(refused).getDetailsList())) {
      if (detail.is(type)) {
        return detail.unpack(type);
      }
    }
    throw new AssertionError("no " + type + " in " + refused);
  }
}
