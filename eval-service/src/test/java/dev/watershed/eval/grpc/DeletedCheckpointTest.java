package dev.watershed.eval.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.rpc.Code;
import com.google.rpc.ErrorInfo;
import com.google.rpc.Status;
import dev.watershed.classifier.checkpoint.CheckpointStore;
import dev.watershed.eval.v1.EvaluateInterpolationRequest;
import dev.watershed.eval.v1.EvaluateInterpolationResponse;
import dev.watershed.type.v1.ClassificationMetrics;
import dev.watershed.type.v1.EvaluationSample;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Checkpoints that are deleted, and others under their ids, while an evaluator has them. */
@Timeout(120)
final class DeletedCheckpointTest {
  private static final List<Double> ALPHAS = List.of(0.0, 0.5, 1.0);

  private final ConcurrentLinkedQueue<Step> steps = new ConcurrentLinkedQueue<>();
  private EvaluationServer server;
  private EvaluationSample sample;

  /** What happens to the store when the directory of a checkpoint is given out. */
  @FunctionalInterface
  private interface Step {
    void run() throws IOException;
  }

  @BeforeEach
  void serve(@TempDir Path root) throws Exception {
    server =
        new EvaluationServer(
            root, EvaluationServer.configuration(), store -> new Interrupted(store, "b", steps));
    server.put("a", 1);
    server.put("b", 2);
    sample = server.sample("sample", 40, 7);
  }

  @AfterEach
  void stop() throws Exception {
    server.close();
  }

  @Test
  void evaluate_deletedThoughKnownToEveryCache_isNotFound() throws Exception {
    var before = metrics("a", "b");
    assertThat(metrics("a", "b")).isEqualTo(before);

    delete("b");

    assertNotFound(refusal("a", "b"));
    assertThat(server.evaluator.heldBytes()).isPositive();
  }

  @Test
  void evaluate_idTakenByOtherContent_isMeasuredAnew() throws Exception {
    var before = metrics("a", "b");
    delete("b");
    server.put("b", 3);
    server.put("other", 3);

    assertThat(metrics("a", "b")).isEqualTo(metrics("a", "other")).isNotEqualTo(before);

    delete("b");
    server.put("b", 2);
    assertThat(metrics("a", "b")).isEqualTo(before);
  }

  /**
   * Between the look at a checkpoint and its reading: first its configuration, then its weights.
   */
  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void evaluate_idTakenByOtherContentWhileItIsRead_isNotFoundAndPoisonsNothing(int reading)
      throws Exception {
    for (int i = 0; i < reading; i++) {
      steps.add(() -> {});
    }
    steps.add(
        () -> {
          delete("b");
          server.put("b", 3);
        });

    assertNotFound(refusal("a", "b"));

    assertThat(steps).isEmpty();
    server.put("as-b-was", 2);
    server.put("as-b-is", 3);
    var now = metrics("a", "b");
    assertThat(now).isEqualTo(metrics("a", "as-b-is"));
    var was = metrics("a", "as-b-was");
    try (var fresh = new EvaluationServer(server.root, EvaluationServer.configuration())) {
      assertThat(metrics(fresh, line("a", "as-b-was"))).isEqualTo(was).isNotEqualTo(now);
      assertThat(metrics(fresh, line("a", "b"))).isEqualTo(now);
    }
  }

  @Test
  void evaluate_deletedOnceItsWeightsAreInMemory_endsWithTheRightNumbers() throws Exception {
    var alphas = IntStream.rangeClosed(0, 400).mapToObj(i -> i / 400.0).toList();
    var request = EvaluationServiceTest.line("checkpoints/a", "checkpoints/b", alphas, sample);
    var answers = server.stub().evaluateInterpolation(request);
    answers.next();
    var first = answers.next();

    delete("b");

    Iterable<EvaluateInterpolationResponse> rest = () -> answers;
    var whole =
        Stream.concat(Stream.of(first), StreamSupport.stream(rest.spliterator(), false))
            .map(DeletedCheckpointTest::metric)
            .toList();
    server.put("again", 2);
    assertThat(whole)
        .isEqualTo(
            metrics(
                server,
                EvaluationServiceTest.line("checkpoints/a", "checkpoints/again", alphas, sample)));
    assertNotFound(refusal("a", "b"));
  }

  /** Whatever the moment: the numbers of the one, those of the other, or not found. */
  @Test
  void evaluate_whileTheIdChangesHands_neverMixesContents() throws Exception {
    server.put("as-two", 2);
    server.put("as-three", 3);
    // On a server of its own, so that this one's caches know nothing.
    List<List<ClassificationMetrics>> right;
    try (var other = new EvaluationServer(server.root, EvaluationServer.configuration())) {
      right = List.of(metrics(other, line("a", "as-two")), metrics(other, line("a", "as-three")));
    }
    var done = new AtomicBoolean();
    var changing =
        Thread.ofPlatform()
            .start(
                () -> {
                  try {
                    for (int i = 0; i < 60; i++) {
                      delete("b");
                      server.put("b", 2 + i % 2);
                    }
                  } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                  } finally {
                    done.set(true);
                  }
                });
    int measured = 0;
    while (!done.get() || measured == 0) {
      try {
        assertThat(metrics("a", "b")).isIn(right);
        measured++;
      } catch (StatusRuntimeException e) {
        assertNotFound(StatusProto.fromThrowable(e));
      }
    }
    changing.join();
    assertThat(metrics("a", "b")).isEqualTo(right.get(1));
  }

  /** A store to which something happens each time one checkpoint is about to be read. */
  private static final class Interrupted extends ForwardingCheckpointStore {
    private final String id;
    private final ConcurrentLinkedQueue<Step> steps;

    private Interrupted(CheckpointStore right, String id, ConcurrentLinkedQueue<Step> steps) {
      super(right);
      this.id = id;
      this.steps = steps;
    }

    @Override
    public Held hold(String wanted) throws IOException {
      Held held = super.hold(wanted);
      Step step = wanted.equals(id) ? steps.poll() : null;
      if (step != null) {
        step.run();
      }
      return held;
    }
  }

  private void delete(String id) throws IOException {
    server.store.remove(id).orElseThrow().close();
  }

  private EvaluateInterpolationRequest line(String a, String b) {
    return EvaluationServiceTest.line("checkpoints/" + a, "checkpoints/" + b, ALPHAS, sample);
  }

  private List<ClassificationMetrics> metrics(String a, String b) {
    return metrics(server, line(a, b));
  }

  private static List<ClassificationMetrics> metrics(
      EvaluationServer server, EvaluateInterpolationRequest request) {
    var answers = server.stub().evaluateInterpolation(request);
    answers.next();
    Iterable<EvaluateInterpolationResponse> points = () -> answers;
    return StreamSupport.stream(points.spliterator(), false)
        .map(DeletedCheckpointTest::metric)
        .toList();
  }

  private static ClassificationMetrics metric(EvaluateInterpolationResponse answer) {
    return answer.getPoint().getMetrics();
  }

  private Status refusal(String a, String b) {
    return StatusProto.fromThrowable(
        catchThrowableOfType(StatusRuntimeException.class, () -> metrics(a, b)));
  }

  private static void assertNotFound(Status status) throws Exception {
    assertThat(status.getCode()).as(status.getMessage()).isEqualTo(Code.NOT_FOUND_VALUE);
    assertThat(status.getDetails(0).unpack(ErrorInfo.class).getReason())
        .isEqualTo("CHECKPOINT_NOT_FOUND");
    assertThat(status.getMessage()).contains("b");
  }
}
