package dev.watershed.analysis.report;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.watershed.analysis.v1.StudyReport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Opens pages in a real browser: everything is drawn and nothing is complained about. */
final class ReportPageBrowserTest {
  /** Heat map, eigenvalues, curves within and across, and two for each of two diagnostics. */
  private static final int CHARTS = 8;

  private Path directory;
  private Path browser;

  @BeforeEach
  void findBrowser(@TempDir Path temporary) {
    directory = temporary;
    var found = browserOnPath();
    assumeTrue(
        found.isPresent(),
        "SKIPPED: no chromium on PATH, so no report page was opened in a browser");
    browser = found.orElseThrow();
  }

  @Test
  void page_twoBasins_drawsEveryChart() throws Exception {
    String dom = open(SyntheticStudy.of(8));
    assertThat(dom).contains("data-charts=\"" + CHARTS + "\"");
    assertThat(count(dom, "<svg")).isEqualTo(CHARTS);
    assertThat(dom).contains("seed 7").contains("Basin 2").contains("\u2212");
    assertThat(count(dom, "<th scope=\"row\">")).isGreaterThanOrEqualTo(8 + 2 + 2 + 1 + 8);
  }

  @Test
  void page_hostileTexts_runsNothing() throws Exception {
    String dom = open(StudyReportFilesTest.hostile());
    assertThat(dom).contains("data-charts=\"" + CHARTS + "\"");
    assertThat(dom).doesNotContain("<img").doesNotContain("<script>alert");
    assertThat(dom).contains("&lt;img src=x");
  }

  @Test
  void page_valuesThatAreNotFinite_drawsTheRest() throws Exception {
    String dom = open(StudyReportFilesTest.diverged());
    assertThat(dom).contains("data-charts=\"" + CHARTS + "\"");
    assertThat(dom).contains("2 pairs without a finite value").contains("1 model without a finite");
  }

  @Test
  void page_noDiagnosticsAndOneCluster_drawsWhatThereIs() throws Exception {
    var bare = SyntheticStudy.of(3).toBuilder().clearDiagnostics().clearGroups();
    bare.getSpecBuilder().clearDiagnostics();
    bare.getClusteringBuilder().setOneBasin(true).clearEigenvalues();
    for (int i = 0; i < 3; i++) {
      bare.getModelsBuilder(i).setCluster(0).clearDiagnosticScores();
      bare.getModelsBuilder(i).clearCentroidDistanceDifference();
    }
    assertThat(open(bare.build())).contains("data-charts=\"4\"").contains("No such pair");
  }

  @Test
  void page_emptyReport_opens() throws Exception {
    assertThat(open(StudyReport.getDefaultInstance())).contains("data-charts=\"4\"");
  }

  @Test
  void page_manyModels_drawsOnCanvas() throws Exception {
    String dom = open(SyntheticStudy.of(70));
    assertThat(dom).contains("data-charts=\"" + CHARTS + "\"").contains("<canvas");
    assertThat(dom).contains("evenly by distance");
  }

  /** Returns the page's elements once its scripts have run. */
  private String open(StudyReport report) throws IOException, InterruptedException {
    var page = directory.resolve("report.html");
    try (var out = Files.newOutputStream(page)) {
      StudyReportFiles.write("report.html", report, out);
    }
    var dom = directory.resolve("dom.html");
    var log = directory.resolve("browser.log");
    var process =
        new ProcessBuilder(
                browser.toString(),
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--user-data-dir=" + directory.resolve("profile"),
                "--window-size=1400,2400",
                "--enable-logging=stderr",
                "--dump-dom",
                page.toUri().toString())
            .redirectOutput(dom.toFile())
            .redirectError(log.toFile())
            .start();
    try {
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).as("the browser ended").isTrue();
    } finally {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
    assertThat(Files.readString(log).lines().filter(line -> line.contains("CONSOLE"))).isEmpty();
    String elements = Files.readString(dom, UTF_8);
    assertThat(elements).doesNotContain("data-failed");
    // Without the page's own sources, which hold markup as text.
    return Pattern.compile("<script.*?</script>", Pattern.DOTALL).matcher(elements).replaceAll("");
  }

  private static long count(String text, String part) {
    return Pattern.compile(Pattern.quote(part)).matcher(text).results().count();
  }

  private static Optional<Path> browserOnPath() {
    return Stream.of(System.getenv().getOrDefault("PATH", "").split(":"))
        .flatMap(
            directory ->
                Stream.of("chromium", "chromium-browser", "google-chrome")
                    .map(name -> Path.of(directory, name)))
        .filter(Files::isExecutable)
        .findFirst();
  }
}
