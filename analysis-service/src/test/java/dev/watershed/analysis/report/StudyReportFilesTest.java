package dev.watershed.analysis.report;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.google.protobuf.util.JsonFormat;
import dev.watershed.analysis.v1.Curve;
import dev.watershed.analysis.v1.DiagnosticCurve;
import dev.watershed.analysis.v1.PairReport;
import dev.watershed.analysis.v1.StudyReport;
import dev.watershed.type.v1.Warning;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.StringReader;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.List;
import java.util.regex.Pattern;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVRecord;
import org.junit.jupiter.api.Test;

final class StudyReportFilesTest {
  private static final String HOSTILE =
      "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&{{echarts}}";

  private final StudyReport report = SyntheticStudy.of(8);

  @Test
  void write_page_isSelfContained() throws IOException {
    String page = write("report.html", report);
    assertThat(page)
        .startsWith("<!doctype html>")
        .contains("<title>Miniature, 8 seeds</title>")
        .contains("fall into two basins")
        .contains("Licensed to the Apache Software Foundation")
        .doesNotContainPattern("\\{\\{(policy|title|finding|warnings|style|data|echarts|script)}}");
    // Outside the scripts, whose sources hold markup as text.
    String markup = page.replaceAll("(?s)<script>.*?</script>", "");
    assertThat(markup)
        .doesNotContainPattern("<(link|img|iframe|object|embed)")
        .doesNotContain("src=");
    assertThat(embedded(page)).isEqualTo(report);
  }

  @Test
  void write_page_allowsNoScriptButItsOwn() throws Exception {
    String page = write("report.html", report);
    var scripts = Pattern.compile("<script>(.*?)</script>", Pattern.DOTALL).matcher(page);
    int count = 0;
    while (scripts.find()) {
      count++;
      var digest = MessageDigest.getInstance("SHA-256").digest(scripts.group(1).getBytes(UTF_8));
      assertThat(page).contains("'sha256-" + Base64.getEncoder().encodeToString(digest) + "'");
    }
    assertThat(count).isEqualTo(2);
  }

  @Test
  void write_hostileTexts_staysData() throws IOException {
    var hostile = hostile();
    String page = write("report.html", hostile);
    assertThat(page).doesNotContain("<script>alert").doesNotContain("<img src=x");
    assertThat(Pattern.compile("</script").matcher(page).results().count()).isEqualTo(3);
    assertThat(embedded(page)).isEqualTo(hostile);
  }

  @Test
  void write_warnings_areEscapedOnThePage() throws IOException {
    assertThat(write("report.html", report)).doesNotContain("id=\"warnings\"");
    var doubted =
        report.toBuilder()
            .addWarnings(Warning.newBuilder().setMessage("few <models>"))
            .addWarnings(Warning.newBuilder().setMessage(HOSTILE))
            .build();
    assertThat(write("report.html", doubted))
        .contains(
            "<ul class=\"notice\" id=\"warnings\"><li>few &lt;models&gt;</li><li>&lt;/script");
  }

  @Test
  void write_json_readsBackEqual() throws IOException {
    var parsed = StudyReport.newBuilder();
    JsonFormat.parser().merge(write("report.json", report), parsed);
    assertThat(parsed.build()).isEqualTo(report);
    assertThat(write("report.json", report)).contains("\"cluster\": 0");
  }

  @Test
  void write_models_hasARowAModelAndAColumnADiagnostic() throws IOException {
    var rows = csv("models.csv", report);
    assertThat(rows).hasSize(8);
    assertThat(rows.getFirst().get("label")).isEqualTo("seed 0");
    for (int i = 0; i < 8; i++) {
      assertThat(Double.parseDouble(rows.get(i).get("score of swapped arguments")))
          .isEqualTo(report.getModels(i).getDiagnosticScores(0));
      assertThat(rows.get(i).get("cluster")).isEqualTo("" + report.getModels(i).getCluster());
    }
  }

  @Test
  void write_pairs_hasEveryMetric() throws IOException {
    var rows = csv("pairs.csv", report);
    assertThat(rows).hasSize(28);
    for (int i = 0; i < 28; i++) {
      var pair = report.getPairs(i);
      assertThat(rows.get(i).get("model_a"))
          .isEqualTo(report.getModels(pair.getModelA()).getCheckpoint());
      assertThat(Double.parseDouble(rows.get(i).get("convexity_gap_nats")))
          .isEqualTo(pair.getMetrics().getConvexityGapNats());
      assertThat(Double.parseDouble(rows.get(i).get("disagreement")))
          .isEqualTo(pair.getDisagreement());
      assertThat(Double.parseDouble(rows.get(i).get("jensen_shannon_nats")))
          .isEqualTo(pair.getJensenShannonNats());
      assertThat(rows.get(i).get("improved_convexity_gap_nats")).isEmpty();
      assertThat(rows.get(i).get("convexity_gap_tolerance_nats")).isEmpty();
      assertThat(rows.get(i).get("point_count")).isEqualTo("11");
    }
    var adaptive = csv("pairs.csv", adaptive());
    assertThat(adaptive.get(0).get("convexity_gap_tolerance_nats")).isEqualTo("0.003");
    assertThat(adaptive.get(1).get("point_count")).isEqualTo("6");
  }

