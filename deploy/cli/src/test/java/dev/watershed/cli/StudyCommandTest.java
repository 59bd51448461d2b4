package dev.watershed.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.util.JsonFormat;
import dev.watershed.analysis.v1.AdaptiveAlphas;
import dev.watershed.analysis.v1.AlphaProtocol;
import dev.watershed.analysis.v1.DistanceMetric;
import dev.watershed.analysis.v1.SampleGrowth;
import dev.watershed.analysis.v1.StudyReport;
import dev.watershed.analysis.v1.StudySpec;
import dev.watershed.analysis.v1.StudyState;
import dev.watershed.type.v1.Warning;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
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
  void plan_options_arriveAndTheTablesStandBeforeTheSentences() {
    assertThat(line.run("study", "plan", "--pilot", "s1", "--half-width", "0.01", "--models", "16"))
        .isEqualTo(ExitCode.OK);
    var request = analysis.planned.get(0);
    assertThat(request.getPilot()).isEqualTo("studies/s1");
    assertThat(request.getHalfWidthNats()).isEqualTo(.01);
    assertThat(request.getModelCount()).isEqualTo(16);
    assertThat(request.hasRatio()).isFalse();
    assertThat(line.out())
        .containsPattern("(?m)^ *16 +0.956 ")
        .containsPattern("(?m)^power for x 0.500 +0.87$")
        .endsWith("So many.\n");
    assertThat(line.run("study", "plan", "--pilot", "s1", "--curve", "-"))
        .isEqualTo(ExitCode.BAD_INPUT);
    assertThat(line.run("study", "plan", "--curve", "-")).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(line.run("study", "plan", "--disagreement", "0.1")).isEqualTo(ExitCode.BAD_INPUT);
  }

  @Test
  void compare_twoStudies_showsBothWithIntervalsAndTheirPower() {
    assertThat(line.run("study", "compare", "s1", "studies/s2", "--unpaired"))
        .isEqualTo(ExitCode.OK);
    assertThat(analysis.recipes.get(0).getFirst()).isEqualTo("studies/s1");
    assertThat(analysis.recipes.get(0).getSecond()).isEqualTo("studies/s2");
    assertThat(analysis.recipes.get(0).getUnpaired()).isTrue();
    assertThat(line.out())
        .contains("+0.1000 [-0.0200, +0.2200]")
        .contains("12 models, 66 pairs in the first; 5 models, 10 pairs in the second.")
        .contains("a halving with probability 0.40; the ratio seen takes about 13 a group")
        .endsWith("Nothing is shown.\n");
    line.run("study", "compare", "s1", "s2", "--csv");
    assertThat(line.out()).contains("convexity_gap,12,0.2,").endsWith(",false,0.4,13\n");
  }

  @Test
  void difference_twoPairs_marksWhatMayBeNothing() {
    assertThat(line.run("study", "difference", "s1", "seed 1", "seed 2"))
        .isEqualTo(ExitCode.BAD_INPUT);
    assertThat(line.err()).contains("a difference wants two pairs");
    assertThat(line.run("study", "difference", "s1", "seed 1", "seed 2", "--against", "a", "b"))
        .isEqualTo(ExitCode.OK);
    assertThat(line.out())
        .containsPattern("convexity gap +0.3000 +0.1000 +\\+0.2000 \\[-0.1000, \\+0.5000] +not")
        .containsPattern("(?m)^barrier height .*\\] *$")
        .endsWith("So it is.\n");
    line.run("study", "difference", "s1", "seed 1", "seed 2", "--in", "s3");
    var taken = analysis.pairs.get(1).getSecond();
    assertThat(taken.getStudy()).isEqualTo("studies/s3");
    assertThat(taken.getLabelB()).isEqualTo("seed 2");
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
  void create_adaptiveOptions_arrive() {
    String sample = "builtin:miniature/validation";
    line.run("study", "create", "m1", "m2", "--in-domain", sample, "--alphas", "adaptive");
    assertThat(analysis.created.get(0).getSpec().getAdaptive())
        .isEqualTo(AdaptiveAlphas.getDefaultInstance());
    assertThat(analysis.created.get(0).getSpec().hasAdaptive()).isTrue();
    assertThat(analysis.created.get(0).getSpec().getAllowSlowPrecision()).isFalse();

    line.run(
        "study",
        "create",
        "m1",
        "m2",
        "--in-domain",
        sample,
        "--alphas",
        "adaptive",
        "--tolerance",
        "0.01",
        "--initial-intervals",
        "4",
        "--finest-intervals",
        "32",
        "--curvature-margin",
        "3",
        "--bf16",
        "--allow-slow-precision");
    assertThat(analysis.created.get(1).getSpec().getAdaptive())
        .isEqualTo(
            AdaptiveAlphas.newBuilder()
                .setToleranceNats(.01)
                .setInitialIntervalCount(4)
                .setFinestIntervalCount(32)
                .setCurvatureMargin(3)
                .build());
    assertThat(analysis.created.get(1).getSpec().getAllowSlowPrecision()).isTrue();

    line.run("study", "create", "m1", "m2", "--in-domain", sample, "--alphas", "21");
    assertThat(analysis.created.get(2).getSpec().getIntervalCount()).isEqualTo(20);

    line.run("study", "create", "m1", "m2", "--in-domain", sample, "--kernel-width", "median");
    assertThat(analysis.created.get(3).getSpec().getMedianKernelWidth()).isTrue();
    assertThat(analysis.created.get(3).getSpec().getKernelWidth()).isZero();
  }

  @Test
  void create_precision_arrivesInsteadOfASize() {
    String sample = "builtin:miniature/train,seed=3";
    line.run("study", "create", "m1", "m2", "--in-domain", sample, "--half-width", "0.005");
    line.run(
        "study",
        "create",
        "m1",
        "m2",
        "--in-domain",
        sample,
        "--half-width",
        "0.005",
        "--min-examples",
        "256",
        "--max-examples",
        "9000");

    var spec = analysis.created.getFirst().getSpec();
    assertThat(spec.getInDomainGrowth())
        .isEqualTo(SampleGrowth.newBuilder().setHalfWidthNats(.005).build());
    assertThat(spec.getInDomain().hasSize()).isFalse();
    assertThat(spec.getInDomain().getSeed()).isEqualTo(3);
    assertThat(analysis.created.get(1).getSpec().getInDomainGrowth())
        .isEqualTo(
            SampleGrowth.newBuilder()
                .setHalfWidthNats(.005)
                .setFirstExampleCount(256)
                .setMostExampleCount(9000)
                .build());
    assertThat(line.run("study", "create", "m1", "m2", "--in-domain", sample))
        .as("a seed without a size or a precision")
        .isEqualTo(ExitCode.BAD_INPUT);
    assertThat(
            line.run(
                "study", "create", "m1", "m2", "--in-domain", sample, "--max-examples", "9000"))
        .as("a limit of nothing")
        .isEqualTo(ExitCode.BAD_INPUT);
  }

  @Test
  void report_sampleThatGrew_saysHow() {
    var grown = analysis.report.toBuilder();
    grown.getGrownBuilder().setReached(true).setSentence("It grew.");
    analysis.report = grown.build();
    line.run("study", "report", "s1");
    assertThat(line.out()).contains("It grew.");
  }

  @Test
  void create_alphasThatContradict_areRefusedBeforeAnyCall() {
    for (String[] options :
        new String[][] {
          {"--alphas", "adaptive", "--protocol", "paper"},
          {"--alphas", "11", "--intervals", "5"},
          {"--alphas", "some"},
          {"--alphas", "1"},
          {"--kernel-width", "0"},
          {"--kernel-width", "wide"},
          {"--tolerance", "0.01"},
          {"--alphas", "11", "--tolerance", "0.01"}
        }) {
      List<String> arguments = new ArrayList<>(List.of("study", "create", "m1", "m2"));
      arguments.addAll(List.of("--in-domain", "builtin:miniature/validation"));
      arguments.addAll(List.of(options));
      assertThat(line.run(arguments.toArray(String[]::new)))
          .as("%s", arguments)
          .isEqualTo(ExitCode.BAD_INPUT);
    }
    assertThat(analysis.created).isEmpty();
  }

  @Test
  void report_cost_saysWhatWasSaved() {
    line.run("study", "report", "s1");
    assertThat(line.out()).doesNotContain("evaluations");
    var adaptive = analysis.report.toBuilder();
    adaptive.getSpecBuilder().getAdaptiveBuilder().setToleranceNats(.005);
    adaptive.getCostBuilder().setComputedPoints(100).setReusedPoints(43).setEqualGridPoints(364);
    adaptive.getPairsBuilder(0).setConvexityGapToleranceNats(.004);
    analysis.report = adaptive.build();
    line.run("study", "report", "s1");
    assertThat(line.out())
        .contains(
            "CG known to 0.005 nats with 143 evaluations, 43 of them known from other studies;"
                + " an equal grid of the same accuracy needs 364");

    adaptive.getPairsBuilder(0).setConvexityGapToleranceNats(.02);
    analysis.report = adaptive.build();
    line.run("study", "report", "s1");
    assertThat(line.out()).contains("CG known to 0.02 nats with 143");
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
  void list_failedStudy_saysWhoseErrorItIs() {
    analysis.end = StudyState.STUDY_STATE_FAILED;
    assertThat(line.run("study", "list")).isEqualTo(ExitCode.OK);
    assertThat(line.out()).containsPattern("(?m)^s1:\\R  error: no evaluator answers");
  }

  @Test
  void watch_cancelledStudy_exitsAsCancelled() {
    analysis.end = StudyState.STUDY_STATE_CANCELLED;
    assertThat(line.run("study", "watch", "s1", "--json")).isEqualTo(ExitCode.CANCELLED);
    assertThat(line.out().lines().toList()).hasSize(2);
  }

  @Test
  void delete_several_namesEach() {
    assertThat(line.run("study", "delete", "s1", "studies/s2", "--force")).isEqualTo(ExitCode.OK);
    assertThat(analysis.deleted)
        .extracting(request -> request.getName())
        .containsExactly("studies/s1", "studies/s2");
    assertThat(analysis.deleted).allMatch(request -> request.getForce());
    assertThat(line.out().lines()).containsExactly("deleted studies/s1", "deleted studies/s2");
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
    analysis.report =
        analysis.report.toBuilder()
            .addWarnings(Warning.newBuilder().setMessage("seed 3 looks permuted."))
            .build();
    assertThat(line.run("study", "report", "s1")).isEqualTo(ExitCode.OK);
    assertThat(line.out().strip()).endsWith("warning: seed 3 looks permuted.");
  }

  @Test
  void export_files_areNamed() {
    assertThat(line.run("study", "export", "s1", "--out", "x")).isEqualTo(ExitCode.OK);
    assertThat(line.out()).contains(directory.resolve("x/report.html").toString());
    assertThat(directory.resolve("x/pairs.csv")).hasContent("a,b");
  }

  @Test
  void export_tablesWithTabs_areInPlaceOfThoseWithCommas() {
    assertThat(line.run("study", "export", "s1", "--out", "x", "--output", "tsv"))
        .isEqualTo(ExitCode.OK);
    assertThat(directory.resolve("x/pairs.tsv")).hasContent("a\tb\n");
    assertThat(directory.resolve("x/pairs.csv")).doesNotExist();
    assertThat(line.out().lines())
        .containsExactly(
            directory.resolve("x/report.html").toString(),
            directory.resolve("x/pairs.tsv").toString());
    String sample = "builtin:miniature/validation";
    assertThat(line.run("study", "create", "m1", "m2", "--in-domain", sample, "--output", "tsv"))
        .isEqualTo(ExitCode.BAD_INPUT);
    assertThat(line.err()).contains("--output is for the files that --out DIR writes");
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
