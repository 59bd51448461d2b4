package dev.watershed.eval.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.rpc.BadRequest;
import com.google.rpc.Code;
import com.google.rpc.ErrorInfo;
import com.google.rpc.PreconditionFailure;
import com.google.rpc.ResourceInfo;
import com.google.rpc.Status;
import dev.watershed.classifier.checkpoint.Architecture;
import dev.watershed.classifier.checkpoint.CheckpointStore;
import dev.watershed.classifier.checkpoint.Head;
import dev.watershed.eval.v1.Combination;
import dev.watershed.eval.v1.EvaluateCombinationsRequest;
import dev.watershed.eval.v1.EvaluateInterpolationRequest;
import dev.watershed.server.RefusedException;
import dev.watershed.type.v1.DatasetSplit;
import dev.watershed.type.v1.EvaluationSample;
import dev.watershed.type.v1.LabelMapping;
import dev.watershed.type.v1.LabelMappingEntry;
import dev.watershed.type.v1.Precision;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Requests that cannot be answered: each tells a code, a reason and where. */
final class RefusalTest {
  private Path root;
  private EvaluationServer server;
  private EvaluateInterpolationRequest line;

  @BeforeEach
  void serve(@TempDir Path directory) throws Exception {
    root = directory;
    server = new EvaluationServer(root, EvaluationServer.configuration());
    line =
        EvaluateInterpolationRequest.newBuilder()
            .setModelA(server.put("a", 1))
            .setModelB(server.put("b", 2))
            .addAllAlphas(List.of(0.0, 0.5, 1.0))
            .addSamples(server.sample("sample", 10, 7))
            .build();
  }

  @AfterEach
  void stop() throws Exception {
    assertThat(server.counters.pointsComputed()).isZero();
    server.close();
  }

  @Test
  void evaluateInterpolation_alphaOutsideTheLine_isRefused() {
    badRequest(r -> r.setAlphas(2, 1.1), "REQUEST_INVALID", "alphas[2]");
    badRequest(r -> r.setAlphas(0, -0.1), "REQUEST_INVALID", "alphas[0]");
    badRequest(r -> r.setAlphas(0, Double.NaN), "REQUEST_INVALID", "alphas[0]");
  }

  @Test
  void evaluateInterpolation_alphasNotAscending_isRefused() {
    badRequest(r -> r.setAlphas(1, 0.0), "ALPHAS_NOT_ASCENDING", "alphas[1]");
    badRequest(r -> r.setAlphas(0, 0.75), "ALPHAS_NOT_ASCENDING", "alphas[1]");
  }

  @Test
  void evaluateInterpolation_millionAlphas_isRefused() {
    badRequest(
        r ->
            r.clearAlphas()
                .addAllAlphas(IntStream.range(0, 1_000_000).mapToObj(i -> i / 1e6).toList()),
        "REQUEST_INVALID",
        "alphas");
  }

  @Test
  void evaluateInterpolation_noAlphasOrNoSamples_isRefused() {
    badRequest(r -> r.clearAlphas(), "REQUEST_INVALID", "alphas");
    badRequest(r -> r.clearSamples(), "REQUEST_INVALID", "samples");
  }

  @Test
  void checkPrecision_noFastPath_isRefusedUnlessForced() {
    Precision bf16 = Precision.PRECISION_BF16;
    assertThatThrownBy(() -> RequestChecks.checkPrecision(bf16, false, () -> false))
        .isInstanceOfSatisfying(
            RefusedException.class,
            refused -> {
              assertThat(refused.kind()).isEqualTo(RefusedException.Kind.FAILED_PRECONDITION);
              assertThat(refused).hasMessageContaining("allow_slow_precision");
            });
    RequestChecks.checkPrecision(bf16, true, () -> false);
    RequestChecks.checkPrecision(bf16, false, () -> true);
    RequestChecks.checkPrecision(Precision.PRECISION_FP32, false, () -> false);
    RequestChecks.checkPrecision(Precision.PRECISION_UNSPECIFIED, false, () -> false);
  }

  @Test
  void evaluateInterpolation_twoSamplesOfOneName_isRefused() {
    badRequest(r -> r.addSamples(line.getSamples(0)), "SAMPLE_NAME_TWICE", "samples[1].name");
  }

