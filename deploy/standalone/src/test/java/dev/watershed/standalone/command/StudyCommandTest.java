package dev.watershed.standalone.command;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.util.JsonFormat;
import dev.watershed.analysis.v1.AlphaProtocol;
import dev.watershed.analysis.v1.DistanceMetric;
import dev.watershed.analysis.v1.StudyReport;
import dev.watershed.analysis.v1.StudySpec;
import dev.watershed.analysis.v1.StudyState;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class StudyCommandTest {
  private Path directory;
  private final CannedAnalysis analysis = new CannedAnalysis();
  private CommandLineFixture line;

  @BeforeEach
  void serve(@TempDir Path temporary) {
    directory = temporary;
    line = new CommandLineFixture(directory, analysis);
  }

  @AfterEach
  void stop() throws InterruptedException {
    line.close();
  }

  @Test
  void create_everyOption_arrives() {
    assertThat(
            line.run(
                "study",
                "create",
                "m1",
                "checkpoints/m2=second",
                "--name",
                "n",
                "--in-domain",
                "builtin:miniature/validation,size=512,first=true",
                "--diagnostic",
                "builtin:miniature/diagnostic-not-entailed",
                "--diagnostic",
                "builtin:miniature/probe-verb,group=strategy,score=mcc",
                "--protocol",
                "nested",
                "--distance",
                "icg",
                "--clusters",
                "3",
                "--kernel-width",
                "0.5",
                "--request-id",
                "once"))
        .isEqualTo(ExitCode.OK);
    var request = analysis.created.get(0);
    assertThat(request.getRequestId()).isEqualTo("once");
    var spec = request.getSpec();
    assertThat(spec.getModels(0).getCheckpoint()).isEqualTo("checkpoints/m1");
    assertThat(spec.getModels(1).getCheckpoint()).isEqualTo("checkpoints/m2");
    assertThat(spec.getModels(1).getLabel()).isEqualTo("second");
    assertThat(spec.getInDomain().getFirstRows()).isTrue();
    assertThat(spec.getDiagnostics(1).getGroup()).isEqualTo("strategy");
    assertThat(spec.getProtocol()).isEqualTo(AlphaProtocol.ALPHA_PROTOCOL_NESTED);
    assertThat(spec.getDistance()).isEqualTo(DistanceMetric.DISTANCE_METRIC_IMPROVED_CONVEXITY_GAP);
    assertThat(spec.getClusterCount()).isEqualTo(3);
    assertThat(spec.getKernelWidth()).isEqualTo(0.5);
    assertThat(line.out()).contains("s1").contains("queued");
  }

  @Test
  void create_specFile_isOverriddenByOptionsOnlyWhereGiven() throws Exception {
    var spec = StudySpec.newBuilder().setIntervalCount(20).setDisplayName("from file");
    spec.addModelsBuilder().setCheckpoint("checkpoints/a");
    spec.addModelsBuilder().setCheckpoint("checkpoints/b");
    spec.getInDomainBuilder().setName("dev").getSplitBuilder().setBuiltin("miniature/validation");
    Files.writeString(directory.resolve("study.json"), JsonFormat.printer().print(spec));
    line.run("study", "create", "--spec", "study.json", "--name", "mine");
    assertThat(analysis.created.get(0).getSpec()).isEqualTo(spec.setDisplayName("mine").build());
  }

  @Test
  void create_wait_showsTheReportAndWritesItsFiles() {
    assertThat(
            line.run(
                "study",
                "create",
                "m1",
                "m2",
                "--in-domain",
                "builtin:miniature/validation",
                "--wait",
                "--out",
                "files"))
        .isEqualTo(ExitCode.OK);
    assertThat(line.err()).contains("running 100/300").contains("succeeded 300/300");
    assertThat(line.out()).contains("seed 3").contains("Convexity gap").contains("Two basins.");
    assertThat(directory.resolve("files/report.html")).hasContent("<html></html>");
    assertThat(directory.resolve("files/pairs.csv")).hasContent("a,b");
  }

  @Test
  void create_studyFails_exitsWithOneAndSaysWhy() {
    analysis.end = StudyState.STUDY_STATE_FAILED;
    assertThat(
            line.run(
                "study",
                "create",
                "m1",
                "m2",
                "--in-domain",
                "builtin:miniature/validation",
                "--wait"))
        .isEqualTo(ExitCode.FAILED);
    assertThat(line.out()).contains("no evaluator answers");
  }

  @Test
  void watch_cancelledStudy_exitsAsCancelled() {
    analysis.end = StudyState.STUDY_STATE_CANCELLED;
    assertThat(line.run("study", "watch", "s1", "--json")).isEqualTo(ExitCode.CANCELLED);
    assertThat(line.out().lines().toList()).hasSize(2);
  }

  @Test
  void report_json_isTheMessage() throws Exception {
    assertThat(line.run("study", "report", "s1", "--json")).isEqualTo(ExitCode.OK);
    var report = StudyReport.newBuilder();
    JsonFormat.parser().merge(line.out(), report);
    assertThat(report.build()).isEqualTo(analysis.report);
  }

  @Test
  void report_warnings_areAtItsEnd() {
    assertThat(line.run("study", "report", "s1")).isEqualTo(ExitCode.OK);
    assertThat(line.out()).doesNotContain("warning");
    analysis.report = analysis.report.toBuilder().addWarnings("seed 3 looks permuted.").build();
    assertThat(line.run("study", "report", "s1")).isEqualTo(ExitCode.OK);
    assertThat(line.out().strip()).endsWith("warning: seed 3 looks permuted.");
  }

  @Test
  void export_files_areNamed() {
    assertThat(line.run("study", "export", "s1", "--out", "x")).isEqualTo(ExitCode.OK);
    assertThat(line.out()).contains(directory.resolve("x/report.html").toString());
  }

  @Test
  void create_badInput_isRefusedBeforeAnyCall() {
    String sample = "builtin:miniature/validation";
    assertThat(line.run("study", "create", "m1", "--in-domain", sample))
        .isEqualTo(ExitCode.BAD_INPUT);
    assertThat(line.run("study", "create", "m1", "m2")).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(line.run("study", "create", "m1", "m2", "--in-domain", sample, "--out", "x"))
        .isEqualTo(ExitCode.BAD_INPUT);
    assertThat(
            line.run(
                "study",
                "create",
                "m1",
                "m2",
                "--in-domain",
                sample,
                "--protocol",
                "paper",
                "--intervals",
                "5"))
        .isEqualTo(ExitCode.BAD_INPUT);
    assertThat(line.run("study", "create", "--spec", "absent.json")).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(analysis.created).isEmpty();
  }
}
