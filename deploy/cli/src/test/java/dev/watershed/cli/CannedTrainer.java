package dev.watershed.cli;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.rpc.Code;
import com.google.rpc.ErrorInfo;
import com.google.rpc.ResourceInfo;
import com.google.rpc.Status;
import dev.watershed.input.ResourceName;
import dev.watershed.trainer.v1.AdamW;
import dev.watershed.trainer.v1.BatchCreateTrainingRunsRequest;
import dev.watershed.trainer.v1.BatchCreateTrainingRunsResponse;
import dev.watershed.trainer.v1.CancelTrainingRunRequest;
import dev.watershed.trainer.v1.CancelTrainingRunResponse;
import dev.watershed.trainer.v1.Checkpoint;
import dev.watershed.trainer.v1.CheckpointPolicy;
import dev.watershed.trainer.v1.CheckpointServiceGrpc;
import dev.watershed.trainer.v1.DeleteCheckpointRequest;
import dev.watershed.trainer.v1.DeleteCheckpointResponse;
import dev.watershed.trainer.v1.DeleteTrainingRunRequest;
import dev.watershed.trainer.v1.DeleteTrainingRunResponse;
import dev.watershed.trainer.v1.DescribeCheckpointRequest;
import dev.watershed.trainer.v1.DescribeCheckpointResponse;
import dev.watershed.trainer.v1.DownloadCheckpointRequest;
import dev.watershed.trainer.v1.DownloadCheckpointResponse;
import dev.watershed.trainer.v1.EncoderDescription;
import dev.watershed.trainer.v1.FileDescription;
import dev.watershed.trainer.v1.GetTrainingRunRequest;
import dev.watershed.trainer.v1.GetTrainingRunResponse;
import dev.watershed.trainer.v1.Head;
import dev.watershed.trainer.v1.ListCheckpointsRequest;
import dev.watershed.trainer.v1.ListCheckpointsResponse;
import dev.watershed.trainer.v1.ListRecipesRequest;
import dev.watershed.trainer.v1.ListRecipesResponse;
import dev.watershed.trainer.v1.ListTrainingRunsRequest;
import dev.watershed.trainer.v1.ListTrainingRunsResponse;
import dev.watershed.trainer.v1.NamedRecipe;
import dev.watershed.trainer.v1.ParameterGroup;
import dev.watershed.trainer.v1.Recipe;
import dev.watershed.trainer.v1.RegisterCheckpointRequest;
import dev.watershed.trainer.v1.RegisterCheckpointResponse;
import dev.watershed.trainer.v1.RunCheckpoint;
import dev.watershed.trainer.v1.Schedule;
import dev.watershed.trainer.v1.SeedVariation;
import dev.watershed.trainer.v1.Seeds;
import dev.watershed.trainer.v1.TensorDescription;
import dev.watershed.trainer.v1.TrainingPoint;
import dev.watershed.trainer.v1.TrainingProgress;
import dev.watershed.trainer.v1.TrainingRun;
import dev.watershed.trainer.v1.TrainingRunSpec;
import dev.watershed.trainer.v1.TrainingRunState;
import dev.watershed.trainer.v1.TrainingRunView;
import dev.watershed.trainer.v1.TrainingServiceGrpc;
import dev.watershed.trainer.v1.WatchTrainingRunRequest;
import dev.watershed.trainer.v1.WatchTrainingRunResponse;
import dev.watershed.type.v1.ClassificationMetrics;
import dev.watershed.type.v1.Digest;
import dev.watershed.type.v1.LabelCount;
import dev.watershed.type.v1.SplitDescription;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.StreamObserver;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** A trainer whose runs end when they are watched; it keeps the requests. */
final class CannedTrainer extends TrainingServiceGrpc.TrainingServiceImplBase {
  final List<BatchCreateTrainingRunsRequest> created = new CopyOnWriteArrayList<>();
  final List<String> cancelled = new CopyOnWriteArrayList<>();

  /** Whether a run that is asked for has a checkpoint of step 300 with validation scores. */
  final AtomicBoolean scored = new AtomicBoolean();

  final AtomicInteger watches = new AtomicInteger();
  private final Map<String, TrainingRun> runs = new ConcurrentHashMap<>();
  private final List<TrainingRun> listed = new CopyOnWriteArrayList<>();

  /** Runs with this data seed fail. */
  volatile long failingSeed = -1;

  /** So many of a request's runs are answered as having been there before. */
  volatile int reusedCount;

  /** So many watch streams break off after their first message. */
  final AtomicInteger brokenStreams = new AtomicInteger();

  /** So many watch streams say nothing after their first message, and do not end. */
  final AtomicInteger silentStreams = new AtomicInteger();

