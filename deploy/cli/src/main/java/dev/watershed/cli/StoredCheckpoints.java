package dev.watershed.cli;

import dev.watershed.client.AllPages;
import dev.watershed.input.ResourceName;
import dev.watershed.trainer.v1.Checkpoint;
import dev.watershed.trainer.v1.CheckpointServiceGrpc;
import dev.watershed.trainer.v1.CheckpointView;
import dev.watershed.trainer.v1.ListCheckpointsRequest;
import dev.watershed.trainer.v1.ListCheckpointsResponse;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** What is in the store of a server. */
final class StoredCheckpoints {
  private StoredCheckpoints() {}

  /**
   * All, oldest first.
   *
   * @param trainingRun whose checkpoints; empty for all
   * @param view how much of each
   */
  static List<Checkpoint> all(ServerOptions server, String trainingRun, CheckpointView view) {
    ListCheckpointsRequest.Builder request =
        ListCheckpointsRequest.newBuilder()
            .setPageSize(1000)
            .setTrainingRun(trainingRun)
            .setView(view);
    return AllPages.of(
        token -> lookup(server).listCheckpoints(request.setPageToken(token).build()),
        ListCheckpointsResponse::getCheckpointsList,
        ListCheckpointsResponse::getNextPageToken);
  }

  /** The ids of all that are in the store. */
  static Set<String> ids(ServerOptions server) {
    Set<String> ids = new LinkedHashSet<>();
    all(server, "", CheckpointView.CHECKPOINT_VIEW_BASIC)
        .forEach(checkpoint -> ids.add(ResourceName.id(checkpoint.getName())));
    return ids;
  }

  /** A stub whose calls end in time. */
  static CheckpointServiceGrpc.CheckpointServiceBlockingStub lookup(ServerOptions server) {
    return CheckpointServiceGrpc.newBlockingStub(server.channel())
        .withDeadlineAfter(ServerOptions.LOOKUP_SECONDS, TimeUnit.SECONDS);
  }
}
