package dev.watershed.standalone.fuzz;

import com.google.protobuf.ByteString;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import dev.watershed.analysis.v1.AdaptiveAlphas;
import dev.watershed.analysis.v1.AlphaProtocol;
import dev.watershed.analysis.v1.AnalyzeCurveRequest;
import dev.watershed.analysis.v1.AnalyzeDynamicsRequest;
import dev.watershed.analysis.v1.CancelStudyRequest;
import dev.watershed.analysis.v1.ClusterModelsRequest;
import dev.watershed.analysis.v1.CompareClustersRequest;
import dev.watershed.analysis.v1.CompareGroupsRequest;
import dev.watershed.analysis.v1.ComparePairsRequest;
import dev.watershed.analysis.v1.CompareStudiesRequest;
import dev.watershed.analysis.v1.CreateStudyRequest;
import dev.watershed.analysis.v1.Curve;
import dev.watershed.analysis.v1.DeleteStudyRequest;
import dev.watershed.analysis.v1.Diagnostic;
import dev.watershed.analysis.v1.DistanceMetric;
import dev.watershed.analysis.v1.DynamicsServiceGrpc;
import dev.watershed.analysis.v1.ExportDynamicsRequest;
import dev.watershed.analysis.v1.ExportStudyRequest;
import dev.watershed.analysis.v1.GetStudyReportRequest;
import dev.watershed.analysis.v1.GetStudyRequest;
import dev.watershed.analysis.v1.ListStudiesRequest;
import dev.watershed.analysis.v1.ListStudyModelsRequest;
import dev.watershed.analysis.v1.ListStudyPairsRequest;
import dev.watershed.analysis.v1.LossRow;
import dev.watershed.analysis.v1.MetricServiceGrpc;
import dev.watershed.analysis.v1.ModelScores;
import dev.watershed.analysis.v1.PairOfStudy;
import dev.watershed.analysis.v1.PilotInterval;
import dev.watershed.analysis.v1.PlanStudyRequest;
import dev.watershed.analysis.v1.Resampling;
import dev.watershed.analysis.v1.Row;
import dev.watershed.analysis.v1.SampleGrowth;
import dev.watershed.analysis.v1.ScoreDifference;
import dev.watershed.analysis.v1.StepStudy;
import dev.watershed.analysis.v1.StudyModel;
import dev.watershed.analysis.v1.StudyServiceGrpc;
import dev.watershed.analysis.v1.StudySpec;
import dev.watershed.analysis.v1.StudyState;
import dev.watershed.analysis.v1.SweepEnds;
import dev.watershed.analysis.v1.TabulateChangesRequest;
import dev.watershed.analysis.v1.WatchStudyRequest;
import dev.watershed.analysis.v1.WatchStudyResponse;
import dev.watershed.eval.v1.Combination;
import dev.watershed.eval.v1.EvaluateCombinationsRequest;
import dev.watershed.eval.v1.EvaluateInterpolationRequest;
import dev.watershed.eval.v1.EvaluationServiceGrpc;
import dev.watershed.eval.v1.GetStatisticsRequest;
import dev.watershed.server.v1.GetServerInfoRequest;
import dev.watershed.server.v1.ServerServiceGrpc;
import dev.watershed.standalone.process.PicoExperiment;
import dev.watershed.trainer.v1.BatchCreateTrainingRunsRequest;
import dev.watershed.trainer.v1.CancelTrainingRunRequest;
import dev.watershed.trainer.v1.CheckpointPolicy;
import dev.watershed.trainer.v1.CheckpointServiceGrpc;
import dev.watershed.trainer.v1.CheckpointUpload;
import dev.watershed.trainer.v1.CreateTrainingRunRequest;
import dev.watershed.trainer.v1.DataServiceGrpc;
import dev.watershed.trainer.v1.DeleteCheckpointRequest;
import dev.watershed.trainer.v1.DeleteTrainingRunRequest;
import dev.watershed.trainer.v1.DeleteUploadedFileRequest;
import dev.watershed.trainer.v1.DescribeCheckpointRequest;
import dev.watershed.trainer.v1.DescribeSplitRequest;
import dev.watershed.trainer.v1.DownloadCheckpointRequest;
import dev.watershed.trainer.v1.FileUpload;
import dev.watershed.trainer.v1.GetCheckpointRequest;
import dev.watershed.trainer.v1.GetTrainingRunRequest;
import dev.watershed.trainer.v1.LinearProbe;
import dev.watershed.trainer.v1.ListCheckpointsRequest;
import dev.watershed.trainer.v1.ListLabelMappingsRequest;
import dev.watershed.trainer.v1.ListRecipesRequest;
import dev.watershed.trainer.v1.ListTasksRequest;
import dev.watershed.trainer.v1.ListTrainingRunsRequest;
import dev.watershed.trainer.v1.ListUploadedFilesRequest;
import dev.watershed.trainer.v1.MaskedLanguageModelObjective;
import dev.watershed.trainer.v1.Recipe;
import dev.watershed.trainer.v1.RegisterCheckpointRequest;
import dev.watershed.trainer.v1.Seeds;
import dev.watershed.trainer.v1.TrainingRun;
import dev.watershed.trainer.v1.TrainingRunSpec;
import dev.watershed.trainer.v1.TrainingRunState;
import dev.watershed.trainer.v1.TrainingServiceGrpc;
import dev.watershed.trainer.v1.UploadCheckpointRequest;
import dev.watershed.trainer.v1.UploadFileRequest;
import dev.watershed.trainer.v1.WatchTrainingRunRequest;
import dev.watershed.trainer.v1.WatchTrainingRunResponse;
import dev.watershed.type.v1.ColumnFilter;
import dev.watershed.type.v1.DatasetSplit;
import dev.watershed.type.v1.EvaluationSample;
import dev.watershed.type.v1.FileFormat;
import dev.watershed.type.v1.FileSplit;
import dev.watershed.type.v1.LabelMapping;
import dev.watershed.type.v1.LabelMappingEntry;
import dev.watershed.type.v1.LogitReduction;
import dev.watershed.type.v1.RandomSubset;
import dev.watershed.type.v1.TaskSplit;
import io.grpc.Channel;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionRequest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/**
 * Right requests for every rpc, made against a server that holds what they ask for: two runs of two
 * checkpoints each, a study of each step, a checkpoint and data sets in files.
 */