  /** As if the recipe clipped, so that a clip norm asked for is another. */
  private static TrainingRunSpec resolved(TrainingRunSpec spec) {
    var resolved = spec.toBuilder();
    if (spec.getRecipe().hasClipNorm() && !spec.getRecipe().getBasedOn().isEmpty()) {
      resolved.getRecipeBuilder().getOverriddenFieldsBuilder().addPaths("clip_norm");
    }
    return resolved.build();
  }

  @Override
  public void batchCreateTrainingRuns(
      BatchCreateTrainingRunsRequest request,
      StreamObserver<BatchCreateTrainingRunsResponse> observer) {
    created.add(request);
    BatchCreateTrainingRunsResponse.Builder response = BatchCreateTrainingRunsResponse.newBuilder();
    for (Seeds seeds : request.getSeedsList()) {
      TrainingRun run =
          TrainingRun.newBuilder()
              .setName("trainingRuns/r" + seeds.getDataSeed())
              .setSpec(resolved(request.getSpec()))
              .setSeeds(seeds)
              .setState(TrainingRunState.TRAINING_RUN_STATE_QUEUED)
              .setProgress(TrainingProgress.newBuilder().setTotalSteps(600))
              .addSplits(
                  SplitDescription.newBuilder()
                      .setName("train")
                      .setRowCount(3)
                      .addLabels(LabelCount.newBuilder().setLabel("no").setRowCount(1))
                      .addLabels(LabelCount.newBuilder().setLabel("yes").setRowCount(2))
                      .setFile("small/train.tsv")
                      .setDigest(Digest.newBuilder().setSha256("5ca1ab1e")))
              .build();
      runs.put(run.getName(), run);
      response.addTrainingRuns(run);
    }
    observer.onNext(response.setReusedCount(reusedCount).build());
    observer.onCompleted();
  }

  /** One whose source varies both seeds and one that varies the data's alone. */
  @Override
  public void listRecipes(
      ListRecipesRequest request, StreamObserver<ListRecipesResponse> observer) {
    observer.onNext(
        ListRecipesResponse.newBuilder()
            .addRecipes(
                named("data-only", SeedVariation.SEED_VARIATION_DATA)
                    .setFixedSeed(17)
                    .setCheckpoints(CheckpointPolicy.newBuilder().setEverySteps(100)))
            .addRecipes(named("whole", SeedVariation.SEED_VARIATION_BOTH))
            .build());
    observer.onCompleted();
  }

  private static NamedRecipe.Builder named(String name, SeedVariation variation) {
    return NamedRecipe.newBuilder()
        .setName(name)
        .setDescription("a recipe that is " + name)
        .setSource("nobody 2026")
        .setSeedVariation(variation)
        .setRecipe(
            Recipe.newBuilder()
                .setAdamw(AdamW.newBuilder().setBeta1(0.9).setBeta2(0.98).setEpsilon(1e-6))
                .setLearningRate(2e-5)
                .setSchedule(Schedule.SCHEDULE_POLYNOMIAL)
                .setEpochs(3)
                .setBatchSize(32));
  }

  @Override
  public void watchTrainingRun(
      WatchTrainingRunRequest request, StreamObserver<WatchTrainingRunResponse> observer) {
    watches.incrementAndGet();
    TrainingRun run = found(request.getName(), observer);
    if (run == null) {
      return;
    }
    send(running(run), observer);
    if (brokenStreams.getAndDecrement() > 0) {
      observer.onError(io.grpc.Status.UNAVAILABLE.asRuntimeException());
      return;
    }
    if (silentStreams.getAndDecrement() > 0) {
      return;
    }
    send(ended(run), observer);
    observer.onCompleted();
  }

  private static void send(TrainingRun run, StreamObserver<WatchTrainingRunResponse> observer) {
    observer.onNext(WatchTrainingRunResponse.newBuilder().setTrainingRun(run).build());
  }

  private static TrainingRun running(TrainingRun run) {
    return run.toBuilder()
        .setState(TrainingRunState.TRAINING_RUN_STATE_RUNNING)
        .setProgress(
            TrainingProgress.newBuilder()
                .setStep(300)
                .setTotalSteps(600)
                .setTrainingLossNats(0.25)
                .setRemainingSeconds(2.5))
        .build();
  }

  private TrainingRun ended(TrainingRun run) {
    TrainingRun.Builder ended =
        run.toBuilder()
            .setProgress(
                TrainingProgress.newBuilder()
                    .setStep(600)
                    .setTotalSteps(600)
                    .setTrainingLossNats(0.125));
    if (run.getSeeds().getDataSeed() == failingSeed) {
      return ended
          .setState(TrainingRunState.TRAINING_RUN_STATE_FAILED)
          .setError(
              Status.newBuilder()
                  .setCode(Code.ABORTED_VALUE)
                  .setMessage("the loss is NaN at step 17"))
          .build();
    }
    return ended
        .setState(TrainingRunState.TRAINING_RUN_STATE_SUCCEEDED)
        .addCheckpoints(
            RunCheckpoint.newBuilder()
                .setCheckpoint("checkpoints/" + ResourceName.id(run.getName()) + "-600")
                .setStep(600))
        .build();
  }

