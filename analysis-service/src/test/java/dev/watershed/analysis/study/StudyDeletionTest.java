package dev.watershed.analysis.study;

import static dev.watershed.analysis.study.TestSpecs.spec;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.rpc.Code;
import com.google.rpc.ErrorInfo;
import com.google.rpc.Status;
import dev.watershed.analysis.store.DeletedStudies;
import dev.watershed.analysis.v1.CreateStudyRequest;
import dev.watershed.analysis.v1.DeleteStudyRequest;
import dev.watershed.analysis.v1.ListStudiesRequest;
import dev.watershed.analysis.v1.Study;
import dev.watershed.analysis.v1.StudyState;
import dev.watershed.analysis.v1.WatchStudyRequest;
import dev.watershed.input.StudyName;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.DataSource;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** Studies that are deleted: what keeps them, and that nothing of them is left. */
final class StudyDeletionTest extends ServedStudies {
  private static final String NONE = "studies/00000000-0000-0000-0000-000000000000";
  private static final String[] MODELS = {"left-0", "right-0", "left-1", "right-1"};
  private static final List<String> TABLES =
      List.of(
          "study",
          "study_model",
          "study_sample",
          "study_score",
          "study_pair",
          "study_point",
          "study_diagnostic_point",
          "study_provenance",
          "study_report",
          "study_notice",
          "study_request",
          "study_queue");

  @Test
  void delete_ended_leavesNoRowAndOthersAlone() throws Exception {
    var deleted = ended(MODELS);
    var kept = ended("left-0", "right-0");
    var report = process.report(kept);

    delete(deleted, false);

    assertThat(studies()).containsExactly(kept);
    assertThat(process.report(kept)).isEqualTo(report);
    assertNotFound(() -> process.get(deleted));
    assertNotFound(() -> process.report(deleted));
    assertNotFound(() -> delete(deleted, false));
    delete(kept, false);
    assertEmpty();
  }

  @Test
  void delete_unknown_isNotFoundUnlessItMayBeMissing() {
    assertNotFound(() -> delete(NONE, true));
    var request = DeleteStudyRequest.newBuilder().setName(NONE).setAllowMissing(true).build();
    assertThat(process.stub().deleteStudy(request)).isNotNull();
  }

  @Test
  void delete_beingComputed_isRefusedUnlessForced() throws Exception {
    var begun = new CountDownLatch(1);
    var goOn = new CountDownLatch(1);
    var points = new AtomicInteger();
    evaluator.beforePoint =
        evaluation -> {
          if (points.incrementAndGet() > 10) {
            begun.countDown();
            StudyProcess.await(goOn);
          }
        };
    var study = process.create(spec(MODELS)).getName();
    StudyProcess.await(begun);

    var refused = refusal(() -> delete(study, false));

    assertThat(refused.getCode()).isEqualTo(Code.FAILED_PRECONDITION_VALUE);
    assertThat(reason(refused)).isEqualTo("STUDY_ACTIVE");
    assertThat(process.get(study).getState()).isEqualTo(StudyState.STUDY_STATE_RUNNING);
    var watched = process.stub().watchStudy(WatchStudyRequest.newBuilder().setName(study).build());
    watched.next();

    delete(study, true);
    goOn.countDown();

    var last = Study.getDefaultInstance();
    try {
      while (watched.hasNext()) {
        last = watched.next().getStudy();
      }
      assertThat(last.getState()).isEqualTo(StudyState.STUDY_STATE_CANCELLED);
    } catch (StatusRuntimeException e) {
      assertThat(e.getStatus().getCode()).isEqualTo(io.grpc.Status.Code.NOT_FOUND);
    }
    assertThat(studies()).isEmpty();
    // The worker is free, and what it still wanted to store is nowhere.
    evaluator.beforePoint = evaluation -> {};
    assertThat(process.await(process.create(spec("left-0", "left-1")).getName()).getState())
        .isEqualTo(StudyState.STUDY_STATE_SUCCEEDED);
    assertThat(count("study")).isEqualTo(1);
    assertThat(count("study_point")).isEqualTo(9);
  }

  @Test
  void create_requestIdOfADeletedStudy_makesAnother() {
    var request = CreateStudyRequest.newBuilder().setSpec(spec(MODELS)).setRequestId("one").build();
    var first = process.stub().createStudy(request).getStudy().getName();
    process.await(first);
    delete(first, false);

    var again = process.stub().createStudy(request).getStudy().getName();

    assertThat(again).isNotEqualTo(first);
    assertThat(studies()).containsExactly(again);
  }