  @Test
  void write_curves_hasARowAPoint() throws IOException {
    var rows = csv("curves.csv", report);
    assertThat(rows).hasSize(28 * 11);
    assertThat(Double.parseDouble(rows.get(12).get("loss_nats")))
        .isEqualTo(report.getPairs(1).getCurve().getLossesNats(1));
    assertThat(Double.parseDouble(rows.get(12).get("accuracy")))
        .isEqualTo(report.getPairs(1).getAccuracies(1));
  }

  @Test
  void write_diagnosticsAlongCurves_haveAFileOfTheirOwn() throws IOException {
    assertThat(StudyReportFiles.names(report)).doesNotContain("diagnostic_curves.csv");
    var along = report.toBuilder();
    along.getSpecBuilder().getDiagnosticsBuilder(0).setAlongCurves(true);
    along
        .getPairsBuilder(1)
        .addDiagnosticCurves(
            DiagnosticCurve.newBuilder()
                .setCurve(
                    Curve.newBuilder()
                        .addAllAlphas(List.of(0., .5, 1.))
                        .addAllLossesNats(List.of(.25, Double.NaN, .75)))
                .addAllScores(List.of(.9, .1, .8)));

    var rows = csv("diagnostic_curves.csv", along.build());

    assertThat(StudyReportFiles.names(along.build()))
        .contains("diagnostic_curves.csv", "diagnostic_points.parquet");
    assertThat(rows).hasSize(3);
    assertThat(rows.get(1).get("model_b")).isEqualTo(report.getModels(2).getCheckpoint());
    assertThat(rows.get(1).get("diagnostic"))
        .isEqualTo(report.getSpec().getDiagnostics(0).getSample().getName());
    assertThat(rows.get(1).get("alpha")).isEqualTo("0.5");
    assertThat(rows.get(1).get("loss_nats")).isEqualTo("NaN");
    assertThat(rows.get(1).get("score")).isEqualTo("0.1");
  }

  @Test
  void write_pairsOfDiagnosticsAlongCurves_haveTheirGapsAndBarriers() throws IOException {
    var along = SyntheticStudy.alongLines(report).toBuilder();
    String name = report.getSpec().getDiagnostics(0).getSample().getName();
    along
        .getPairsBuilder(0)
        .getDiagnosticCurvesBuilder(0)
        .getMetricsBuilder()
        .setConvexityGapNats(.5)
        .setBarrierHeightNats(.25);
    var rows = csv("pairs.csv", along.build());
    assertThat(rows.get(0).get("convexity_gap_nats on " + name)).isEqualTo("0.5");
    assertThat(rows.get(0).get("barrier_height_nats on " + name)).isEqualTo("0.25");
    assertThat(rows.get(1).get("convexity_gap_nats on " + name)).isEqualTo("Infinity");
  }

  @Test
  void write_valuesThatAreNotFinite_areWrittenAsSuch() throws IOException {
    var diverged = diverged();
    assertThat(csv("curves.csv", diverged).get(5).get("loss_nats")).isEqualTo("NaN");
    assertThat(csv("pairs.csv", diverged).getFirst().get("distance")).isEqualTo("NaN");
    assertThat(csv("models.csv", diverged).get(2).get("score of swapped arguments"))
        .isEqualTo("NaN");
    assertThat(csv("models.csv", diverged).get(3).get("in_domain_mean_loss_nats"))
        .isEqualTo("Infinity");
    assertThat(csv("models.csv", diverged).get(2).get("centroid_distance_difference")).isEmpty();
    assertThat(embedded(write("report.html", diverged))).isEqualTo(diverged);
  }

  @Test
  void write_textsThatLookLikeFormulas_areDisarmedInTables() throws IOException {
    var formula = report.toBuilder();
    formula.getModelsBuilder(0).setLabel("=HYPERLINK(\"http://x\")");
    formula.getModelsBuilder(1).setLabel("a,\"b\"\nc");
    var rows = csv("models.csv", formula.build());
    assertThat(rows.get(0).get("label")).isEqualTo("'=HYPERLINK(\"http://x\")");
    assertThat(rows.get(1).get("label")).isEqualTo("a,\"b\"\nc");
  }

