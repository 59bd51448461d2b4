package dev.watershed.cli;

import dev.watershed.trainer.v1.DataServiceGrpc;
import dev.watershed.trainer.v1.DataServiceGrpc.DataServiceBlockingStub;
import dev.watershed.trainer.v1.ListLabelMappingsRequest;
import dev.watershed.trainer.v1.ListTasksRequest;
import dev.watershed.trainer.v1.NamedLabelMapping;
import dev.watershed.trainer.v1.Task;
import io.grpc.Channel;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The tasks and published label mappings that a server knows, asked for once, when needed. */
final class TaskCatalogue {
  private final Supplier<Channel> channel;
  private @Nullable List<Task> tasks;
  private @Nullable List<NamedLabelMapping> mappings;

  /**
   * @param channel to the trainer, opened when needed
   */
  TaskCatalogue(Supplier<Channel> channel) {
    this.channel = channel;
  }

  /** Returns a task; empty where the server knows none of this name. */
  Optional<Task> named(String name) {
    List<Task> known = tasks;
    if (known == null) {
      known = stub().listTasks(ListTasksRequest.getDefaultInstance()).getTasksList();
      tasks = known;
    }
    return known.stream().filter(task -> task.getName().equals(name)).findFirst();
  }

  /** The published mappings of a task's labels to those of models that it diagnoses. */
  List<NamedLabelMapping> mappingsOf(Task task) {
    List<NamedLabelMapping> known = mappings;
    if (known == null) {
      known =
          stub()
              .listLabelMappings(ListLabelMappingsRequest.getDefaultInstance())
              .getLabelMappingsList();
      mappings = known;
    }
    return known.stream()
        .filter(mapping -> task.getLabelMappingsList().contains(mapping.getName()))
        .toList();
  }

  private DataServiceBlockingStub stub() {
    return DataServiceGrpc.newBlockingStub(channel.get())
        .withDeadlineAfter(ServerOptions.LOOKUP_SECONDS, TimeUnit.SECONDS);
  }
}
