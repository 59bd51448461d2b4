package dev.watershed.analysis.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.watershed.analysis.store.StudyStore.Hold;
import dev.watershed.analysis.store.StudyStore.Pace;
import dev.watershed.analysis.store.StudyStore.PairKey;
import dev.watershed.analysis.store.StudyStore.Point;
import dev.watershed.analysis.store.StudyStore.Score;
import dev.watershed.analysis.v1.Curve;
import dev.watershed.analysis.v1.PairReport;
import dev.watershed.analysis.v1.StudyReport;
import dev.watershed.analysis.v1.StudySpec;
import dev.watershed.analysis.v1.StudyState;
import dev.watershed.server.Pages;
import dev.watershed.type.v1.ClassificationMetrics;
import dev.watershed.type.v1.Digest;
import dev.watershed.type.v1.Provenance;
import io.micronaut.context.ApplicationContext;
import io.micronaut.inject.qualifiers.Qualifiers;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class StudyStoreTest {
  private static final String PROCESS = "this process";
  private static final Instant NOW = Instant.parse("2026-11-20T12:00:00Z");
  private static final Pace PACE = new Pace(1, 2);
  private static final StudySpec SPEC = StudySpec.newBuilder().setDisplayName("a").build();

  private ApplicationContext context;
  private StudyStore store;
  private ReportStore reports;

  @BeforeEach
  void open(@TempDir Path directory) {
    var properties = new HashMap<String, Object>();
    properties.put(
        "datasources.analysis.url",
        "jdbc:h2:file:"
            + directory.resolve("analysis")
            + ";MODE=PostgreSQL;DATABASE_TO_LOWER=TRUE;DEFAULT_NULL_ORDERING=HIGH");
    properties.put("flyway.datasources.analysis.enabled", true);
    properties.put("flyway.datasources.analysis.locations", "classpath:db/analysis");
    context = ApplicationContext.run(properties);
    store = context.getBean(StudyStore.class);
    reports = context.getBean(ReportStore.class);
  }

  @AfterEach
  void close() {
    context.close();
  }

  @Test
  void insert_requestIdTaken_keepsTheFirst() {
    assertThat(store.insert("a", "request", SPEC, 10, 1, 10, NOW)).isTrue();
    assertThat(store.insert("b", "request", SPEC, 10, 1, 10, NOW)).isFalse();
    assertThat(store.insert("c", "", SPEC, 10, 1, 10, NOW)).isTrue();
    assertThat(store.insert("d", "", SPEC, 10, 1, 10, NOW)).isTrue();

    assertThat(store.findByRequest("request").map(StoredStudy::id)).contains("a");
    assertThat(store.list(0, 10)).extracting(StoredStudy::id).containsExactly("a", "c", "d");
    assertThat(store.find("b")).isEmpty();
    assertThat(store.find("a").orElseThrow().study().getSpec()).isEqualTo(SPEC);
  }

  @Test
  void addPoints_twice_keepsTheFirstAndCountsIt() {
    var hold = begin("a");
    assertThat(store.addPoints(hold, List.of(point(.5)), List.of(), PACE)).isTrue();
    assertThat(store.addPoints(hold, List.of(point(.7)), List.of(), PACE)).isTrue();
    assertThat(store.addScore(hold, new Score(0, 0, metrics(.1)), PACE)).isTrue();

    assertThat(store.points(hold.study(), 0)).containsExactly(point(.5));
    assertThat(store.points(hold.study(), 0, 1)).containsExactly(point(.5));
    assertThat(completed("a")).isEqualTo(2);
  }

  @Test
  void addPoints_notANumber_isKeptAsMeasured() {
    var hold = begin("a");
    store.addPoints(hold, List.of(point(Double.NaN)), List.of(), PACE);

    assertThat(store.points(hold.study(), 0).get(0).metrics().getMeanLossNats()).isNaN();
  }

  @Test
  void addPoints_afterAnotherWorkerTookIt_losesTheHoldAndKeepsThePoint() {
    var first = begin("a");
    var second = hold(store.begin("a", PROCESS, NOW).orElseThrow());

    assertThat(store.addPoints(first, List.of(point(.5)), List.of(), PACE)).isFalse();
    assertThat(store.points(second.study(), 0)).hasSize(1);
    assertThat(completed("a")).isEqualTo(1);
    assertThat(store.fail(first, com.google.rpc.Status.getDefaultInstance(), NOW)).isFalse();
    assertThat(store.succeed(first, StudyReport.getDefaultInstance(), NOW)).isFalse();
    assertThat(reports.find(first.study())).isEmpty();
    assertThat(store.succeed(second, StudyReport.getDefaultInstance(), NOW)).isTrue();
  }

  @Test
  void addPoints_afterCancel_losesTheHold() {
    var hold = begin("a");
    store.cancel("a", NOW);

    assertThat(store.addPoints(hold, List.of(point(.5)), List.of(), PACE)).isFalse();
    assertThat(store.begin("a", PROCESS, NOW)).isEmpty();
    assertThat(store.find("a").orElseThrow().study().getState())
        .isEqualTo(StudyState.STUDY_STATE_CANCELLED);
    assertThat(store.unended()).isEmpty();
  }

  @Test
  void addPoints_completedTwice_countsOnce() {
    var hold = begin("a");
    store.keepPair(hold.study(), 0, 1, 3.5);
    store.keepPair(hold.study(), 0, 1, 4.5);
    store.addPoints(hold, List.of(), List.of(new PairKey(0, 1)), PACE);
    store.addPoints(hold, List.of(), List.of(new PairKey(0, 1)), PACE);

    assertThat(store.pairs(hold.study())).containsExactly(new StudyStore.Pair(0, 1, 3.5, true));
    assertThat(store.find("a").orElseThrow().study().getProgress().getCompletedPairs())
        .isEqualTo(1);
  }

  @Test
  void begin_processesDie_countsThemUntilAPointComes() {
    begin("a");
    store.begin("a", "second", NOW);
    var third = store.begin("a", "third", NOW).orElseThrow();
    assertThat(third.crashes()).isEqualTo(2);
    assertThat(third.attempt()).isEqualTo(3);

    store.addPoints(hold(third), List.of(point(.5)), List.of(), PACE);
    assertThat(store.find("a").orElseThrow().crashes()).isZero();
  }

  @Test
  void begin_givenBackOrTakenBySameProcessAgain_countsNothing() {
    store.pause(begin("a"));
    store.begin("a", "second", NOW);
    assertThat(store.begin("a", "second", NOW).orElseThrow().crashes()).isZero();
  }

  @Test
  void withdrawCrash_ofAProcessThatLives_countsNothing() {
    var lost = begin("a");
    assertThat(store.begin("a", "other", NOW).orElseThrow().crashes()).isEqualTo(1);
    store.withdrawCrash(lost, PROCESS);
    assertThat(store.find("a").orElseThrow().crashes()).isZero();
  }

  @Test
  void begin_again_keepsTheFirstStartTime() {
    begin("a");
    var again = store.begin("a", PROCESS, NOW.plusSeconds(60)).orElseThrow();

    assertThat(again.startTime()).contains(NOW);
    assertThat(again.study().getState()).isEqualTo(StudyState.STUDY_STATE_RUNNING);
  }

  @Test
  void keepDigest_another_returnsTheFirst() {
    var hold = begin("a");
    var first = digest("1");

    assertThat(store.keepModelDigest(hold.study(), 0, first)).isEqualTo(first);
    assertThat(store.keepModelDigest(hold.study(), 0, digest("2"))).isEqualTo(first);
    assertThat(store.keepSampleDigest(hold.study(), 0, digest("2"), "s")).isEqualTo(digest("2"));
    assertThat(store.modelDigests(hold.study())).containsExactly(first);
  }

  @Test
  void keepLabelCount_ofAKnownSample_keepsTheFirst() {
    var hold = begin("a");
    store.keepLabelCount(hold.study(), 0, 2);
    assertThat(store.labelCount(hold.study(), 0)).isZero();

    store.keepSampleDigest(hold.study(), 0, digest("1"), "s");
    assertThat(store.labelCount(hold.study(), 0)).isZero();
    store.keepLabelCount(hold.study(), 0, 3);
    store.keepLabelCount(hold.study(), 0, 2);
    assertThat(store.labelCount(hold.study(), 0)).isEqualTo(3);
  }

  @Test
  void keepProvenance_twice_keepsEachOnce() {
    var hold = begin("a");
    var cpu = Provenance.newBuilder().setDevice("cpu").build();
    var gpu = Provenance.newBuilder().setDevice("cuda").build();
    store.keepProvenance(hold.study(), cpu, "c");
    store.keepProvenance(hold.study(), gpu, "g");
    store.keepProvenance(hold.study(), cpu, "c");

    assertThat(store.provenances(hold.study())).containsExactlyInAnyOrder(cpu, gpu);
  }

  @Test
  void pairs_ofManyParts_comePageByPage() {
    var hold = begin("a");
    var curve = Curve.newBuilder().addAllLossesNats(Collections.nCopies(1000, .25)).build();
    var report = StudyReport.newBuilder().setElapsedSeconds(7).setFinding("found");
    for (int i = 0; i < 1500; i++) {
      report.addPairs(PairReport.newBuilder().setModelB(i).setCurve(curve));
    }
    assertThat(store.succeed(hold, report.build(), NOW)).isTrue();

    assertThat(reports.find(hold.study())).contains(report.build());
    assertThat(reports.findWithoutPairs(hold.study()))
        .contains(report.clone().clearPairs().build());
    for (int limit : new int[] {1, 7, 1000}) {
      var pairs = new ArrayList<PairReport>();
      int pages = 0;
      while (pairs.size() < 1500 && (limit > 1 || pages < 70)) {
        var page = reports.pairs(hold.study(), pairs.size(), limit);
        assertThat(page.total()).isEqualTo(1500);
        assertThat(page.pairs()).isNotEmpty().hasSizeLessThanOrEqualTo(limit);
        assertThat(page.pairs().stream().mapToInt(PairReport::getSerializedSize).sum())
            .isLessThan(Pages.MOST_BYTES);
        pairs.addAll(page.pairs());
        pages++;
      }
      assertThat(pairs).isEqualTo(report.getPairsList().subList(0, pairs.size()));
    }
    assertThat(reports.pairs(hold.study(), 1500, 10).pairs()).isEmpty();
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
    assertThat(store.succeed(hold, report, NOW)).isTrue();
    byte[] bytes = report.toByteArray();
    try (var connection =
            context.getBean(DataSource.class, Qualifiers.byName("analysis")).getConnection();
        var delete = connection.prepareStatement("DELETE FROM study_report");
        var insert =
            connection.prepareStatement(
                "INSERT INTO study_report (study, part, content) VALUES (?, ?, ?)")) {
      delete.executeUpdate();
      for (int part = 0; part < 2; part++) {
        insert.setLong(1, hold.study());
        insert.setInt(2, part);
        int half = bytes.length / 2;
        insert.setBytes(
            3,
            part == 0 ? Arrays.copyOf(bytes, half) : Arrays.copyOfRange(bytes, half, bytes.length));
        insert.executeUpdate();
      }
      connection.commit();
    }

    assertThat(reports.find(hold.study())).contains(report);
    assertThat(reports.findWithoutPairs(hold.study()))
        .contains(report.toBuilder().clearPairs().build());
    assertThat(reports.pairs(hold.study(), 1, 5).pairs()).containsExactly(report.getPairs(1));
    assertThat(reports.pairs(hold.study(), 1, 5).total()).isEqualTo(2);
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
    assertThat(store.succeed(hold, report, NOW)).isTrue();

    assertThat(reports.find(hold.study())).contains(report);
    assertThat(store.find("a").orElseThrow().elapsedSeconds()).isEqualTo(7);
    assertThat(store.find("a").orElseThrow().ended()).isTrue();
  }

  @Test
  void anyCall_databaseGone_throwsStoreException() throws SQLException {
    try (var connection = context.getBean(DataSource.class).getConnection();
        var statement = connection.createStatement()) {
      statement.execute("ALTER TABLE study RENAME TO gone");
    }
    assertThatThrownBy(() -> store.find("a")).isInstanceOf(StoreException.class);
  }

  private Hold begin(String id) {
    store.insert(id, "", SPEC, 10, 1, 10, NOW);
    return hold(store.begin(id, PROCESS, NOW).orElseThrow());
  }

  private static Hold hold(StoredStudy study) {
    return new Hold(study.number(), study.attempt());
  }

  private long completed(String id) {
    return store.find(id).orElseThrow().study().getProgress().getCompletedPoints();
  }

  private static Point point(double loss) {
    return new Point(0, 1, 3, metrics(loss));
  }

  private static ClassificationMetrics metrics(double loss) {
    return ClassificationMetrics.newBuilder().setMeanLossNats(loss).build();
  }

  private static Digest digest(String digit) {
    return Digest.newBuilder().setSha256(digit.repeat(64)).setSizeBytes(1).build();
  }
}