  @Test
  void evaluateInterpolation_sampleSizes_areChecked() {
    badRequest(
        r -> r.getSamplesBuilder(0).setSize(11).setSeed(1),
        "SAMPLE_SIZE_INVALID",
        "samples[0].size");
    badRequest(
        r -> r.getSamplesBuilder(0).setSize(4).setSkip(7).setSeed(1),
        "SAMPLE_SIZE_INVALID",
        "samples[0].size");
    badRequest(r -> r.getSamplesBuilder(0).setSkip(3), "SAMPLE_SIZE_INVALID", "samples[0].size");
    badRequest(r -> r.getSamplesBuilder(0).setSkip(-1), "REQUEST_INVALID", "samples[0].skip");
    badRequest(r -> r.getSamplesBuilder(0).setSize(-1), "REQUEST_INVALID", "samples[0].size");
    badRequest(r -> r.getSamplesBuilder(0).setSize(5), "SELECTION_MISSING", "samples[0].selection");
  }

  @Test
  void evaluateInterpolation_columnThatIsNotThere_isRefused() {
    badRequest(
        r -> r.getSamplesBuilder(0).getSplitBuilder().getFileBuilder().setLabelColumn("gold"),
        "COLUMN_MISSING",
        "samples[0].split.file.label_column");
  }

  @Test
  void evaluateInterpolation_rowsWithoutLabels_isRefused() {
    badRequest(
        r ->
            r.getSamplesBuilder(0)
                .getSplitBuilder()
                .getFileBuilder()
                .clearLabelColumn()
                .clearLabelNames(),
        "DATA_UNLABELLED",
        "samples[0].split.file.label_column");
  }

  @Test
  void evaluateInterpolation_labelThatTheDataLack_isRefused() {
    badRequest(
        r -> r.getSamplesBuilder(0).getSplitBuilder().addOnlyLabels("sarcasm"),
        "LABEL_UNKNOWN",
        "samples[0].split.only_labels");
  }

  @Test
  void evaluateInterpolation_taskFilterOrSubsetThatCannotBe_isRefusedByField() {
    badRequest(
        r ->
            r.getSamplesBuilder(0)
                .getSplitBuilder()
                .addFiltersBuilder()
                .setColumn("heuristic")
                .addValues("x"),
        "COLUMN_MISSING",
        "samples[0].split.filters[0].column");
    badRequest(
        r ->
            r.getSamplesBuilder(0)
                .getSplitBuilder()
                .getSubsetBuilder()
                .setSeed(1)
                .setFromFraction(.5)
                .setToFraction(.25),
        "SUBSET_INVALID",
        "samples[0].split.subset");
    Status unknown =
        refused(
            r -> r.getSamplesBuilder(0).getSplitBuilder().getTaskBuilder().setName("mnli/test"));
    assertThat(unknown.getCode()).isEqualTo(Code.NOT_FOUND_VALUE);
    assertThat(unknown.getMessage()).contains("mnli/validation-matched");
    assertThat(reason(unknown)).isEqualTo("TASK_UNKNOWN");
  }

  @Test
  void evaluateInterpolation_labelMappingThatLeavesOneOut_isRefused() {
    badRequest(
        r ->
            r.getSamplesBuilder(0)
                .setLabelMapping(
                    LabelMapping.newBuilder()
                        .addEntries(
                            LabelMappingEntry.newBuilder()
                                .setDataLabel("neutral")
                                .addModelLabels("neutral"))),
        "LABEL_MAPPING_INVALID",
        "samples[0].label_mapping");
  }

  @Test
  void evaluateInterpolation_dataWithOtherLabelsThanTheModels_isRefused() throws Exception {
    Status status =
        refused(
            r ->
                r.getSamplesBuilder(0)
                    .getSplitBuilder()
                    .getFileBuilder()
                    .setLabelNames(0, "not entailment"));
    assertThat(status.getCode()).isEqualTo(Code.FAILED_PRECONDITION_VALUE);
    assertThat(reason(status)).isEqualTo("LABELS_DIFFER");
    assertThat(subject(status)).isEqualTo("samples[0].label_mapping");
    assertThat(status.getMessage()).contains("not entailment").contains("label_mapping");
  }

