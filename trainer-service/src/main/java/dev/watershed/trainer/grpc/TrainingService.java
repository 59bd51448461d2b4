package dev.watershed.trainer.grpc;

import com.google.protobuf.Message;
import dev.watershed.input.TrainingRunName;
import dev.watershed.jobs.CreateCall;
import dev.watershed.jobs.JobPage;
import dev.watershed.server.Pages;
import dev.watershed.server.ServerStream;
import dev.watershed.trainer.engine.RecipeCatalogue;
import dev.watershed.trainer.run.Deletions;
import dev.watershed.trainer.run.TrainingRuns;
import dev.watershed.trainer.store.CreatedRuns;
import dev.watershed.trainer.v1.BatchCreateTrainingRunsRequest;
import dev.watershed.trainer.v1.BatchCreateTrainingRunsResponse;
import dev.watershed.trainer.v1.CancelTrainingRunRequest;
import dev.watershed.trainer.v1.CancelTrainingRunResponse;
import dev.watershed.trainer.v1.CreateTrainingRunRequest;
import dev.watershed.trainer.v1.CreateTrainingRunResponse;
import dev.watershed.trainer.v1.DeleteTrainingRunRequest;
import dev.watershed.trainer.v1.DeleteTrainingRunResponse;
import dev.watershed.trainer.v1.GetTrainingRunRequest;
import dev.watershed.trainer.v1.GetTrainingRunResponse;
import dev.watershed.trainer.v1.ListRecipesRequest;
import dev.watershed.trainer.v1.ListRecipesResponse;
import dev.watershed.trainer.v1.ListTrainingRunsRequest;
import dev.watershed.trainer.v1.ListTrainingRunsResponse;
import dev.watershed.trainer.v1.Seeds;
import dev.watershed.trainer.v1.TrainingRunSpec;
import dev.watershed.trainer.v1.TrainingRunView;
import dev.watershed.trainer.v1.TrainingServiceGrpc;
import dev.watershed.trainer.v1.WatchTrainingRunRequest;
import dev.watershed.trainer.v1.WatchTrainingRunResponse;
import io.grpc.stub.StreamObserver;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;

/** {@code TrainingService}. */
@Singleton
public final class TrainingService extends TrainingServiceGrpc.TrainingServiceImplBase {

  private final TrainingRuns runs;
  private final Deletions deletions;

  public TrainingService(TrainingRuns runs, Deletions deletions) {
    this.runs = runs;
    this.deletions = deletions;
  }

  @Override
  public void createTrainingRun(
      CreateTrainingRunRequest request, StreamObserver<CreateTrainingRunResponse> observer) {
    var created =
        create(
            request,
            request.getRequestId(),
            request.getSpec(),
            List.of(request.getSeeds()),
            request.getReuseExisting());
    observer.onNext(
        CreateTrainingRunResponse.newBuilder()
            .setTrainingRun(created.runs().getFirst())
            .setReused(created.reusedCount() > 0)
            .build());
    observer.onCompleted();
  }

  @Override
  public void batchCreateTrainingRuns(
      BatchCreateTrainingRunsRequest request,
      StreamObserver<BatchCreateTrainingRunsResponse> observer) {
    var created =
        create(
            request,
            request.getRequestId(),
            request.getSpec(),
            request.getSeedsList(),
            request.getReuseExisting());
    observer.onNext(
        BatchCreateTrainingRunsResponse.newBuilder()
            .addAllTrainingRuns(created.runs())
            .setReusedCount(created.reusedCount())
            .build());
    observer.onCompleted();
  }

  @Override
  public void listRecipes(
      ListRecipesRequest request, StreamObserver<ListRecipesResponse> observer) {
    observer.onNext(
        ListRecipesResponse.newBuilder().addAllRecipes(RecipeCatalogue.PUBLISHED.all()).build());
    observer.onCompleted();
  }

  @Override
  public void getTrainingRun(
      GetTrainingRunRequest request, StreamObserver<GetTrainingRunResponse> observer) {
    var run = runs.getWithCurve(id(request.getName()));
    observer.onNext(GetTrainingRunResponse.newBuilder().setTrainingRun(run).build());
    observer.onCompleted();
  }

  @Override
  public void listTrainingRuns(
      ListTrainingRunsRequest request, StreamObserver<ListTrainingRunsResponse> observer) {
    var states = Set.copyOf(request.getStatesList());
    String question = "trainingRuns" + states.stream().sorted().toList() + request.getDisplayName();
    long after = JobPage.after(request.getPageToken(), question);
    int limit = Pages.size(request.getPageSize());
    boolean full = request.getView() == TrainingRunView.TRAINING_RUN_VIEW_FULL;
    var page = runs.list(states, request.getDisplayName(), after, limit, full);
    observer.onNext(
        ListTrainingRunsResponse.newBuilder()
            .addAllTrainingRuns(page.items())
            .setNextPageToken(page.nextToken(question))
            .build());
    observer.onCompleted();
  }

  @Override
  public void cancelTrainingRun(
      CancelTrainingRunRequest request, StreamObserver<CancelTrainingRunResponse> observer) {
    var run = runs.cancel(id(request.getName()));
    observer.onNext(CancelTrainingRunResponse.newBuilder().setTrainingRun(run).build());
    observer.onCompleted();
  }

  @Override
  public void deleteTrainingRun(
      DeleteTrainingRunRequest request, StreamObserver<DeleteTrainingRunResponse> observer) {
    var id = id(request.getName());
    var deleted = delete(id, request.getForce());
    if (deleted.isEmpty() && !request.getAllowMissing()) {
      throw runs.notFound(id);
    }
    observer.onNext(
        DeleteTrainingRunResponse.newBuilder()
            .addAllDeletedCheckpoints(deleted.orElse(List.of()))
            .build());
    observer.onCompleted();
  }

  private Optional<List<String>> delete(String id, boolean force) {
    try {
      return deletions.deleteRun(id, force);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancellationException();
    }
  }

  @Override
  public void watchTrainingRun(
      WatchTrainingRunRequest request, StreamObserver<WatchTrainingRunResponse> observer) {
    ServerStream.pump(
        observer,
        stream ->
            runs.follow(
                id(request.getName()),
                run ->
                    stream.send(
                        WatchTrainingRunResponse.newBuilder().setTrainingRun(run).build())));
  }

  private CreatedRuns create(
      Message request, String requestId, TrainingRunSpec spec, List<Seeds> seeds, boolean reuse) {
    try {
      return runs.create(CreateCall.of(requestId, request), spec, seeds, reuse);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String id(String name) {
    return TrainingRunName.of(name).id();
  }
}