  /** Points that a study took over are its own, for others to take over too. */
  @Test
  void delete_studyThatOthersTookPointsFrom_leavesThemTheirPoints() {
    var first = ended(MODELS);
    var second = ended(MODELS);
    var report = process.report(second);
    assertThat(report.getCost().getComputedPoints()).isZero();

    delete(first, false);

    assertThat(process.report(second)).isEqualTo(report);
    evaluator.evaluations.clear();
    var third = process.report(ended(MODELS));
    assertThat(evaluator.total()).isZero();
    assertThat(third.getPairsList()).isEqualTo(report.getPairsList());
    assertThat(third.getProvenance()).isEqualTo(report.getProvenance());
  }

  @Test
  void start_deletionKilledHalfWay_isFinished() throws Exception {
    var study = ended(MODELS);
    var number = process.context.getBean(DeletedStudies.class).hide(StudyName.of(study).id());
    assertThat(number).isPresent();
    assertNotFound(() -> process.get(study));
    assertThat(studies()).isEmpty();
    assertThat(count("study_point")).isPositive();
    process.close();

    startProcess(Map.of());

    assertEmpty();
  }

  /** A database from which all is deleted is as small as one in which nothing was, once closed. */
  @Test
  void delete_everything_givesTheRoomBack() throws Exception {
    process.close();
    long fresh = Files.size(directory.resolve("analysis.mv.db"));
    startProcess(Map.of());
    var models = new String[16];
    for (int i = 0; i < models.length; i++) {
      models[i] = "left-" + i;
    }
    for (int i = 0; i < 4; i++) {
      ended(models);
    }
    process.close();
    assertThat(Files.size(directory.resolve("analysis.mv.db"))).isGreaterThan(fresh + (300 << 10));
    startProcess(Map.of());

    studies().forEach(study -> delete(study, false));

    process.close();
    var url = StudyProcess.properties(directory, "").get("datasources.analysis.url");
    // H2 rewrites what is half empty when it closes, for as long as it is allowed.
    startProcess(Map.of("datasources.analysis.url", url + ";MAX_COMPACT_TIME=60000"));
    process.close();
    assertThat(Files.size(directory.resolve("analysis.mv.db"))).isLessThan(fresh + (100 << 10));
    startProcess(Map.of());
  }

  private String ended(String... models) {
    var name = process.create(spec(models)).getName();
    assertThat(process.await(name).getState()).isEqualTo(StudyState.STUDY_STATE_SUCCEEDED);
    return name;
  }

  private void delete(String name, boolean force) {
    var unused =
        process
            .stub()
            .deleteStudy(DeleteStudyRequest.newBuilder().setName(name).setForce(force).build());
  }

  private List<String> studies() {
    return process
        .stub()
        .listStudies(ListStudiesRequest.getDefaultInstance())
        .getStudiesList()
        .stream()
        .map(Study::getName)
        .toList();
  }

  private void assertEmpty() throws Exception {
    for (var table : TABLES) {
      assertThat(count(table)).as(table).isZero();
    }
  }

  private long count(String table) throws Exception {
    var database =
        process.context.getBean(
            DataSource.class, io.micronaut.inject.qualifiers.Qualifiers.byName("analysis"));
    try (var connection = database.getConnection();
        var query = connection.prepareStatement("SELECT COUNT(*) FROM " + table);
        var rows = query.executeQuery()) {
      rows.next();
      return rows.getLong(1);
    }
  }

  private static void assertNotFound(ThrowingCallable call) {
    var status = refusal(call);
    assertThat(status.getCode()).isEqualTo(Code.NOT_FOUND_VALUE);
    assertThat(reason(status)).isEqualTo("STUDY_NOT_FOUND");
  }

  private static Status refusal(ThrowingCallable call) {
    return StatusProto.fromThrowable(catchThrowableOfType(StatusRuntimeException.class, call));
  }

  private static String reason(Status status) {
    try {
      return status.getDetails(0).unpack(ErrorInfo.class).getReason();
    } catch (com.google.protobuf.InvalidProtocolBufferException e) {
      throw new AssertionError(e);
    }
  }
}
