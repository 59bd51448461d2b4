package dev.watershed.analysis.study;

import static dev.watershed.analysis.study.TestSpecs.spec;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.rpc.Code;
import dev.watershed.analysis.v1.StudyState;
import dev.watershed.type.v1.Provenance;
import dev.watershed.type.v1.Warning;
import dev.watershed.type.v1.WarningReason;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The points of a study are by one arithmetic, whatever evaluators there are. */
final class ArithmeticPinTest {
  private static final Provenance OTHER =
      FakeEvaluator.PROVENANCE.toBuilder().setProcessor("GenuineIntel/6/143").build();

  private FakeEvaluator first;
  private FakeEvaluator second;

  @BeforeEach
  void start() throws Exception {
    first = new FakeEvaluator();
    second = new FakeEvaluator();
    second.provenance = OTHER;
  }

  @AfterEach
  void stop() throws Exception {
    first.close();
    second.close();
  }

  @Test
  void study_evaluatorsOfTwoKinds_isByOneAndNamesTheOther(@TempDir Path directory)
      throws Exception {
    // Both are there before either has computed a point.
    var spoken = new CountDownLatch(1);
    first.beforePoint = evaluation -> StudyProcess.await(spoken);
    second.beforePoint = evaluation -> StudyProcess.await(spoken);
    var addresses = List.of(first.listen(), second.listen());
    try (var process = new StudyProcess(directory, String.join(",", addresses), Map.of())) {
      var study = process.create(spec("left-0", "left-1", "right-2", "right-3"));
      spoken.countDown();
      assertThat(process.await(study.getName()).getState())
          .isEqualTo(StudyState.STUDY_STATE_SUCCEEDED);
      var report = process.report(study.getName());

      boolean byFirst = report.getProvenance().equals(FakeEvaluator.PROVENANCE);
      assertThat(report.getProvenance()).isEqualTo(byFirst ? FakeEvaluator.PROVENANCE : OTHER);
      var refused = addresses.get(byFirst ? 1 : 0).substring("dns:///".length());
      assertThat(report.getWarningsList())
          .filteredOn(
              warning -> warning.getReason() == WarningReason.WARNING_REASON_EVALUATOR_UNSUITABLE)
          .extracting(Warning::getMessage)
          .singleElement()
          .asString()
          .contains(refused, "processor ", "GenuineIntel/6/143");
    }
  }

  @Test
  void study_onlyEvaluatorsOfAnotherKindAreLeft_failsAndSaysWhat(@TempDir Path directory)
      throws Exception {
    var computed = new AtomicInteger();
    first.beforePoint =
        evaluation -> {
          if (computed.incrementAndGet() == 8) {
            first.provenance = OTHER;
          }
        };
    try (var process =
        new StudyProcess(
            directory, first.address(), Map.of("watershed.analysis.evaluator.patience", "100ms"))) {
      var ended = process.await(process.create(spec("left-0", "left-1", "right-2")).getName());

      assertThat(ended.getState()).isEqualTo(StudyState.STUDY_STATE_FAILED);
      assertThat(ended.getError().getCode()).isEqualTo(Code.FAILED_PRECONDITION_VALUE);
      assertThat(ended.getError().getMessage())
          .contains("processor GenuineIntel/6/143, not ", "watershed.analysis.evaluator.patience");
      assertThat(ended.getError().toString()).contains("EVALUATOR_UNSUITABLE");
    }
  }

  @Test
  void study_resumedByAnotherKind_waitsForItsOwn(@TempDir Path directory) throws Exception {
    var some = new CountDownLatch(10);
    first.beforePoint = evaluation -> some.countDown();
    String name;
    try (var process = new StudyProcess(directory, first.address(), Map.of())) {
      name = process.create(spec("left-0", "left-1", "right-2", "right-3", "left-4")).getName();
      StudyProcess.await(some);
    }
    if (first.total() == 0) {
      throw new IllegalStateException("nothing was computed");
    }
    var addresses = second.listen() + "," + first.listen();
    try (var process = new StudyProcess(directory, addresses, Map.of())) {
      assertThat(process.await(name).getState()).isEqualTo(StudyState.STUDY_STATE_SUCCEEDED);
      assertThat(process.report(name).getProvenance()).isEqualTo(FakeEvaluator.PROVENANCE);
    }
  }
}
