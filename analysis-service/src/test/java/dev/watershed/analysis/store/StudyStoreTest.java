package dev.watershed.analysis.store;

import static java.time.ZoneOffset.UTC;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.watershed.analysis.store.Measurements.Pace;
import dev.watershed.analysis.store.Measurements.PairKey;
import dev.watershed.analysis.store.Measurements.Point;
import dev.watershed.analysis.store.Measurements.Score;
import dev.watershed.analysis.v1.Curve;
import dev.watershed.analysis.v1.PairReport;
import dev.watershed.analysis.v1.StudyReport;
import dev.watershed.analysis.v1.StudySpec;
import dev.watershed.analysis.v1.StudyState;
import dev.watershed.jobs.Crashes;
import dev.watershed.jobs.CreateCall;
import dev.watershed.jobs.Hold;
import dev.watershed.jobs.HoldLostException;
import dev.watershed.jobs.Job;
import dev.watershed.jobs.JobAttempt;
import dev.watershed.jobs.JobFeed;
import dev.watershed.jobs.JobState;
import dev.watershed.jobs.NewJob;
import dev.watershed.jobs.kit.TestDatabase;
import dev.watershed.jobs.kit.TestDatabase.Engine;
import dev.watershed.server.Pages;
import dev.watershed.type.v1.ClassificationMetrics;
import dev.watershed.type.v1.Digest;
import dev.watershed.type.v1.Origin;
import dev.watershed.type.v1.Provenance;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Studies, what is measured for them and their migrations, on each database. */
@ParameterizedClass
@EnumSource(Engine.class)
final class StudyStoreTest {
  private static final Origin NO_ORIGIN = Origin.getDefaultInstance();
  private static final Origin LEARNING_RATE =
      Origin.newBuilder().putFacts("recipe.learning_rate", "2e-5").build();

  private static final String MIGRATIONS = "classpath:db/analysis";
  private static final String PROCESS = "this process";
  private static final Duration DAYS = Duration.ofDays(10);
  private static final Pace PACE = new Pace(1, 2);
  private static final int MODELS = 10; // more than there are
  private static final StudySpec SPEC = StudySpec.newBuilder().setDisplayName("a").build();
  private static final CreateCall ANONYMOUS = new CreateCall("", "");

  private final Engine engine;
  private final TestDatabase database;
  private final StudyStore store;
  private final ReportStore reports;
  private final KnownPoints known;

  StudyStoreTest(Engine engine) throws Exception {
    this.engine = engine;
    database = TestDatabase.create(engine, MIGRATIONS);
    store = new StudyStore(database.dataSource(), Clock.systemUTC());
    reports = new ReportStore(database.dataSource());
    known = new KnownPoints(database.dataSource());
  }

  @AfterEach
  void close() throws Exception {
    database.close();
  }

  @Test
  void create_thenFind_isTheMessageThatCallersSee() {
    insert("a");

    var study = StudyKind.message(find("a"));

    assertThat(study.getName()).isEqualTo("studies/a");
    assertThat(study.getSpec()).isEqualTo(SPEC);
    assertThat(study.getState()).isEqualTo(StudyState.STUDY_STATE_QUEUED);
    assertThat(study.getProgress().getTotalPoints()).isEqualTo(10);
    assertThat(study.getProgress().getTotalPairs()).isEqualTo(1);
    assertThat(find("a").content().intervals()).isEqualTo(10);
  }

