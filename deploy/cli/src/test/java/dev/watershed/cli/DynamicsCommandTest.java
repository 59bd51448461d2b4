package dev.watershed.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.groups.Tuple.tuple;

import com.google.protobuf.util.JsonFormat;
import dev.watershed.analysis.v1.AlphaProtocol;
import dev.watershed.analysis.v1.Change;
import dev.watershed.analysis.v1.CreateStudyRequest;
import dev.watershed.analysis.v1.Dynamics;
import dev.watershed.analysis.v1.Interval;
import dev.watershed.analysis.v1.PairDynamics;
import dev.watershed.analysis.v1.StepChange;
import dev.watershed.analysis.v1.StepStudy;
import dev.watershed.analysis.v1.StepSummary;
import dev.watershed.analysis.v1.StudyModel;
import dev.watershed.analysis.v1.StudyState;
import dev.watershed.analysis.v1.SweepChange;
import dev.watershed.analysis.v1.SweepEnds;
import dev.watershed.analysis.v1.TabulateChangesResponse;
import dev.watershed.analysis.v1.UncertaintyUnit;
import dev.watershed.trainer.v1.Seeds;
import dev.watershed.trainer.v1.TrainingRun;
import dev.watershed.trainer.v1.TrainingRunSpec;
import dev.watershed.trainer.v1.TrainingRunState;
import dev.watershed.type.v1.Warning;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DynamicsCommandTest {
  private static final String[] MEASURED = {"--in-domain", "builtin:miniature/validation"};

  private Path directory;
  private final CannedAnalysis analysis = new CannedAnalysis();
  private final CannedTrainer trainer = new CannedTrainer();
  private final CannedTrainer.Checkpoints stored = new CannedTrainer.Checkpoints();
  private CommandLineFixture line;

  @BeforeEach
  void serve(@TempDir Path temporary) {
    directory = temporary;
    line = new CommandLineFixture(directory, analysis, analysis.dynamicsService, trainer, stored);
    analysis.dynamics = dynamics();
    trainer.add(run("r1", "sweep", 1, 0, 100, 600));
    trainer.add(run("other", "another", 1, 0, 100, 600));
    trainer.add(run("r2", "sweep", 2, 0, 100, 300, 600));
    trainer.add(
        run("r3", "sweep", 3, 0).toBuilder()
            .setState(TrainingRunState.TRAINING_RUN_STATE_FAILED)
            .build());
  }

  @AfterEach
  void stop() throws InterruptedException {
    line.close();
  }

  @Test
  void name_sweep_isStudiedAtEachCommonStepAndCompared() {
    assertThat(run("--name", "sweep", "--protocol", "nested", "--out", "files"))
        .isEqualTo(ExitCode.OK);

    assertThat(analysis.created)
        .extracting(request -> request.getSpec().getDisplayName())
        .containsExactly("sweep step 0", "sweep step 100", "sweep step 600");
    assertThat(analysis.created.get(1).getSpec().getModelsList())
        .extracting(StudyModel::getCheckpoint, StudyModel::getLabel)
        .containsExactly(
            tuple("checkpoints/r1-step-100", "seed 1"), tuple("checkpoints/r2-step-100", "seed 2"));
    assertThat(analysis.created.get(1).getSpec().getProtocol())
        .isEqualTo(AlphaProtocol.ALPHA_PROTOCOL_NESTED);
    assertThat(analysis.compared.get(0).getStudiesList())
        .containsExactly(at("studies/s1", 0), at("studies/s2", 100), at("studies/s3", 600));
    assertThat(line.err())
        .contains("Left out: run r3 (seed 3) is failed.")
        .contains("sweep step 100 study: succeeded 300/300");
    assertThat(analysis.exported.get(0).getTitle()).isEqualTo("sweep");
    assertThat(analysis.exported.get(0).getStudiesList())
        .isEqualTo(analysis.compared.get(0).getStudiesList());
    assertThat(directory.resolve("files/dynamics.html")).hasContent("<html></html>");
  }

  @Test
  void checkpoints_registeredByFolder_areASweep() {
    stored.stored.addAll(
        List.of("a-step-60", "b-step-60", "a-step-120", "b-step-120", "b-step-180", "lone"));
    assertThat(run("--checkpoints", "a", "b-step-60", "b-step-120", "b")).isEqualTo(ExitCode.OK);
    assertThat(analysis.created)
        .extracting(request -> request.getSpec().getModelsList())
        .extracting(models -> models.stream().map(StudyModel::getCheckpoint).toList())
        .containsExactly(
            List.of("checkpoints/a-step-60", "checkpoints/b-step-60"),
            List.of("checkpoints/a-step-120", "checkpoints/b-step-120"));
    assertThat(analysis.created.get(0).getSpec().getModelsList())
        .extracting(StudyModel::getLabel)
        .containsExactly("a", "b");

    assertThat(run("--checkpoints", "a", "lone")).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(line.err()).contains("'lone' does not say its step");
    assertThat(run("--checkpoints", "a", "c")).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(line.err()).contains("neither a checkpoint 'c' nor one called 'c-step-N'");
    assertThat(run("--checkpoints", "a")).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(line.err()).contains("at least two trainings");
    assertThat(run("--checkpoints", "a", "b", "--steps", "180")).isEqualTo(ExitCode.BAD_INPUT);
  }

  @Test
  void table_showsStepsClustersAndChanges() {
    assertThat(run("--name", "sweep")).isEqualTo(ExitCode.OK);
    assertThat(line.out())
        .containsPattern("(?m)^step +BH +CG +within +across +ARI +loss +accuracy$")
        .containsPattern("(?m)^ 100 +0.1000 +0.2000 +- +inf +0.50 +0.6000 +0.7000$")
        .containsPattern("(?m)^model +0\\* +100 +600$")
        .containsPattern("(?m)^seed 2 +- +B2 +B1$")
        .containsPattern("(?m)^ +0 +600 +\\+0.3000 +- +-0.1000 +0.0200 +1$")
        .containsPattern("(?m)^ +0 +100 +\\+0.3000")
        .containsPattern("(?m)^ +100 +600 +\\+0.3000")
        .contains("They moved.")
        .endsWith("warning: Step 0: few.\n");
  }

  @Test
  void deltas_severalSweeps_areATableThatMarksWhatMayBeNothing() {
    Change.Builder models =
        Change.newBuilder()
            .setMeanNats(-.2)
            .setInterval(Interval.newBuilder().setLow(-.3).setHigh(-.1))
            .setUnit(UncertaintyUnit.UNCERTAINTY_UNIT_MODELS)
            .setDistinguishable(true)
            .setPairCount(28);
    Change.Builder examples =
        Change.newBuilder()
            .setMeanNats(.004)
            .setInterval(Interval.newBuilder().setLow(-.01).setHigh(.02))
            .setUnit(UncertaintyUnit.UNCERTAINTY_UNIT_EXAMPLES)
            .setP(Double.NaN)
            .setPairCount(1);
    analysis.changes =
        TabulateChangesResponse.newBuilder()
            .addRows(row("QQP", 8, models))
            .addRows(row("MNLI", 2, examples))
            .build();
    assertThat(line.run("deltas", "QQP=s1@0,s2@600", "s3@0,studies/s4@600")).isEqualTo(ExitCode.OK);
    assertThat(analysis.tabulated.get(0).getSweeps(0))
        .isEqualTo(
            SweepEnds.newBuilder()
                .setName("QQP")
                .setStart(at("studies/s1", 0))
                .setEnd(at("studies/s2", 600))
                .build());
    assertThat(analysis.tabulated.get(0).getSweeps(1).getName()).isEmpty();
    assertThat(line.out())
        .containsPattern("QQP +0 to 600 +8 .*-0.2000 \\[-0.3000, -0.1000] .*models")
        .containsPattern("MNLI .*\\+0.0040 \\[-0.0100, \\+0.0200] ~.*examples");
    line.run("deltas", "QQP=s1@0,s2@600", "--csv");
    assertThat(line.out())
        .contains("QQP,0,600,convexity_gap,-0.2,-0.3,-0.1,models,true,")
        .contains("MNLI,0,600,area,0.004,-0.01,0.02,examples,false,,");
    assertThat(line.run("deltas", "QQP=s1@0")).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(line.err()).contains("'QQP=s1@0' is not NAME=STUDY@STEP,STUDY@STEP");
  }

  private static SweepChange row(String name, int models, Change.Builder change) {
    return SweepChange.newBuilder()
        .setName(name)
        .setModelCount(models)
        .setChange(
            StepChange.newBuilder()
                .setToStep(600)
                .setBarrierHeight(change)
                .setConvexityGap(change)
                .setArea(change))
        .build();
  }

  @Test
  void run_again_asksForTheSameStudies() {
    run("--name", "sweep");
    var first = requestIds();
    analysis.created.clear();
    run("--runs", "r1", "trainingRuns/r2");
    assertThat(requestIds()).isEqualTo(first).doesNotHaveDuplicates();
    assertThat(first).allSatisfy(id -> assertThat(id).hasSizeLessThanOrEqualTo(128));

    analysis.created.clear();
    run("--name", "sweep", "--intervals", "4");
    assertThat(requestIds()).doesNotContainAnyElementsOf(first);
    analysis.created.clear();
    run("--name", "sweep", "--fresh");
    assertThat(requestIds()).doesNotContainAnyElementsOf(first);
  }

  @Test
  void run_afterAStudyFailed_asksForItUnderTheNextRequestId() {
    analysis.failedBefore = request -> request.getRequestId().endsWith("-1");
    assertThat(run("--name", "sweep", "--steps", "600,0")).isEqualTo(ExitCode.OK);
    assertThat(requestIds())
        .satisfiesExactly(
            failed -> assertThat(failed).endsWith("-1"),
            again -> assertThat(again).endsWith("-2"),
            failed -> assertThat(failed).endsWith("-1"),
            again -> assertThat(again).endsWith("-2"));
    assertThat(analysis.compared.get(0).getStudiesList())
        .containsExactly(at("studies/s2", 0), at("studies/s4", 600));
  }

  @Test
  void studyFails_isShownAndNothingIsCompared() {
    analysis.end = StudyState.STUDY_STATE_FAILED;
    assertThat(run("--name", "sweep", "--steps", "0,600")).isEqualTo(ExitCode.FAILED);
    assertThat(line.err())
        .contains("study s1 (sweep step 0) failed")
        .contains("no evaluator answers")
        .contains("continues");
    assertThat(analysis.compared).isEmpty();
  }

  @Test
  void study_givenStudies_areComparedAsTheyAre() throws Exception {
    assertThat(line.run("dynamics", "--study", "s7@600", "studies/s4@100", "--json"))
        .isEqualTo(ExitCode.OK);
    assertThat(analysis.created).isEmpty();
    assertThat(analysis.compared.get(0).getStudiesList())
        .containsExactly(at("studies/s4", 100), at("studies/s7", 600));
    var shown = Dynamics.newBuilder();
    JsonFormat.parser().merge(line.out(), shown);
    assertThat(shown.build()).isEqualTo(analysis.dynamics);
  }

  @Test
  void runs_ofTwoSweeps_areToldApartByTheirNames() {
    assertThat(run("--runs", "r1", "other", "--steps", "0,600")).isEqualTo(ExitCode.OK);
    assertThat(analysis.created.get(0).getSpec().getModelsList())
        .extracting(StudyModel::getLabel)
        .containsExactly("sweep seed 1", "another seed 1");
    assertThat(analysis.created.get(0).getSpec().getDisplayName()).isEqualTo("dynamics step 0");
  }

  @Test
  void badInput_isRefusedBeforeAnyStudy() {
    trainer.add(run("twin", "sweep2", 1, 0, 600));
    trainer.add(run("twin2", "sweep2", 1, 0, 600));
    trainer.add(
        run("going", "on", 4, 0, 100).toBuilder()
            .setState(TrainingRunState.TRAINING_RUN_STATE_RUNNING)
            .build());
    trainer.add(run("last", "short", 5, 600));
    assertRefused("give one of --name, --runs, --checkpoints and --study");
    assertRefused("give one of", "--name", "sweep", "--runs", "r1");
    assertRefused("at least two runs, not 1", "--runs", "r1", "r1");
    assertRefused("there is no run named 'x'", "--name", "x");
    assertRefused("none of the 1 runs named 'on'", "--name", "on");
    assertRefused("run going is running; wait", "--runs", "r1", "going");
    assertRefused("runs twin and twin2 are both 'sweep2 seed 1'", "--name", "sweep2");
    assertRefused(
        "no checkpoint of step 300 has run r1 (seed 1: 0, 100, 600)",
        "--name",
        "sweep",
        "--steps",
        "0,300");
    assertRefused("all runs have a checkpoint of: 600. Train", "--runs", "r1", "last");
    assertRefused("is one step", "--name", "sweep", "--steps", "600");
    assertRefused("step 0 is given twice", "--name", "sweep", "--steps", "0,0");
    assertRefused("'-1' is not a step", "--name", "sweep", "--steps", "0,-1");
    assertRefused("--study takes studies as they are", "--study", "s1@1", "s2@2");
    assertThat(line.run("dynamics", "--study", "s1@1")).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(line.run("dynamics", "--study", "s1", "s2")).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(line.run("dynamics", "--study", "s1@1", "s2@1")).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(line.run("dynamics", "--name", "sweep")).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(line.err()).contains("nothing to measure curves on");
    assertThat(analysis.created).isEmpty();
    assertThat(analysis.compared).isEmpty();
  }

  private void assertRefused(String message, String... arguments) {
    assertThat(run(arguments)).as(message).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(line.err()).contains(message);
  }

  private int run(String... arguments) {
    return line.run(
        Stream.of(new String[] {"dynamics"}, MEASURED, arguments)
            .flatMap(Stream::of)
            .toArray(String[]::new));
  }

  private List<String> requestIds() {
    return analysis.created.stream().map(CreateStudyRequest::getRequestId).toList();
  }

  private static StepStudy at(String study, long step) {
    return StepStudy.newBuilder().setStudy(study).setStep(step).build();
  }

  private static TrainingRun run(String id, String name, long seed, long... steps) {
    var run =
        TrainingRun.newBuilder()
            .setName("trainingRuns/" + id)
            .setState(TrainingRunState.TRAINING_RUN_STATE_SUCCEEDED)
            .setSpec(TrainingRunSpec.newBuilder().setDisplayName(name))
            .setSeeds(Seeds.newBuilder().setHeadSeed(seed).setDataSeed(seed));
    for (long step : steps) {
      run.addCheckpointsBuilder()
          .setStep(step)
          .setCheckpoint("checkpoints/" + id + "-step-" + step);
    }
    return run.build();
  }

  private static Dynamics dynamics() {
    var dynamics =
        Dynamics.newBuilder()
            .addLabels("seed 1")
            .addLabels("seed 2")
            .addPairs(PairDynamics.newBuilder().setLabelA("seed 1").setLabelB("seed 2"))
            .setFinding("They moved.")
            .addWarnings(Warning.newBuilder().setMessage("Step 0: few."));
    long[] steps = {0, 100, 600};
    for (int i = 0; i < steps.length; i++) {
      dynamics.addSteps(
          StepSummary.newBuilder()
              .setStep(steps[i])
              .setMeanBarrierHeightNats(.1 * i)
              .setMeanConvexityGapNats(.2 * i)
              .setMedianConvexityGapWithinNats(Double.NaN)
              .setMedianConvexityGapAcrossNats(Double.POSITIVE_INFINITY)
              .setAdjustedRandIndex(.5 * i)
              .setMeanLossNats(.7 - .1 * i)
              .setMeanAccuracy(.6 + .1 * i)
              .setOneBasin(i == 0)
              .addAssignments(0)
              .addAssignments(i == 1 ? 1 : 0));
      for (int j = i + 1; j < steps.length; j++) {
        dynamics.addChanges(
            StepChange.newBuilder()
                .setFromStep(steps[i])
                .setToStep(steps[j])
                .setBarrierHeight(change(.3, Double.NaN))
                .setConvexityGap(change(-.1, .02)));
      }
    }
    return dynamics.build();
  }

  private static Change change(double mean, double deviation) {
    return Change.newBuilder()
        .setMeanNats(mean)
        .setStandardDeviationNats(deviation)
        .setPairCount(1)
        .build();
  }
}
