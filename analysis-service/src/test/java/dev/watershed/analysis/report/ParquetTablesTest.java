package dev.watershed.analysis.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.watershed.analysis.v1.PairReport;
import dev.watershed.analysis.v1.StudyReport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Read back by DuckDB, another implementation of the format. */
final class ParquetTablesTest {
  private final Path directory;

  ParquetTablesTest(@TempDir Path directory) {
    this.directory = directory;
  }

  @Test
  void write_points_hasARowAPairAndAlpha() throws Exception {
    var report = SyntheticStudy.of(8);
    var rows =
        query(
            report,
            "points.parquet",
            "SELECT model_a, model_b, label_b, cluster_a, alpha, loss_nats, loss_low_nats, accuracy");
    assertThat(rows).hasSize(28 * 11);
    var expected = new ArrayList<List<Object>>();
    for (var pair : report.getPairsList()) {
      var a = report.getModels(pair.getModelA());
      var b = report.getModels(pair.getModelB());
      for (int i = 0; i < 11; i++) {
        expected.add(
            List.of(
                a.getCheckpoint(),
                b.getCheckpoint(),
                b.getLabel(),
                a.getCluster(),
                pair.getCurve().getAlphas(i),
                pair.getCurve().getLossesNats(i),
                pair.getUncertainty().getBandLowNats(i),
                pair.getAccuracies(i)));
      }
    }
    assertThat(rows).isEqualTo(expected);
  }

  @Test
  void write_pairs_hasEveryMetricWithItsInterval() throws Exception {
    var report = SyntheticStudy.of(8);
    var rows =
        query(
            report,
            "pairs.parquet",
            "SELECT distance, barrier_height_nats, convexity_gap_nats, convexity_gap_low_nats,"
                + " convexity_gap_high_nats, area_nats, euclidean_distance,"
                + " disagreement, jensen_shannon_nats");
    var expected = new ArrayList<List<Object>>();
    for (var pair : report.getPairsList()) {
      var gap = pair.getUncertainty().getConvexityGap().getInterval();
      expected.add(
          List.of(
              pair.getDistance(),
              pair.getMetrics().getBarrierHeightNats(),
              pair.getMetrics().getConvexityGapNats(),
              gap.getLow(),
              gap.getHigh(),
              pair.getMetrics().getAreaNats(),
              pair.getEuclideanDistance(),
              pair.getDisagreement(),
              pair.getJensenShannonNats()));
    }
    assertThat(rows).isEqualTo(expected);
  }

  @Test
  void write_diagnosticPoints_hasARowAPairDiagnosticAndAlpha() throws Exception {
    var report = SyntheticStudy.alongLines(SyntheticStudy.of(4));
    var rows =
        query(
            report,
            "diagnostic_points.parquet",
            "SELECT model_a, label_b, diagnostic, alpha, loss_nats, score");
    assertThat(rows).hasSize(6 * 11);
    var pair = report.getPairs(5);
    for (int i = 0; i < 11; i++) {
      assertThat(rows.get(55 + i))
          .containsExactly(
              report.getModels(pair.getModelA()).getCheckpoint(),
              report.getModels(pair.getModelB()).getLabel(),
              report.getSpec().getDiagnostics(0).getSample().getName(),
              pair.getCurve().getAlphas(i),
              2 * pair.getCurve().getLossesNats(i),
              null);
    }
  }

  @Test
  void write_whatDoesNotExist_isNull() throws Exception {
    var bare = SyntheticStudy.of(3).toBuilder();
    bare.getPairsBuilderList().forEach(PairReport.Builder::clearUncertainty);
    bare.getPairsBuilder(1).clearAccuracies().clearDisagreement().setDistance(Double.NaN);
    var report = bare.build();
    assertThat(
            query(
                report,
                "pairs.parquet",
                "SELECT count(*), count(convexity_gap_low_nats), count(improved_convexity_gap_nats),"
                    + " count(disagreement),"
                    + " count(*) FILTER (isnan(distance))"))
        .containsExactly(List.of(3L, 0L, 0L, 2L, 1L));
    assertThat(
            query(
                report, "points.parquet", "SELECT count(*), count(accuracy), count(loss_low_nats)"))
        .containsExactly(List.of(33L, 22L, 0L));
    assertThat(query(StudyReport.getDefaultInstance(), "points.parquet", "SELECT count(*)"))
        .containsExactly(List.of(0L));
  }

  private List<List<Object>> query(StudyReport report, String name, String select)
      throws IOException, SQLException {
    var file = directory.resolve(name);
    try (var out = Files.newOutputStream(file)) {
      StudyReportFiles.write(name, report, out);
    }
    var rows = new ArrayList<List<Object>>();
    try (var database = DriverManager.getConnection("jdbc:duckdb:");
        var statement = database.createStatement();
        var found = statement.executeQuery(select + " FROM '" + file + "'")) {
      int columns = found.getMetaData().getColumnCount();
      while (found.next()) {
        var row = new ArrayList<Object>();
        for (int c = 1; c <= columns; c++) {
          row.add(found.getObject(c));
        }
        rows.add(row);
      }
    }
    return rows;
  }
}