  @Test
  void evaluateInterpolation_fileThatIsNotThereOrOutside_isRefused() throws Exception {
    Status missing = refused(r -> file(r, "nowhere.jsonl"));
    assertThat(missing.getCode()).isEqualTo(Code.NOT_FOUND_VALUE);
    assertThat(reason(missing)).isEqualTo("FILE_NOT_FOUND");

    Status outside = refused(r -> file(r, "../checkpoints/a/config.json"));
    assertThat(outside.getCode()).isEqualTo(Code.PERMISSION_DENIED_VALUE);
    assertThat(reason(outside)).isEqualTo("FILE_FORBIDDEN");
  }

  @Test
  void evaluateInterpolation_textsForAModelWithoutATokenizer_isRefused() throws Exception {
    Status status =
        refused(
            r ->
                r.setSamples(
                    0,
                    EvaluationSample.newBuilder()
                        .setName("texts")
                        .setSplit(DatasetSplit.newBuilder().setBuiltin("miniature/validation"))));
    assertThat(status.getCode()).isEqualTo(Code.FAILED_PRECONDITION_VALUE);
    assertThat(reason(status)).isEqualTo("TOKENIZER_MISSING");
  }

  @Test
  void evaluateInterpolation_checkpointThatIsNotThere_isNotFound() throws Exception {
    Status status = refused(r -> r.setModelB("checkpoints/nobody"));
    assertThat(status.getCode()).isEqualTo(Code.NOT_FOUND_VALUE);
    assertThat(reason(status)).isEqualTo("CHECKPOINT_NOT_FOUND");
    assertThat(detail(status, ResourceInfo.class).getResourceName())
        .isEqualTo("checkpoints/nobody");
  }

  @Test
  void evaluateInterpolation_nameThatIsAPath_isRefused() {
    badRequest(r -> r.setModelA("checkpoints/../../etc"), "REQUEST_INVALID", "model_a");
  }

  @Test
  void evaluateInterpolation_modelsOfAnotherLayout_isRefused() throws Exception {
    server.put("wide", EvaluationServer.architecture(32, EvaluationServer.LABELS), .5, 3);
    Status status = mismatch("checkpoints/wide", "MODELS_DIFFER_IN_LAYOUT");
    assertThat(status.getMessage())
        .contains("checkpoints/a", "checkpoints/wide", "differ in hidden_size 16 and 32;")
        .doesNotContain("vocab", "layers", "EncoderConfig");
  }

  @Test
  void evaluateInterpolation_modelsOfAnotherLabelOrder_isRefused() throws Exception {
    List<String> reversed = new ArrayList<>(EvaluationServer.LABELS);
    Collections.reverse(reversed);
    server.put("permuted", EvaluationServer.architecture(16, reversed), .5, 3);
    mismatch("checkpoints/permuted", "MODELS_DIFFER_IN_LABELS");
  }

  @Test
  void evaluateInterpolation_modelsOfOtherLabels_isRefused() throws Exception {
    server.put("binary", EvaluationServer.architecture(16, List.of("no", "yes")), .5, 3);
    mismatch("checkpoints/binary", "MODELS_DIFFER_IN_LABELS");
  }

  @Test
  void evaluateInterpolation_modelWithoutLabelNames_isToldTheOptionThatNamesThem()
      throws Exception {
    List<String> unnamed =
        IntStream.range(0, EvaluationServer.LABELS.size()).mapToObj(i -> "LABEL_" + i).toList();
    server.put("unnamed", EvaluationServer.architecture(16, unnamed), .5, 3);
    assertThat(mismatch("checkpoints/unnamed", "MODELS_DIFFER_IN_LABELS").getMessage())
        .contains("register unnamed again")
        .contains("--labels '" + String.join(",", EvaluationServer.LABELS) + "'");
    List<String> upper =
        EvaluationServer.LABELS.stream().map(l -> l.toUpperCase(Locale.ROOT)).toList();
    server.put("upper", EvaluationServer.architecture(16, upper), .5, 3);
    assertThat(mismatch("checkpoints/upper", "MODELS_DIFFER_IN_LABELS").getMessage())
        .contains("upper and lower case only", "register upper again");
  }