  @Override
  public void getTrainingRun(
      GetTrainingRunRequest request, StreamObserver<GetTrainingRunResponse> observer) {
    TrainingRun run = found(request.getName(), observer);
    if (run != null) {
      TrainingRun.Builder told = run.toBuilder().addNotices("the doctor noticed something");
      for (int step = 1; step <= 3; step++) {
        told.addCurve(
            TrainingPoint.newBuilder()
                .setStep(step * 200L)
                .setTrainingLossNats(0.5 / step)
                .setLearningRate(1e-5 * step));
      }
      if (scored.get()) {
        told.addCheckpoints(
            RunCheckpoint.newBuilder()
                .setStep(300)
                .setValidation(
                    ClassificationMetrics.newBuilder().setMeanLossNats(0.3).setAccuracy(0.75)));
      }
      observer.onNext(GetTrainingRunResponse.newBuilder().setTrainingRun(told).build());
      observer.onCompleted();
    }
  }

  /** How much of runs was asked for by each page. */
  final List<TrainingRunView> views = new CopyOnWriteArrayList<>();

  /** Has a run from now on; it is listed, whatever the filter, where no other would be. */
  void add(TrainingRun run) {
    runs.put(run.getName(), run);
    listed.add(run);
  }

  /** The runs that were added, else all runs of a name, else two pages of one run each. */
  @Override
  public void listTrainingRuns(
      ListTrainingRunsRequest request, StreamObserver<ListTrainingRunsResponse> observer) {
    views.add(request.getView());
    if (!listed.isEmpty() || !request.getDisplayName().isEmpty()) {
      List<TrainingRun> found =
          listed.isEmpty()
              ? runs.values().stream()
                  .filter(run -> run.getSpec().getDisplayName().equals(request.getDisplayName()))
                  .sorted(Comparator.comparing(TrainingRun::getName))
                  .toList()
              : listed;
      observer.onNext(ListTrainingRunsResponse.newBuilder().addAllTrainingRuns(found).build());
      observer.onCompleted();
      return;
    }
    boolean first = request.getPageToken().isEmpty();
    observer.onNext(
        ListTrainingRunsResponse.newBuilder()
            .addTrainingRuns(
                TrainingRun.newBuilder().setName("trainingRuns/" + (first ? "one" : "two")))
            .setNextPageToken(first ? "second" : "")
            .build());
    observer.onCompleted();
  }

  @Override
  public void cancelTrainingRun(
      CancelTrainingRunRequest request, StreamObserver<CancelTrainingRunResponse> observer) {
    TrainingRun run = found(request.getName(), observer);
    if (run != null) {
      cancelled.add(request.getName());
      observer.onNext(CancelTrainingRunResponse.newBuilder().setTrainingRun(run).build());
      observer.onCompleted();
    }
  }

  /** Without force, a run that has not ended is refused; one that has had a checkpoint. */
  @Override
  public void deleteTrainingRun(
      DeleteTrainingRunRequest request, StreamObserver<DeleteTrainingRunResponse> observer) {
    TrainingRun run = found(request.getName(), observer);
    if (run == null) {
      return;
    }
    if (!request.getForce()) {
      observer.onError(
          StatusProto.toStatusRuntimeException(
              Status.newBuilder()
                  .setCode(Code.FAILED_PRECONDITION_VALUE)
                  .setMessage("it waits; cancel it first")
                  .build()));
      return;
    }
    runs.remove(request.getName());
    observer.onNext(
        DeleteTrainingRunResponse.newBuilder()
            .addDeletedCheckpoints(
                "checkpoints/" + ResourceName.id(request.getName()) + "-step-600")
            .build());
    observer.onCompleted();
  }

  private @Nullable TrainingRun found(String name, StreamObserver<?> observer) {
    TrainingRun run = runs.get(name);
    if (run == null) {
      observer.onError(
          StatusProto.toStatusRuntimeException(
              Status.newBuilder()
                  .setCode(Code.NOT_FOUND_VALUE)
                  .setMessage("There is no run " + name + "; list them.")
                  .addDetails(
                      Any.pack(
                          ErrorInfo.newBuilder()
                              .setDomain("watershed.dev")
                              .setReason("RUN_NOT_FOUND")
                              .build()))
                  .addDetails(Any.pack(ResourceInfo.newBuilder().setResourceName(name).build()))
                  .build()));
    }
    return run;
  }