  @Test
  void write_hundredsOfPairs_keepsEveryCurveWithFewerDigits() throws IOException {
    var large = SyntheticStudy.of(40);
    var embedded = embedded(write("report.html", large));
    assertThat(embedded.getPairsCount()).isEqualTo(780);
    for (int i = 0; i < 780; i++) {
      var pair = embedded.getPairs(i);
      assertThat(pair.getDistance()).isEqualTo(large.getPairs(i).getDistance());
      assertThat(pair.getCurve().getLossesNats(5))
          .isCloseTo(large.getPairs(i).getCurve().getLossesNats(5), within(1e-5));
      assertThat("" + pair.getCurve().getLossesNats(5)).hasSizeLessThan(10);
      assertThat(pair.getUncertainty().getBandHighNatsCount()).isEqualTo(11);
    }
    assertThat(csv("curves.csv", large)).hasSize(780 * 11);
  }

  @Test
  void write_thousandsOfPairs_keepsSomeCurvesAndAllDistances() throws IOException {
    var large = SyntheticStudy.of(102);
    var embedded = embedded(write("report.html", large));
    assertThat(embedded.getPairsList().stream().filter(PairReport::hasCurve)).hasSize(5_000);
    assertThat(embedded.getPairsList().stream().map(PairReport::getDistance).toList())
        .isEqualTo(large.getPairsList().stream().map(PairReport::getDistance).toList());
  }

  @Test
  void write_anotherName_isRefused() {
    assertThatThrownBy(() -> write("report.pdf", report))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("report.html, report.json");
  }

  /** Every second curve has but every second point. */
  static StudyReport adaptive() {
    var adaptive = SyntheticStudy.of(8).toBuilder();
    adaptive.getSpecBuilder().getAdaptiveBuilder().setToleranceNats(.005);
    adaptive.getCostBuilder().setComputedPoints(200).setReusedPoints(14).setEqualGridPoints(4000);
    for (int i = 0; i < adaptive.getPairsCount(); i++) {
      var pair = adaptive.getPairsBuilder(i).setConvexityGapToleranceNats(.003);
      if (i % 2 == 1) {
        var curve = pair.getCurve();
        pair.getCurveBuilder().clearAlphas().clearLossesNats();
        var accuracies = pair.getAccuraciesList();
        pair.clearAccuracies();
        for (int k = 0; k <= 10; k += 2) {
          pair.getCurveBuilder()
              .addAlphas(curve.getAlphas(k))
              .addLossesNats(curve.getLossesNats(k));
          pair.addAccuracies(accuracies.get(k));
        }
      }
    }
    return adaptive.build();
  }

  static StudyReport hostile() {
    var hostile = SyntheticStudy.of(8).toBuilder().setFinding(HOSTILE).setStudy(HOSTILE);
    hostile.getSpecBuilder().setDisplayName(HOSTILE);
    hostile.getSpecBuilder().getDiagnosticsBuilder(0).getSampleBuilder().setName(HOSTILE);
    hostile.getSpecBuilder().getInDomainBuilder().getSplitBuilder().setBuiltin(HOSTILE);
    hostile.getModelsBuilder(0).setLabel(HOSTILE).setCheckpoint(HOSTILE);
    hostile.getGroupsBuilder(0).setName(HOSTILE);
    hostile.getVerdictBuilder().setSentence(HOSTILE);
    hostile.getProvenanceBuilder().setEngine(HOSTILE);
    return hostile.build();
  }

  static StudyReport diverged() {
    var diverged = SyntheticStudy.of(8).toBuilder();
    diverged
        .getPairsBuilder(0)
        .setDistance(Double.NaN)
        .getCurveBuilder()
        .setLossesNats(5, Double.NaN);
    diverged
        .getPairsBuilder(1)
        .setDistance(Double.POSITIVE_INFINITY)
        .getCurveBuilder()
        .setLossesNats(4, Double.POSITIVE_INFINITY);
    diverged
        .getModelsBuilder(2)
        .setDiagnosticScores(0, Double.NaN)
        .clearCentroidDistanceDifference();
    diverged.getModelsBuilder(3).getInDomainBuilder().setMeanLossNats(Double.POSITIVE_INFINITY);
    diverged.getDiagnosticsBuilder(0).setClusterMeans(0, Double.NaN).clearFit();
    diverged.getClusteringBuilder().setSilhouette(Double.NaN).setEigenvalues(1, Double.NaN);
    return diverged.build();
  }

  static String write(String name, StudyReport report) throws IOException {
    var out = new ByteArrayOutputStream();
    StudyReportFiles.write(name, report, out);
    return out.toString(UTF_8);
  }

  private static StudyReport embedded(String page) throws IOException {
    var data =
        Pattern.compile(
                "<script type=\"application/json\" id=\"report\">(.*?)</script>", Pattern.DOTALL)
            .matcher(page);
    assertThat(data.find()).isTrue();
    var parsed = StudyReport.newBuilder();
    JsonFormat.parser().merge(data.group(1), parsed);
    return parsed.build();
  }

  private static List<CSVRecord> csv(String name, StudyReport report) throws IOException {
    return CSVFormat.RFC4180
        .builder()
        .setHeader()
        .setSkipHeaderRecord(true)
        .get()
        .parse(new StringReader(write(name, report)))
        .getRecords();
  }
}