  @Test
  void evaluateInterpolation_textsForModelsOfOtherTokenizers_isRefused() throws Exception {
    Path vocabulary = root.resolve("vocab.txt");
    Files.writeString(vocabulary, "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n");
    Architecture architecture =
        EvaluationServer.architecture(16, List.of("entailment", "not_entailment"));
    server.put("reader", architecture, .5, 3, vocabulary);
    Files.writeString(vocabulary, "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nb\n");
    server.put("other-reader", architecture, .5, 3, vocabulary);
    Status status = refused(r -> texts(r, "checkpoints/other-reader"));
    assertThat(status.getCode()).isEqualTo(Code.FAILED_PRECONDITION_VALUE);
    assertThat(reason(status)).isEqualTo("MODELS_DIFFER_IN_TOKENIZER");
    assertThat(status.getMessage())
        .contains("checkpoints/reader", "checkpoints/other-reader", "token 5 is 'a' and 'b'");

    server.put("blind", architecture, .5, 3);
    status = refused(r -> texts(r, "checkpoints/blind"));
    assertThat(status.getCode()).isEqualTo(Code.FAILED_PRECONDITION_VALUE);
    assertThat(reason(status)).isEqualTo("TOKENIZER_MISSING");
    assertThat(status.getMessage()).contains("checkpoints/blind comes without a tokenizer");
  }

  private static void texts(EvaluateInterpolationRequest.Builder request, String other) {
    request
        .setModelA("checkpoints/reader")
        .setModelB(other)
        .clearSamples()
        .addSamples(
            EvaluationSample.newBuilder()
                .setName("texts")
                .setSplit(DatasetSplit.newBuilder().setBuiltin("miniature/validation")));
  }

  @Test
  void evaluateInterpolation_pretrainedModelWithoutAClassifier_isRefused() throws Exception {
    Architecture pretrained =
        EvaluationServer.architecture(16, EvaluationServer.LABELS).withMaskedLanguageModelHead();
    assertThat(pretrained.head()).isEqualTo(Head.MASKED_LANGUAGE_MODEL);
    server.put("pretrained", pretrained, .5, 3);
    mismatch("checkpoints/pretrained", "MODEL_IS_NOT_A_CLASSIFIER");
  }

  @Test
  void evaluateInterpolation_checkpointDamagedOnDisk_isDataLoss() throws Exception {
    overwriteLastWeight(root.resolve("checkpoints/b/model.safetensors"), 1);
    try (EvaluationServer fresh = new EvaluationServer(root, EvaluationServer.configuration())) {
      Status status = refusal(() -> drain(fresh, line));
      assertThat(status.getCode()).isEqualTo(Code.DATA_LOSS_VALUE);
      assertThat(status.getMessage()).contains("checkpoints/b");
    }
  }

  @Test
  void evaluateInterpolation_weightsThatAreNotNumbers_isRefusedNamingTheTensor() throws Exception {
    Path broken = root.resolve("broken");
    Files.createDirectories(broken);
    for (String file : List.of("config.json", "model.safetensors")) {
      Files.copy(root.resolve("prepared-b").resolve(file), broken.resolve(file));
    }
    overwriteLastWeight(broken.resolve("model.safetensors"), Float.NaN);
    try (EvaluationServer careless =
        new EvaluationServer(
            root,
            EvaluationServer.configuration(),
            store -> new CarelessStore(store, "b", broken))) {
      Status status = refusal(() -> drain(careless, line));
      assertThat(status.getCode()).isEqualTo(Code.INVALID_ARGUMENT_VALUE);
      assertThat(detail(status, BadRequest.class).getFieldViolations(0).getField())
          .isEqualTo("model_b");
      assertThat(status.getMessage()).contains("checkpoints/b").containsAnyOf("weight", "bias");
    }
  }

  /** A store that gives out another directory for one checkpoint. */
  private static final class CarelessStore extends ForwardingCheckpointStore {
    private final String id;
    private final Path instead;

    private CarelessStore(CheckpointStore right, String id, Path instead) {
      super(right);
      this.id = id;
      this.instead = instead;
    }