  @Test
  void migrate_databaseOfBeforeJobs_keepsStudiesAndTheirRequests() throws Exception {
    try (var old = TestDatabase.createAt(engine, MIGRATIONS, "6")) {
      try (var connection = old.dataSource().getConnection();
          var insert =
              connection.prepareStatement(
                  "INSERT INTO study (id, request_id, spec, state, attempt, fruitless_attempts,"
                      + " completed_points, total_points, completed_pairs, total_pairs,"
                      + " elapsed_seconds, remaining_seconds, create_time)"
                      + " VALUES ('old', 'once', ?, 'RUNNING', 3, 1, 4, 10, 0, 1, 7, 8,"
                      + " CURRENT_TIMESTAMP)")) {
        insert.setBytes(1, SPEC.toByteArray());
        insert.executeUpdate();
      }

      old.migrate();
      var migrated = new StudyStore(old.dataSource(), Clock.systemUTC());
      migrated.jobs().orderQueue();

      var study = migrated.jobs().find("old").orElseThrow();
      assertThat(study.state()).isEqualTo(JobState.RUNNING);
      assertThat(study.attempt()).isEqualTo(3);
      assertThat(study.crashes()).isEqualTo(new Crashes(1, 0, ""));
      assertThat(study.content().progress().getCompletedPoints()).isEqualTo(4);
      assertThat(study.content().elapsedSeconds()).isEqualTo(7);
      assertThat(study.content().intervals()).isNull();
      // What its request said was not kept, so any body is taken for it.
      var call = new CreateCall("once", "aa");
      assertThat(migrated.jobs().findCreatedBy(call).orElseThrow().jobs().getFirst().id())
          .isEqualTo("old");
      assertThat(old.column("SELECT task_instance FROM study_queue")).containsExactly("old");
    }
  }

  @Test
  void addPoints_ofDiagnostics_countAndAreKeptOnce() throws Exception {
    var hold = begin("a");
    var first = new Point(0, 1, 2, 5, metrics(.5), ExampleFloats.NONE);
    var second =
        new Point(0, 1, 3, 5, metrics(.7), new ExampleFloats(ByteString.copyFrom(new byte[8])));

    store.measurements().addPoints(hold, List.of(first), List.of(), PACE);
    var progress = store.measurements().addPoints(hold, List.of(first, second), List.of(), PACE);

    assertThat(progress.orElseThrow().getCompletedPoints()).isEqualTo(2);
    assertThat(store.measurements().points(hold.job(), 2, 0, 0, MODELS)).containsExactly(first);
    assertThat(store.measurements().points(hold.job(), 3, 0, 0, MODELS)).containsExactly(second);
    assertThat(store.measurements().points(hold.job(), 2, 0, 2, MODELS)).isEmpty();
    assertThat(store.measurements().cost(hold.job()).getComputedPoints()).isEqualTo(2);
  }

  @Test
  void hide_ended_freesItsRequestAndItsRowsGo() throws Exception {
    var hold = begin("a");
    store.measurements().addPoints(hold, List.of(point(.5)), List.of(), PACE);
    store.jobs().cancel("a");
    var deleted = new DeletedStudies(store);

    var number = deleted.hide("a").orElseThrow();

    assertThat(store.jobs().find("a")).isEmpty();
    assertThat(deleted.hidden()).containsExactly(number);
    deleted.deleteRows(number);
    for (var table : List.of("study", "study_point", "study_request")) {
      assertThat(database.column("SELECT COUNT(*) FROM " + table)).containsExactly("0");
    }
    assertThat(deleted.hide("none")).isEmpty();
  }