final class Corpus {
  private static final String LABELS = "label";
  private static final Pattern NAME = Pattern.compile("(checkpoints|trainingRuns|studies)/.+");

  private final Channel channel;
  private final Path root;
  private final Map<String, List<Message>> typed = new HashMap<>();
  private final Map<String, List<Message>> requests = new HashMap<>();
  private final List<Message> all = new ArrayList<>();
  private final List<String> texts = new ArrayList<>();

  private Corpus(Channel channel, Path root) {
    this.channel = channel;
    this.root = root;
  }

  /**
   * Makes them.
   *
   * @param methods an rpc among them that has no right request here fails the test
   * @param root the server's data root
   */
  static Corpus of(Channel channel, Path root, List<ServedMethod> methods) throws Exception {
    var corpus = new Corpus(channel, root);
    corpus.writeFiles();
    corpus.addTrainer();
    corpus.addData();
    corpus.addEvaluator();
    corpus.addMetrics();
    corpus.addOthers();
    for (var method : methods) {
      var right = corpus.typed.get(method.name());
      if (right == null) {
        throw new AssertionError("no right request is known for " + method.name());
      }
      for (var request : right) {
        corpus.add(method, request);
      }
    }
    return corpus;
  }

  private void add(ServedMethod method, Message request) throws InvalidProtocolBufferException {
    var dynamic =
        DynamicMessage.parseFrom(method.descriptor().getInputType(), request.toByteArray());
    requests.computeIfAbsent(method.name(), name -> new ArrayList<>()).add(dynamic);
    all.add(dynamic);
  }

  /** At least one. */
  List<Message> of(ServedMethod method) {
    return requests.getOrDefault(method.name(), List.of());
  }

  List<Message> all() {
    return all;
  }

  /** What the server knows: names, paths, tokens, labels. */
  List<String> texts() {
    return texts;
  }

  /** Whether a call would take away what others ask for. */
  boolean isToBeKept(ServedMethod method, FuzzedCall call) {
    if (!method.name().contains("/Delete")) {
      return false;
    }
    var names = texts.stream().filter(text -> NAME.matcher(text).matches()).toList();
    return call.messages().stream()
        .map(message -> new String(message, StandardCharsets.ISO_8859_1))
        .anyMatch(message -> names.stream().anyMatch(message::contains));
  }

