package dev.watershed.cli;

import dev.watershed.trainer.v1.DataServiceGrpc;
import dev.watershed.trainer.v1.ListLabelMappingsRequest;
import dev.watershed.trainer.v1.ListLabelMappingsResponse;
import dev.watershed.trainer.v1.ListTasksRequest;
import dev.watershed.trainer.v1.ListTasksResponse;
import dev.watershed.trainer.v1.NamedLabelMapping;
import dev.watershed.trainer.v1.Task;
import dev.watershed.type.v1.LabelMapping;
import dev.watershed.type.v1.LabelMappingEntry;
import dev.watershed.type.v1.LogitReduction;
import dev.watershed.type.v1.Score;
import io.grpc.stub.StreamObserver;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/** A data service that knows a few tasks. */
public final class CannedTasks extends DataServiceGrpc.DataServiceImplBase {
  private static final Map<String, LogitReduction> MAPPINGS =
      Map.of(
          "hans-max",
          LogitReduction.LOGIT_REDUCTION_MAX,
          "hans-sum",
          LogitReduction.LOGIT_REDUCTION_SUM,
          "hans-sum-logits",
          LogitReduction.LOGIT_REDUCTION_SUM_LOGITS);

  final AtomicInteger asked = new AtomicInteger();

  @Override
  public void listTasks(ListTasksRequest request, StreamObserver<ListTasksResponse> observer) {
    asked.incrementAndGet();
    observer.onNext(
        ListTasksResponse.newBuilder()
            .addTasks(task("mnli/train", Score.SCORE_ACCURACY))
            .addTasks(task("cola/out-of-domain-dev", Score.SCORE_MATTHEWS_CORRELATION))
            .addTasks(task("paws-qqp/dev-and-test", Score.SCORE_F1))
            .addTasks(hans("hans"))
            .addTasks(hans("hans/lexical-overlap/non-entailment"))
            .build());
    observer.onCompleted();
  }

  @Override
  public void listLabelMappings(
      ListLabelMappingsRequest request, StreamObserver<ListLabelMappingsResponse> observer) {
    asked.incrementAndGet();
    ListLabelMappingsResponse.Builder response = ListLabelMappingsResponse.newBuilder();
    MAPPINGS.forEach(
        (name, reduction) ->
            response.addLabelMappings(
                NamedLabelMapping.newBuilder()
                    .setName(name)
                    .setMapping(
                        LabelMapping.newBuilder()
                            .setReduction(reduction)
                            .addEntries(entry("entailment", List.of("entailment")))
                            .addEntries(
                                entry("non-entailment", List.of("neutral", "contradiction"))))));
    observer.onNext(response.build());
    observer.onCompleted();
  }

  private static LabelMappingEntry entry(String data, List<String> model) {
    return LabelMappingEntry.newBuilder().setDataLabel(data).addAllModelLabels(model).build();
  }

  private static Task task(String name, Score score) {
    return Task.newBuilder().setName(name).setScore(score).build();
  }

  private static Task hans(String name) {
    return task(name, Score.SCORE_ACCURACY).toBuilder()
        .addAllLabelMappings(MAPPINGS.keySet())
        .build();
  }
}