  @Test
  void takePoints_ofAnotherStudy_areFoundByDigestsAndCountedAsReused() {
    var first = begin("a");
    for (var hold : List.of(first, begin("b"))) {
      store.facts().keepModel(hold.job(), 0, digest("1"), NO_ORIGIN);
      store.facts().keepModel(hold.job(), 1, digest("2"), NO_ORIGIN);
      store.facts().keepSampleDigest(hold.job(), 0, digest("3"), "sample", 0);
      store.measurements().keepPair(hold.job(), 0, 1, 3.5);
    }
    store
        .facts()
        .keepProvenance(first.job(), Provenance.newBuilder().setDevice("cpu").build(), "c");
    store.measurements().addPoints(first, List.of(point(.5)), List.of(), PACE);
    store
        .measurements()
        .addScore(
            first, new Score(0, 0, metrics(.1), ExampleFloats.NONE, ExampleFloats.NONE), PACE);
    var second = find("b").hold();
    store
        .facts()
        .keepProvenance(second.job(), Provenance.newBuilder().setDevice("cpu").build(), "c");

    assertThat(known.scores(second.job(), digest("1"), "c")).containsOnlyKeys("sample");
    assertThat(known.scores(second.job(), digest("1"), "other")).isEmpty();
    var pair = known.pair(second.job(), 0, digest("1"), digest("2"), 10);
    assertThat(pair.euclideanDistance()).hasValue(3.5);
    assertThat(pair.points()).containsOnlyKeys(3);
    assertThat(
            store.measurements().takePoints(second, List.of(point(.5)), List.of(first.job()), PACE))
        .hasValueSatisfying(now -> assertThat(now.getCompletedPoints()).isEqualTo(1));
    assertThat(store.measurements().cost(second.job()).getReusedPoints()).isEqualTo(1);
    assertThat(store.measurements().cost(first.job()).getComputedPoints()).isEqualTo(2);
  }

  @Test
  void deleteUnusedPoints_ofStudiesThatEndedLongAgo_goUnlessOthersTookThemOver() {
    var report = StudyReport.newBuilder().setElapsedSeconds(1).build();
    var ended = begin("ended");
    var taken = begin("taken");
    var running = begin("running");
    for (var hold : List.of(ended, taken, running)) {
      var points = new ArrayList<>(List.of(point(.5)));
      if (hold == ended) {
        points.add(new Point(0, 1, 2, 5, metrics(.5), ExampleFloats.NONE));
      }
      store.measurements().addPoints(hold, points, List.of(), PACE);
      store
          .measurements()
          .addScore(
              hold, new Score(0, 0, metrics(.1), ExampleFloats.NONE, ExampleFloats.NONE), PACE);
    }
    succeed(ended, report);
    succeed(taken, report);
    var unused = new UnusedPoints(store);
    var now = Instant.now();
    var later = new StudyStore(database.dataSource(), Clock.fixed(now.plus(DAYS), UTC));
    var taker = begin("taker");

    assertThat(unused.deleteUnusedSince(now.minus(DAYS))).isZero();
    later.measurements().takePoints(taker, List.of(point(.5)), List.of(taken.job()), PACE);
    assertThat(unused.deleteUnusedSince(now.plus(DAYS).minusSeconds(60))).isEqualTo(2);

    assertThat(store.measurements().points(ended.job(), 0, 0, 0, MODELS)).isEmpty();
    assertThat(store.measurements().points(ended.job(), 2, 0, 0, MODELS)).isEmpty();
    assertThat(store.measurements().scores(ended.job())).hasSize(1);
    assertThat(reports.find(ended.job())).contains(report);
    for (var hold : List.of(taken, running, taker)) {
      assertThat(store.measurements().points(hold.job(), 0, 0, 0, MODELS))
          .as("study %s", hold.job())
          .hasSize(1);
    }
    assertThat(unused.deleteUnusedSince(now.plus(DAYS).plusSeconds(60))).isEqualTo(1);
    assertThat(store.measurements().points(taken.job(), 0, 0, 0, MODELS)).isEmpty();
    assertThat(store.measurements().points(running.job(), 0, 0, 0, MODELS)).hasSize(1);
  }

  @Test
  void countTotal_pointsBesidesThePlan_areAdded() {
    var hold = begin("a");
    store.measurements().addPoints(hold, List.of(point(.5)), List.of(), PACE);

    assertThat(store.measurements().countTotal(hold, 20, 2)).isEqualTo(21);
    store.measurements().growTotal(hold, 4);

    assertThat(find("a").content().progress().getTotalPoints()).isEqualTo(25);
  }