  /** The checkpoint that every ordinary call asks for. */
  String checkpoint() {
    return texts.get(0);
  }

  private void right(io.grpc.MethodDescriptor<?, ?> method, Message... messages) {
    typed
        .computeIfAbsent(method.getFullMethodName(), name -> new ArrayList<>())
        .addAll(List.of(messages));
  }

  private void writeFiles() throws IOException, InterruptedException {
    Files.writeString(
        root.resolve("data.tsv"),
        "text\tlabel\nthe doctor helped the judge\tno\nthe pilot called\tyes\n");
    Files.writeString(
        root.resolve("data.csv"),
        "text,label\n\"the doctor helped the judge\",no\nthe pilot called,yes\n");
    Files.writeString(
        root.resolve("data.jsonl"),
        "{\"input_ids\":[1,2,3],\"label\":0}\n{\"input_ids\":[1,2],\"label\":1}\n");
    Files.writeString(
        root.resolve("cola.tsv"), "gj04\t1\t\tthe doctor helped\ngj04\t0\t*\thelped the doctor\n");
    Files.writeString(root.resolve("empty"), "");
    Files.createSymbolicLink(root.resolve("out"), Path.of("/etc"));
    Files.createSymbolicLink(root.resolve("loop"), root.resolve("loop"));
    // Nobody ever writes to it: whoever opens it waits.
    new ProcessBuilder("mkfifo", root.resolve("pipe").toString()).start().waitFor();
    Files.createDirectories(root.resolve("model"));
  }

  private void addTrainer() throws Exception {
    var training = TrainingServiceGrpc.newBlockingStub(channel);
    var checkpoints = CheckpointServiceGrpc.newBlockingStub(channel);
    var first = trained(1);
    var second = trained(2);
    first.getCheckpointsList().forEach(written -> texts.add(written.getCheckpoint()));
    second.getCheckpointsList().forEach(written -> texts.add(written.getCheckpoint()));
    texts.addAll(List.of(first.getName(), second.getName(), "no", "yes", LABELS));
    for (var name :
        List.of("model", "data.tsv", "data.csv", "pipe", "loop", "out/passwd", "empty")) {
      texts.add(name);
      texts.add(root.resolve(name).toString());
      texts.add(root.resolve(name).toUri().toString());
    }
    var download = DownloadCheckpointRequest.newBuilder().setName(checkpoint()).build();
    checkpoints
        .downloadCheckpoint(download)
        .forEachRemaining(
            part -> {
              try {
                Files.write(
                    root.resolve("model").resolve(part.getFileName()),
                    part.getContent().toByteArray(),
                    StandardOpenOption.CREATE,
                    StandardOpenOption.APPEND);
              } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
              }
            });
    addCheckpointCalls(download, first, checkpoints);
    addStudies(first, second);