    @Override
    public Held hold(String wanted) throws IOException {
      return wanted.equals(id) ? new Held(instead, () -> {}) : super.hold(wanted);
    }
  }

  private static void overwriteLastWeight(Path safetensors, float value) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putFloat(value).flip();
    try (FileChannel file = FileChannel.open(safetensors, StandardOpenOption.WRITE)) {
      file.write(bytes, file.size() - Float.BYTES);
    }
  }

  @Test
  void evaluateCombinations_coefficients_areChecked() {
    badCombination(List.of(0.5), "COEFFICIENTS_DO_NOT_FIT_MODELS");
    badCombination(List.of(0.5, 0.5, 0.0), "COEFFICIENTS_DO_NOT_FIT_MODELS");
    badCombination(List.of(0.5, 0.4), "COEFFICIENTS_DO_NOT_SUM_TO_ONE");
    badCombination(List.of(1.0, 2e-6), "COEFFICIENTS_DO_NOT_SUM_TO_ONE");
  }

  private void badCombination(List<Double> coefficients, String reason) {
    Status status =
        refusal(
            () ->
                server
                    .stub()
                    .evaluateCombinations(
                        EvaluateCombinationsRequest.newBuilder()
                            .addModels(line.getModelA())
                            .addModels(line.getModelB())
                            .addCombinations(
                                Combination.newBuilder().addCoefficients(1).addCoefficients(0))
                            .addCombinations(
                                Combination.newBuilder().addAllCoefficients(coefficients))
                            .addAllSamples(line.getSamplesList())
                            .build())
                    .forEachRemaining(answer -> {}));
    assertThat(status.getCode()).isEqualTo(Code.INVALID_ARGUMENT_VALUE);
    assertThat(reason(status)).isEqualTo(reason);
    assertThat(detail(status, BadRequest.class).getFieldViolations(0).getField())
        .isEqualTo("combinations[1].coefficients");
  }

  private static EvaluateInterpolationRequest.Builder file(
      EvaluateInterpolationRequest.Builder request, String uri) {
    request.getSamplesBuilder(0).getSplitBuilder().getFileBuilder().setUri(uri);
    return request;
  }

  private Status mismatch(String modelB, String reason) {
    Status status = refused(r -> r.setModelB(modelB));
    assertThat(status.getCode()).isEqualTo(Code.FAILED_PRECONDITION_VALUE);
    assertThat(reason(status)).isEqualTo(reason);
    assertThat(subject(status)).isEqualTo(modelB);
    return status;
  }

  private void badRequest(
      Consumer<EvaluateInterpolationRequest.Builder> change, String reason, String field) {
    Status status = refused(change);
    assertThat(status.getCode()).as(status.toString()).isEqualTo(Code.INVALID_ARGUMENT_VALUE);
    assertThat(reason(status)).isEqualTo(reason);
    assertThat(detail(status, BadRequest.class).getFieldViolations(0).getField()).isEqualTo(field);
  }

  private Status refused(Consumer<EvaluateInterpolationRequest.Builder> change) {
    EvaluateInterpolationRequest.Builder request = line.toBuilder();
    change.accept(request);
    return refusal(() -> drain(server, request.build()));
  }

  private static void drain(EvaluationServer server, EvaluateInterpolationRequest request) {
    server.stub().evaluateInterpolation(request).forEachRemaining(answer -> {});
  }

  private static Status refusal(Runnable call) {
    StatusRuntimeException thrown = catchThrowableOfType(StatusRuntimeException.class, call::run);
    assertThat(thrown).isNotNull();
    Status status = StatusProto.fromThrowable(thrown);
    assertThat(status).isNotNull();
    return status;
  }

  private static String reason(Status status) {
    return detail(status, ErrorInfo.class).getReason();
  }

  private static String subject(Status status) {
    return detail(status, PreconditionFailure.class).getViolations(0).getSubject();
  }

  private static <D extends Message> D detail(Status status, Class<D> type) {
    try {
      for (var any : status.getDetailsList()) {
        if (any.is(type)) {
          return any.unpack(type);
        }
      }
    } catch (InvalidProtocolBufferException e) {
      throw new AssertionError(e);
    }
    throw new AssertionError("no " + type.getSimpleName() + " in " + status);
  }
}