  @Test
  void addPoints_twice_keepsTheFirstAndCountsIt() {
    var hold = begin("a");
    assertThat(store.measurements().addPoints(hold, List.of(point(.5)), List.of(), PACE))
        .isPresent();
    assertThat(store.measurements().addPoints(hold, List.of(point(.7)), List.of(), PACE))
        .isPresent();
    assertThat(
            store
                .measurements()
                .addScore(
                    hold,
                    new Score(0, 0, metrics(.1), ExampleFloats.NONE, ExampleFloats.NONE),
                    PACE))
        .isPresent();

    assertThat(store.measurements().points(hold.job(), 0, 0, 0, MODELS)).containsExactly(point(.5));
    assertThat(store.measurements().points(hold.job(), 0, 0, 1, 1)).containsExactly(point(.5));
    assertThat(completed("a")).isEqualTo(2);
  }

  @Test
  void addPoints_notANumber_isKeptAsMeasured() {
    var hold = begin("a");
    store.measurements().addPoints(hold, List.of(point(Double.NaN)), List.of(), PACE);

    assertThat(
            store
                .measurements()
                .points(hold.job(), 0, 0, 0, MODELS)
                .get(0)
                .metrics()
                .getMeanLossNats())
        .isNaN();
  }

  @Test
  void addPoints_afterAnotherWorkerTookIt_losesTheHoldAndKeepsThePoint() {
    var first = begin("a");
    var second = begin("a");

    assertThat(store.measurements().addPoints(first, List.of(point(.5)), List.of(), PACE))
        .isEmpty();
    assertThat(store.measurements().points(second.job(), 0, 0, 0, MODELS)).hasSize(1);
    assertThat(completed("a")).isEqualTo(1);
    assertThatThrownBy(() -> succeed(first, StudyReport.getDefaultInstance()))
        .isInstanceOf(HoldLostException.class);
    assertThat(reports.find(first.job())).isEmpty();
    succeed(second, StudyReport.newBuilder().setElapsedSeconds(7).build());
    assertThat(reports.find(first.job())).isPresent();
  }

  @Test
  void addPoints_afterCancel_losesTheHold() {
    var hold = begin("a");
    store.jobs().cancel("a");

    assertThat(store.measurements().addPoints(hold, List.of(point(.5)), List.of(), PACE)).isEmpty();
    assertThat(find("a").state()).isEqualTo(JobState.CANCELLED);
    assertThat(StudyKind.message(find("a")).getProgress().getRemainingSeconds()).isZero();
  }

  @Test
  void addPoints_completedTwice_countsOnce() {
    var hold = begin("a");
    store.measurements().keepPair(hold.job(), 0, 1, 3.5);
    store.measurements().keepPair(hold.job(), 0, 1, 4.5);
    store.measurements().addPoints(hold, List.of(), List.of(new PairKey(0, 1, 0)), PACE);
    store.measurements().addPoints(hold, List.of(), List.of(new PairKey(0, 1, 0)), PACE);

    assertThat(store.measurements().pairs(hold.job()))
        .containsExactly(new Measurements.Pair(0, 1, 3.5, true));
    assertThat(find("a").content().progress().getCompletedPairs()).isEqualTo(1);
  }

  @Test
  void beginBlock_pairs_areToBeMeasuredAgainAndAnEarlierBlockSaysNothingOfThem() {
    var hold = begin("a");
    store.measurements().keepPair(hold.job(), 0, 1, 3.5);
    var first = List.of(new PairKey(0, 1, 0));
    store.measurements().addPoints(hold, List.of(), first, PACE);
    var block = new Measurements.Block(768, .25);
    var progress = store.measurements().beginBlock(hold, 1, block, 99).orElseThrow();

    assertThat(progress.getTotalPoints()).isEqualTo(99);
    assertThat(progress.getCompletedPairs()).isZero();
    assertThat(store.measurements().laterBlocks(hold.job())).containsExactly(block);
    // Another worker that still believes to have the study.
    store.measurements().addPoints(hold, List.of(), first, PACE);
    assertThat(store.measurements().pairs(hold.job()).getFirst().complete()).isFalse();
    store.measurements().addPoints(hold, List.of(), List.of(new PairKey(0, 1, 1)), PACE);
    assertThat(store.measurements().pairs(hold.job()).getFirst().complete()).isTrue();
    begin("a");
    assertThat(store.measurements().beginBlock(hold, 2, block, 120)).isEmpty();
    assertThat(store.measurements().laterBlocks(hold.job())).hasSize(1);
  }