    var specs = specs(first);
    for (int i = 0; i < specs.size(); i++) {
      var spec = specs.get(i);
      right(
          TrainingServiceGrpc.getCreateTrainingRunMethod(),
          CreateTrainingRunRequest.newBuilder()
              .setSpec(spec)
              .setSeeds(seeds(1, 1))
              .setRequestId("again-" + i)
              .build(),
          CreateTrainingRunRequest.newBuilder()
              .setSpec(spec)
              .setSeeds(seeds(1, 2))
              .setReuseExisting(true)
              .build());
      right(
          TrainingServiceGrpc.getBatchCreateTrainingRunsMethod(),
          BatchCreateTrainingRunsRequest.newBuilder()
              .setSpec(spec)
              .addSeeds(seeds(3, 4))
              .addSeeds(seeds(5, 6))
              .setReuseExisting(true)
              .build());
    }
    right(TrainingServiceGrpc.getListRecipesMethod(), ListRecipesRequest.getDefaultInstance());
    right(
        TrainingServiceGrpc.getGetTrainingRunMethod(),
        GetTrainingRunRequest.newBuilder().setName(first.getName()).build());
    var page =
        training.listTrainingRuns(ListTrainingRunsRequest.newBuilder().setPageSize(1).build());
    texts.add(page.getNextPageToken());
    right(
        TrainingServiceGrpc.getListTrainingRunsMethod(),
        ListTrainingRunsRequest.newBuilder().setPageSize(3).build(),
        ListTrainingRunsRequest.newBuilder()
            .setPageSize(1)
            .setPageToken(page.getNextPageToken())
            .build(),
        ListTrainingRunsRequest.newBuilder()
            .addStates(TrainingRunState.TRAINING_RUN_STATE_SUCCEEDED)
            .setDisplayName("pico")
            .build());
    right(
        TrainingServiceGrpc.getWatchTrainingRunMethod(),
        WatchTrainingRunRequest.newBuilder().setName(first.getName()).build());
    right(
        TrainingServiceGrpc.getCancelTrainingRunMethod(),
        CancelTrainingRunRequest.newBuilder().setName(first.getName()).build());
    right(
        TrainingServiceGrpc.getDeleteTrainingRunMethod(),
        DeleteTrainingRunRequest.newBuilder()
            .setName("trainingRuns/none")
            .setForce(true)
            .setAllowMissing(true)
            .build());
  }

  private void addCheckpointCalls(
      DownloadCheckpointRequest download,
      TrainingRun run,
      CheckpointServiceGrpc.CheckpointServiceBlockingStub checkpoints) {
    var register =
        RegisterCheckpointRequest.newBuilder().setUri("model").setCheckpointId("registered");
    right(
        CheckpointServiceGrpc.getRegisterCheckpointMethod(),
        register.build(),
        register
            .setUri(root.resolve("model").toUri().toString())
            .setCheckpointId("labelled")
            .addAllLabels(
                checkpoints
                    .getCheckpoint(GetCheckpointRequest.newBuilder().setName(checkpoint()).build())
                    .getCheckpoint()
                    .getLabelsList())
            .build());
    right(
        CheckpointServiceGrpc.getGetCheckpointMethod(),
        GetCheckpointRequest.newBuilder().setName(checkpoint()).build());
    right(
        CheckpointServiceGrpc.getDescribeCheckpointMethod(),
        DescribeCheckpointRequest.newBuilder().setName(checkpoint()).build());
    right(CheckpointServiceGrpc.getDownloadCheckpointMethod(), download);
    // Those that other calls register, at the same time.
    right(
        CheckpointServiceGrpc.getDeleteCheckpointMethod(),
        DeleteCheckpointRequest.newBuilder()
            .setName("checkpoints/registered")
            .setAllowMissing(true)
            .build(),
        DeleteCheckpointRequest.newBuilder()
            .setName("checkpoints/labelled")
            .setAllowMissing(true)
            .build());
    var page =
        checkpoints.listCheckpoints(ListCheckpointsRequest.newBuilder().setPageSize(1).build());
    texts.add(page.getNextPageToken());
    right(
        CheckpointServiceGrpc.getListCheckpointsMethod(),
        ListCheckpointsRequest.newBuilder().setPageSize(2).build(),
        ListCheckpointsRequest.newBuilder().setPageToken(page.getNextPageToken()).build(),
        ListCheckpointsRequest.newBuilder().setTrainingRun(run.getName()).build());
  }

  /** Specs of every objective and start, none of which trains for long. */
  private static List<TrainingRunSpec> specs(TrainingRun run) {
    var spec = PicoExperiment.spec(2);
    var specs = new ArrayList<TrainingRunSpec>();
    specs.add(spec);
    specs.add(
        spec.toBuilder()
            .setInitialCheckpoint(run.getCheckpoints(0).getCheckpoint())
            .setRecipe(
                Recipe.newBuilder()
                    .setBasedOn("paper-mnli")
                    .setSteps(2)
                    .setBatchSize(4)
                    .setMaxTokens(32)
                    .setShuffleBuffer(10)
                    .setDropRemainder(true))
            .build());
    specs.add(
        spec.toBuilder()
            .setClassification(
                spec.getClassification().toBuilder()
                    .setTrain(file("data.tsv", FileFormat.FILE_FORMAT_TSV))
                    .setValidation(file("data.csv", FileFormat.FILE_FORMAT_CSV))
                    .addLabels("no")
                    .addLabels("yes"))
            .setRecipe(
                spec.getRecipe().toBuilder()
                    .setAccumulationSteps(2)
                    .setLinearProbe(LinearProbe.newBuilder().setLearningRate(.1).setSteps(1)))
            .build());
    specs.add(
        spec.toBuilder()
            .setMaskedLanguageModel(
                MaskedLanguageModelObjective.newBuilder()
                    .setTrain(DatasetSplit.newBuilder().setBuiltin("miniature/train"))
                    .setMaskProbability(.15))
            .build());
    return specs;
  }

  private static DatasetSplit file(String uri, FileFormat format) {
    return DatasetSplit.newBuilder()
        .setFile(
            FileSplit.newBuilder()
                .setUri(uri)
                .setFormat(format)
                .setTextColumn("text")
                .setLabelColumn(LABELS)
                .addLabelNames("no")
                .addLabelNames("yes")
                .setHasHeader(true))
        .build();
  }

  private static Seeds seeds(long head, long data) {
    return Seeds.newBuilder().setHeadSeed(head).setDataSeed(data).build();
  }

  private TrainingRun trained(long seed) {
    var training = TrainingServiceGrpc.newBlockingStub(channel);
    var wanted = PicoExperiment.training(4, seed).toBuilder();
    wanted.getSpecBuilder().setCheckpoints(CheckpointPolicy.newBuilder().addAtSteps(2));
    var name = training.createTrainingRun(wanted.build()).getTrainingRun().getName();
    var last = WatchTrainingRunResponse.getDefaultInstance();
    var updates =
        training
            .withDeadlineAfter(2, TimeUnit.MINUTES)
            .watchTrainingRun(WatchTrainingRunRequest.newBuilder().setName(name).build());
    while (updates.hasNext()) {
      last = updates.next();
    }
    if (last.getTrainingRun().getState() != TrainingRunState.TRAINING_RUN_STATE_SUCCEEDED) {
      throw new AssertionError(last);
    }
    return last.getTrainingRun();
  }

  private void addStudies(TrainingRun first, TrainingRun second) {
    var names = new ArrayList<String>();
    for (int i = 0; i < 2; i++) {
      // What is said of a recipe takes three models.
      var models =
          List.of(
              first.getCheckpoints(i).getCheckpoint(),
              second.getCheckpoints(i).getCheckpoint(),
              first.getCheckpoints(1 - i).getCheckpoint());
      var spec = study(models).setIntervalCount(4);
      names.add(studied(spec.build()));
      right(
          StudyServiceGrpc.getCreateStudyMethod(),
          CreateStudyRequest.newBuilder().setSpec(spec).build(),
          CreateStudyRequest.newBuilder()
              .setRequestId("study-" + i)
              .setSpec(
                  spec.setProtocol(AlphaProtocol.ALPHA_PROTOCOL_NESTED)
                      .setDistance(DistanceMetric.DISTANCE_METRIC_JENSEN_SHANNON)
                      .setMedianKernelWidth(true)
                      .addDiagnostics(
                          Diagnostic.newBuilder()
                              .setSample(sample("miniature/diagnostic-entailed"))
                              .setGroup("all")
                              .setAlongCurves(true))
                      .build())
              .build(),
          CreateStudyRequest.newBuilder()
              .setSpec(study(models).setAdaptive(AdaptiveAlphas.newBuilder().setToleranceNats(.01)))
              .build(),
          CreateStudyRequest.newBuilder().setSpec(growing(models)).build());
    }
    texts.addAll(names);
    right(
        StudyServiceGrpc.getGetStudyMethod(),
        GetStudyRequest.newBuilder().setName(names.get(0)).build());
    var page =
        StudyServiceGrpc.newBlockingStub(channel)
            .listStudies(ListStudiesRequest.newBuilder().setPageSize(1).build());
    texts.add(page.getNextPageToken());
    right(
        StudyServiceGrpc.getListStudiesMethod(),
        ListStudiesRequest.newBuilder().setPageSize(2).build(),
        ListStudiesRequest.newBuilder()
            .setPageSize(2)
            .setPageToken(page.getNextPageToken())
            .build());
    right(
        StudyServiceGrpc.getCancelStudyMethod(),
        CancelStudyRequest.newBuilder().setName(names.get(1)).build());
    right(
        StudyServiceGrpc.getDeleteStudyMethod(),
        DeleteStudyRequest.newBuilder()
            .setName("studies/none")
            .setForce(true)
            .setAllowMissing(true)
            .build());
    right(
        StudyServiceGrpc.getWatchStudyMethod(),
        WatchStudyRequest.newBuilder().setName(names.get(0)).build());
    right(
        StudyServiceGrpc.getGetStudyReportMethod(),
        GetStudyReportRequest.newBuilder().setName(names.get(0)).build());
    right(
        StudyServiceGrpc.getListStudyPairsMethod(),
        ListStudyPairsRequest.newBuilder().setName(names.get(0)).setPageSize(1).build());
    right(
        StudyServiceGrpc.getListStudyModelsMethod(),
        ListStudyModelsRequest.newBuilder().setName(names.get(0)).build());
    right(
        StudyServiceGrpc.getExportStudyMethod(),
        ExportStudyRequest.newBuilder().setName(names.get(1)).build());
    var steps =
        List.of(
            StepStudy.newBuilder().setStudy(names.get(0)).setStep(2).build(),
            StepStudy.newBuilder().setStudy(names.get(1)).setStep(4).build());
    right(
        DynamicsServiceGrpc.getAnalyzeDynamicsMethod(),
        AnalyzeDynamicsRequest.newBuilder().addAllStudies(steps).build());
    right(
        DynamicsServiceGrpc.getExportDynamicsMethod(),
        ExportDynamicsRequest.newBuilder().addAllStudies(steps).setTitle("pico").build());
    addComparisons(names, steps);
  }

  private void addComparisons(List<String> names, List<StepStudy> steps) {
    right(
        DynamicsServiceGrpc.getTabulateChangesMethod(),
        TabulateChangesRequest.newBuilder()
            .addSweeps(
                SweepEnds.newBuilder().setName("pico").setStart(steps.get(0)).setEnd(steps.get(1)))
            .build());
    right(
        StudyServiceGrpc.getCompareStudiesMethod(),
        CompareStudiesRequest.newBuilder()
            .setFirst(names.get(0))
            .setSecond(names.get(1))
            .setUnpaired(true)
            .build());
    right(
        StudyServiceGrpc.getPlanStudyMethod(),
        PlanStudyRequest.newBuilder()
            .setPilot(names.get(0))
            .setHalfWidthNats(.01)
            .setModelCount(16)
            .setScore(ScoreDifference.newBuilder().setDifference(.02).setDisagreement(.1))
            .build(),
        PlanStudyRequest.newBuilder()
            .setCurve(PilotInterval.newBuilder().setExampleCount(256).setHalfWidthNats(.03))
            .setHalfWidthNats(.01)
            .setIntervalCount(20)
            .setDiagnosticCount(2)
            .setRatio(.7)
            .build());
    var pair =
        PairOfStudy.newBuilder().setStudy(names.get(0)).setLabelA("seed 0").setLabelB("seed 1");
    right(
        StudyServiceGrpc.getComparePairsMethod(),
        ComparePairsRequest.newBuilder()
            .setFirst(pair)
            .setSecond(pair.clone().setStudy(names.get(1)))
            .setResampling(Resampling.newBuilder().setResampleCount(50))
            .build());
  }

  private static StudySpec.Builder study(List<String> checkpoints) {
    var spec =
        StudySpec.newBuilder().setDisplayName("pico").setInDomain(sample("miniature/validation"));
    for (int i = 0; i < checkpoints.size(); i++) {
      spec.addModels(
          StudyModel.newBuilder().setCheckpoint(checkpoints.get(i)).setLabel("seed " + i));
    }
    return spec;
  }

  private static EvaluationSample sample(String builtin) {
    return EvaluationSample.newBuilder()
        .setName(builtin)
        .setSplit(DatasetSplit.newBuilder().setBuiltin(builtin))
        .setSize(8)
        .setSkip(2)
        .setSeed(1)
        .build();
  }

  private static StudySpec.Builder growing(List<String> models) {
    var spec = study(models);
    spec.getInDomainBuilder().clearSize().clearSkip();
    return spec.setInDomainGrowth(
        SampleGrowth.newBuilder()
            .setHalfWidthNats(.5)
            .setFirstExampleCount(64)
            .setMostExampleCount(128));
  }

  private String studied(StudySpec spec) {
    var studies = StudyServiceGrpc.newBlockingStub(channel);
    var name =
        studies
            .createStudy(CreateStudyRequest.newBuilder().setSpec(spec).build())
            .getStudy()
            .getName();
    var last = WatchStudyResponse.getDefaultInstance();
    var updates =
        studies
            .withDeadlineAfter(2, TimeUnit.MINUTES)
            .watchStudy(WatchStudyRequest.newBuilder().setName(name).build());
    while (updates.hasNext()) {
      last = updates.next();
    }
    if (last.getStudy().getState() != StudyState.STUDY_STATE_SUCCEEDED) {
      throw new AssertionError(last);
    }
    return name;
  }

  private void addData() throws IOException {
    right(
        DataServiceGrpc.getUploadFileMethod(),
        UploadFileRequest.newBuilder()
            .setFile(FileUpload.newBuilder().setName("sent/data.tsv"))
            .setContent(ByteString.copyFrom(Files.readAllBytes(root.resolve("data.tsv"))))
            .build());
    right(
        DataServiceGrpc.getListUploadedFilesMethod(),
        ListUploadedFilesRequest.newBuilder().setPageSize(1).build());
    right(
        DataServiceGrpc.getDeleteUploadedFileMethod(),
        DeleteUploadedFileRequest.newBuilder()
            .setName("none/such.tsv")
            .setAllowMissing(true)
            .build());
    var whole =
        UploadCheckpointRequest.newBuilder()
            .setCheckpoint(CheckpointUpload.newBuilder().setCheckpointId("sent"));
    try (var files = Files.list(root.resolve("model"))) {
      for (Path file : files.toList()) {
        whole
            .addPartsBuilder()
            .setFileName(file.getFileName().toString())
            .setContent(ByteString.copyFrom(Files.readAllBytes(file)));
      }
    }
    right(CheckpointServiceGrpc.getUploadCheckpointMethod(), whole.build());
    texts.add("upload:sent/data.tsv");
    right(DataServiceGrpc.getListTasksMethod(), ListTasksRequest.getDefaultInstance());
    right(
        DataServiceGrpc.getListLabelMappingsMethod(),
        ListLabelMappingsRequest.getDefaultInstance());
    for (var split :
        List.of(
            DatasetSplit.newBuilder().setBuiltin("miniature/validation").build(),
            file("data.tsv", FileFormat.FILE_FORMAT_TSV),
            DatasetSplit.newBuilder()
                .setTask(TaskSplit.newBuilder().setName("cola/in-domain-dev").setUri("cola.tsv"))
                .build())) {
      right(
          DataServiceGrpc.getDescribeSplitMethod(),
          DescribeSplitRequest.newBuilder().setSplit(split).setFirstRowCount(2).build());
    }
  }

  private void addEvaluator() {
    var labels =
        CheckpointServiceGrpc.newBlockingStub(channel)
            .getCheckpoint(GetCheckpointRequest.newBuilder().setName(checkpoint()).build())
            .getCheckpoint()
            .getLabelsList();
    var mapping =
        LabelMapping.newBuilder()
            .setReduction(LogitReduction.LOGIT_REDUCTION_MAX)
            .addEntries(
                LabelMappingEntry.newBuilder().setDataLabel("no").addModelLabels(labels.get(0)))
            .addEntries(
                LabelMappingEntry.newBuilder().setDataLabel("yes").addModelLabels(labels.get(1)));
    var cola =
        DatasetSplit.newBuilder()
            .setTask(TaskSplit.newBuilder().setName("cola/in-domain-dev").setUri("cola.tsv"));
    var ofFile =
        file("data.tsv", FileFormat.FILE_FORMAT_TSV).toBuilder()
            .addOnlyLabels("yes")
            .addFilters(ColumnFilter.newBuilder().setColumn(LABELS).addValues("yes"))
            .setSubset(RandomSubset.newBuilder().setSeed(1).setToFraction(1));
    var interpolation =
        EvaluateInterpolationRequest.newBuilder()
            .setModelA(texts.get(0))
            .setModelB(texts.get(2))
            .addAlphas(0)
            .addAlphas(.5)
            .addAlphas(1);
    var combination =
        EvaluateCombinationsRequest.newBuilder()
            .addModels(texts.get(0))
            .addModels(texts.get(1))
            .addModels(texts.get(2))
            .addCombinations(
                Combination.newBuilder()
                    .addCoefficients(.5)
                    .addCoefficients(.25)
                    .addCoefficients(.25));
    for (var sample :
        List.of(
            sample("miniature/validation"),
            sample("miniature/diagnostic-entailed").toBuilder().setFirstRows(true).build(),
            EvaluationSample.newBuilder()
                .setName("file")
                .setSplit(ofFile)
                .setLabelMapping(mapping)
                .setPositiveLabel("yes")
                .setMaxTokens(16)
                .build(),
            EvaluationSample.newBuilder()
                .setName("task")
                .setSplit(cola)
                .setLabelMapping(
                    mapping
                        .clone()
                        .clearEntries()
                        .addEntries(
                            LabelMappingEntry.newBuilder()
                                .setDataLabel("unacceptable")
                                .addModelLabels(labels.get(0)))
                        .addEntries(
                            LabelMappingEntry.newBuilder()
                                .setDataLabel("acceptable")
                                .addModelLabels(labels.get(1))))
                .build())) {
      right(
          EvaluationServiceGrpc.getEvaluateInterpolationMethod(),
          interpolation.clone().addSamples(sample).setIncludeExampleLosses(true).build());
      right(
          EvaluationServiceGrpc.getEvaluateCombinationsMethod(),
          combination
              .clone()
              .addSamples(sample)
              .setIncludeExampleLosses(true)
              .setIncludeExampleProbabilities(true)
              .build(),
          combination.clone().clearCombinations().addSamples(sample).build());
    }
    right(
        EvaluationServiceGrpc.getGetStatisticsMethod(), GetStatisticsRequest.getDefaultInstance());
  }

  private void addMetrics() {
    right(
        MetricServiceGrpc.getAnalyzeCurveMethod(),
        AnalyzeCurveRequest.newBuilder()
            .setCurve(
                Curve.newBuilder()
                    .addAllAlphas(List.of(0., .25, .5, .75, 1.))
                    .addAllLossesNats(List.of(.4, .1, .5, .1, .4)))
            .build());
    right(
        MetricServiceGrpc.getAnalyzeCurveMethod(),
        AnalyzeCurveRequest.newBuilder()
            .setCurve(Curve.newBuilder().addAllAlphas(List.of(0., .5, 1.)))
            .addExampleLosses(LossRow.newBuilder().addAllLossesNats(List.of(.4f, .2f)))
            .addExampleLosses(LossRow.newBuilder().addAllLossesNats(List.of(.7f, .1f)))
            .addExampleLosses(LossRow.newBuilder().addAllLossesNats(List.of(.3f, .2f)))
            .setResampling(Resampling.newBuilder().setResampleCount(100).setSeed(3).setLevel(.9))
            .build());
    var matrix = ClusterModelsRequest.newBuilder().setClusterCount(2).setSeed(1);
    for (int i = 0; i < 5; i++) {
      var row = Row.newBuilder();
      for (int j = 0; j < 5; j++) {
        row.addValues(i == j ? 0 : i % 2 == j % 2 ? .5 : 3);
      }
      matrix.addDistances(row);
      matrix.addScores(i);
    }
    right(MetricServiceGrpc.getClusterModelsMethod(), matrix.build());
    right(
        MetricServiceGrpc.getCompareGroupsMethod(),
        CompareGroupsRequest.newBuilder()
            .addAllFirst(matrix.getDistancesList())
            .addAllSecond(matrix.getDistancesList())
            .build());
    right(
        MetricServiceGrpc.getCompareClustersMethod(),
        CompareClustersRequest.newBuilder()
            .addAllAssignments(List.of(0, 0, 1, 1, -1))
            .addScores(
                ModelScores.newBuilder()
                    .setName("accuracy")
                    .addAllValues(List.of(.9, .8, .5, .4, .7)))
            .setPermutationCount(50)
            .setSeed(2)
            .build());
  }

  private void addOthers() {
    right(ServerServiceGrpc.getGetServerInfoMethod(), GetServerInfoRequest.getDefaultInstance());
    var health = HealthCheckRequest.newBuilder().setService("watershed.eval.v1.EvaluationService");
    right(HealthGrpc.getCheckMethod(), health.build());
    right(HealthGrpc.getWatchMethod(), health.build());
    var services = ServerReflectionRequest.newBuilder().setListServices("").build();
    var symbol =
        ServerReflectionRequest.newBuilder()
            .setFileContainingSymbol("watershed.eval.v1.EvaluationService")
            .build();
    right(ServerReflectionGrpc.getServerReflectionInfoMethod(), services, symbol);
    typed.put(
        "grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", List.of(services, symbol));
  }
}