  /** One checkpoint in two files of two parts each. */
  static final class Checkpoints extends CheckpointServiceGrpc.CheckpointServiceImplBase {
    volatile String secondFile = "model.safetensors";
    volatile long secondOffset = 4;
    volatile RegisterCheckpointRequest registered = RegisterCheckpointRequest.getDefaultInstance();
    final List<RegisterCheckpointRequest> all = new CopyOnWriteArrayList<>();
    final List<String> deleted = new CopyOnWriteArrayList<>();

    @Override
    public void deleteCheckpoint(
        DeleteCheckpointRequest request, StreamObserver<DeleteCheckpointResponse> observer) {
      deleted.add(request.getName());
      observer.onNext(DeleteCheckpointResponse.getDefaultInstance());
      observer.onCompleted();
    }

    final List<String> stored = new CopyOnWriteArrayList<>();

    /** Directories whose path ends so are refused, as one of pickles is. */
    volatile String pickles = "none";

    @Override
    public void listCheckpoints(
        ListCheckpointsRequest request, StreamObserver<ListCheckpointsResponse> observer) {
      ListCheckpointsResponse.Builder listed = ListCheckpointsResponse.newBuilder();
      stored.forEach(id -> listed.addCheckpointsBuilder().setName("checkpoints/" + id));
      observer.onNext(
          listed
              .addCheckpoints(
                  Checkpoint.newBuilder()
                      .setName("checkpoints/miniature-pretrained")
                      .setFamily("bert")
                      .setParameterCount(113517))
              .build());
      observer.onCompleted();
    }

    @Override
    public void describeCheckpoint(
        DescribeCheckpointRequest request, StreamObserver<DescribeCheckpointResponse> observer) {
      observer.onNext(
          DescribeCheckpointResponse.newBuilder()
              .setCheckpoint(
                  Checkpoint.newBuilder()
                      .setName(request.getName())
                      .setHead(Head.HEAD_CLASSIFICATION)
                      .addLabels("entailment")
                      .addLabels("neutral")
                      .setParameterCount(112)
                      .addNotices("ignored tensors: cls.seq_relationship.weight"))
              .setEncoder(
                  EncoderDescription.newBuilder()
                      .setFamily("bert")
                      .setLayerCount(12)
                      .setHiddenSize(768)
                      .setMaxTokens(512)
                      .setActivation("gelu_new"))
              .addFiles(
                  FileDescription.newBuilder()
                      .setName("model.safetensors")
                      .setDigest(Digest.newBuilder().setSha256("abcd").setSizeBytes(448)))
              .addTensors(
                  TensorDescription.newBuilder()
                      .setName("bert.embeddings.word_embeddings.weight")
                      .addShape(10)
                      .addShape(11)
                      .setOffset(0)
                      .setL2Norm(1.25))
              .addTensors(
                  TensorDescription.newBuilder()
                      .setName("classifier.bias")
                      .addShape(2)
                      .setOffset(110)
                      .setL2Norm(1e-9))
              .addGroups(
                  ParameterGroup.newBuilder()
                      .setName("embeddings")
                      .setParameterCount(110)
                      .setL2Norm(1.25))
              .addGroups(
                  ParameterGroup.newBuilder().setName("head").setParameterCount(2).setL2Norm(1e-9))
              .build());
      observer.onCompleted();
    }

    @Override
    public void registerCheckpoint(
        RegisterCheckpointRequest request, StreamObserver<RegisterCheckpointResponse> observer) {
      registered = request;
      all.add(request);
      if (request.getUri().endsWith(pickles)) {
        observer.onError(
            StatusProto.toStatusRuntimeException(
                Status.newBuilder()
                    .setCode(Code.INVALID_ARGUMENT_VALUE)
                    .setMessage("pytorch_model.bin is a pickle; convert it once")
                    .build()));
        return;
      }
      observer.onNext(
          RegisterCheckpointResponse.newBuilder()
              .setCheckpoint(
                  Checkpoint.newBuilder()
                      .setName("checkpoints/" + request.getCheckpointId())
                      .addNotices("a notice for all"))
              .build());
      observer.onCompleted();
    }

    @Override
    public void downloadCheckpoint(
        DownloadCheckpointRequest request, StreamObserver<DownloadCheckpointResponse> observer) {
      observer.onNext(part("config.json", 2, 0, "{}"));
      observer.onNext(part(secondFile, 8, 0, "abcd"));
      observer.onNext(part(secondFile, 8, secondOffset, "efgh"));
      observer.onCompleted();
    }

    private static DownloadCheckpointResponse part(
        String file, long size, long offset, String content) {
      return DownloadCheckpointResponse.newBuilder()
          .setFileName(file)
          .setFileSizeBytes(size)
          .setOffsetBytes(offset)
          .setContent(ByteString.copyFromUtf8(content))
          .build();
    }
  }
}