  @Test
  void keepDigest_another_returnsTheFirst() {
    var hold = begin("a");
    var first = digest("1");

    assertThat(store.facts().keepModel(hold.job(), 0, first, LEARNING_RATE)).isEqualTo(first);
    assertThat(store.facts().keepModel(hold.job(), 0, digest("2"), NO_ORIGIN)).isEqualTo(first);
    assertThat(store.facts().keepSampleDigest(hold.job(), 0, digest("2"), "s", 0))
        .isEqualTo(digest("2"));
    assertThat(store.facts().modelDigests(hold.job())).containsExactly(first);
    assertThat(store.facts().modelOrigins(hold.job())).containsExactly(LEARNING_RATE);
  }

  @Test
  void keepLabelCount_ofAKnownSample_keepsTheFirst() {
    var hold = begin("a");
    store.facts().keepLabelCount(hold.job(), 0, 2);
    assertThat(store.facts().labelCount(hold.job(), 0)).isZero();

    store.facts().keepSampleDigest(hold.job(), 0, digest("1"), "s", 0);
    assertThat(store.facts().labelCount(hold.job(), 0)).isZero();
    store.facts().keepLabelCount(hold.job(), 0, 3);
    store.facts().keepLabelCount(hold.job(), 0, 2);
    assertThat(store.facts().labelCount(hold.job(), 0)).isEqualTo(3);
  }

  @Test
  void keepProvenance_twice_keepsEachOnce() {
    var hold = begin("a");
    var cpu = Provenance.newBuilder().setDevice("cpu").build();
    var gpu = Provenance.newBuilder().setDevice("cuda").build();
    store.facts().keepProvenance(hold.job(), cpu, "c");
    store.facts().keepProvenance(hold.job(), gpu, "g");
    store.facts().keepProvenance(hold.job(), cpu, "c");

    assertThat(store.facts().provenances(hold.job())).containsExactlyInAnyOrder(cpu, gpu);
  }

  @Test
  void pairs_ofManyParts_comePageByPage() {
    var hold = begin("a");
    var curve = Curve.newBuilder().addAllLossesNats(Collections.nCopies(1000, .25)).build();
    var report = StudyReport.newBuilder().setElapsedSeconds(7).setFinding("found");
    for (int i = 0; i < 1500; i++) {
      report.addPairs(PairReport.newBuilder().setModelB(i).setCurve(curve));
    }
    succeed(hold, report.build());

    assertThat(reports.find(hold.job())).contains(report.build());
    assertThat(reports.findWithoutPairs(hold.job())).contains(report.clone().clearPairs().build());
    for (int limit : new int[] {1, 7, 1000}) {
      var pairs = new ArrayList<PairReport>();
      int pages = 0;
      while (pairs.size() < 1500 && (limit > 1 || pages < 70)) {
        var page = reports.pairs(hold.job(), pairs.size(), limit);
        assertThat(page.total()).isEqualTo(1500);
        assertThat(page.pairs()).isNotEmpty().hasSizeLessThanOrEqualTo(limit);
        assertThat(page.pairs().stream().mapToInt(PairReport::getSerializedSize).sum())
            .isLessThan(Pages.MOST_BYTES);
        pairs.addAll(page.pairs());
        pages++;
      }
      assertThat(pairs).isEqualTo(report.getPairsList().subList(0, pairs.size()));
    }
    assertThat(reports.pairs(hold.job(), 1500, 10).pairs()).isEmpty();
  }

  @Test
  void pairs_ofAReportThatIsOneMessage_comeToo() throws SQLException {
    var hold = begin("a");
    var report =
        StudyReport.newBuilder()
            .setElapsedSeconds(7)
            .addPairs(PairReport.newBuilder().setModelB(1))
            .addPairs(PairReport.newBuilder().setModelB(2))
            .build();
    succeed(hold, report);
    byte[] bytes = report.toByteArray();
    try (var connection = database.dataSource().getConnection();
        var delete = connection.prepareStatement("DELETE FROM study_report");
        var insert =
            connection.prepareStatement(
                "INSERT INTO study_report (study, part, content) VALUES (?, ?, ?)")) {
      delete.executeUpdate();
      for (int part = 0; part < 2; part++) {
        insert.setLong(1, hold.job());
        insert.setInt(2, part);
        int half = bytes.length / 2;
        insert.setBytes(
            3,
            part == 0 ? Arrays.copyOf(bytes, half) : Arrays.copyOfRange(bytes, half, bytes.length));
        insert.executeUpdate();
      }
    }

    assertThat(reports.find(hold.job())).contains(report);
    assertThat(reports.findWithoutPairs(hold.job()))
        .contains(report.toBuilder().clearPairs().build());
    assertThat(reports.pairs(hold.job(), 1, 5).pairs()).containsExactly(report.getPairs(1));
    assertThat(reports.pairs(hold.job(), 1, 5).total()).isEqualTo(2);
  }

  @Test
  void succeed_reportOfMegabytes_isReadBackWhole() {
    var hold = begin("a");
    var curve = Curve.newBuilder().addAllLossesNats(Collections.nCopies(300_000, .25)).build();
    var report =
        StudyReport.newBuilder()
            .setElapsedSeconds(7)
            .addPairs(PairReport.newBuilder().setCurve(curve))
            .build();
    assertThat(report.getSerializedSize()).isGreaterThan(2 << 20);
    succeed(hold, report);

    assertThat(reports.find(hold.job())).contains(report);
    assertThat(find("a").content().elapsedSeconds()).isEqualTo(7);
    assertThat(find("a").state().ended()).isTrue();
  }

  private void insert(String id) {
    var wanted = new NewJob<>(id, StudyContent.of(SPEC, 10, 1, 10));
    assertThat(store.jobs().create(ANONYMOUS, List.of(wanted), 10).jobs()).hasSize(1);
  }

  /** Takes a study for another attempt, as a worker does. */
  private Hold begin(String id) {
    if (store.jobs().find(id).isEmpty()) {
      insert(id);
    }
    try {
      database.execute(
          "UPDATE study SET state = 'RUNNING', attempt = attempt + 1, held_by = '"
              + PROCESS
              + "' WHERE id = '"
              + id
              + "'");
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
    return find(id).hold();
  }

  private void succeed(Hold hold, StudyReport report) {
    var study =
        store.jobs().transact(transaction -> transaction.active()).stream()
            .filter(job -> job.number() == hold.job())
            .findFirst()
            .orElseThrow();
    var held =
        new Job<>(
            hold.job(),
            study.id(),
            study.state(),
            hold.attempt(),
            false,
            study.crashes(),
            study.createTime(),
            null,
            null,
            null,
            study.content());
    var attempt =
        new JobAttempt<>(
            store.jobs(), new JobFeed<>(store.jobs().kind()), held, new CountDownLatch(1));
    attempt.alsoWrite((transaction, ended) -> StudyStore.writeReport(transaction, ended, report));
    attempt.succeed();
  }

  private Job<StudyContent> find(String id) {
    return store.jobs().find(id).orElseThrow();
  }

  private long completed(String id) {
    return find(id).content().progress().getCompletedPoints();
  }

  private static Point point(double loss) {
    return new Point(0, 1, 0, 3, metrics(loss), ExampleFloats.NONE);
  }

  private static ClassificationMetrics metrics(double loss) {
    return ClassificationMetrics.newBuilder().setMeanLossNats(loss).build();
  }

  private static Digest digest(String digit) {
    return Digest.newBuilder().setSha256(digit.repeat(64)).setSizeBytes(1).build();
  }
}
