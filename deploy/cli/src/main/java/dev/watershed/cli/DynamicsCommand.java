package dev.watershed.cli;

import com.google.common.hash.Hashing;
import dev.watershed.analysis.v1.AnalyzeDynamicsRequest;
import dev.watershed.analysis.v1.CreateStudyRequest;
import dev.watershed.analysis.v1.CreateStudyResponse;
import dev.watershed.analysis.v1.Dynamics;
import dev.watershed.analysis.v1.DynamicsServiceGrpc;
import dev.watershed.analysis.v1.ExportDynamicsRequest;
import dev.watershed.analysis.v1.ExportDynamicsResponse;
import dev.watershed.analysis.v1.StepStudy;
import dev.watershed.analysis.v1.Study;
import dev.watershed.analysis.v1.StudyServiceGrpc;
import dev.watershed.analysis.v1.StudySpec;
import dev.watershed.analysis.v1.StudyState;
import dev.watershed.cli.terminal.ProgressBoard;
import dev.watershed.input.ResourceName;
import dev.watershed.trainer.v1.GetTrainingRunRequest;
import dev.watershed.trainer.v1.ListTrainingRunsRequest;
import dev.watershed.trainer.v1.TrainingRun;
import dev.watershed.trainer.v1.TrainingRunState;
import dev.watershed.trainer.v1.TrainingServiceGrpc;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Follows the connectivity of a sweep's models over the steps of their training. */
@Command(
    name = "dynamics",
    description = {
      "How the connectivity of a sweep's models changed over training: a study of all pairs at each"
          + " step, then every pair's barrier height and convexity gap over the steps, their"
          + " changes, and how models moved between clusters.",
      "The same command again continues: studies that exist are not measured anew. Ctrl-C detaches."
    },
    footer = {
      "",
      "Examples:",
      "  watershed train --name sweep --seeds 1..8 --checkpoint-at 0,100,300,600 ...",
      "  watershed dynamics --name sweep --out dynamics-1 \\",
      "      --in-domain builtin:miniature/validation,size=512,first=true",
      "  watershed dynamics --runs RUN1 RUN2 RUN3 --steps 100,600 --protocol nested \\",
      "      --in-domain builtin:miniature/validation,size=512,first=true",
      "  watershed checkpoints register runs/seed*/checkpoint-*",
      "  watershed dynamics --checkpoints seed1 seed2 seed3 --in-domain task:mnli/validation-matched",
      "  watershed dynamics --study STUDY1@100 STUDY2@600"
    })
final class DynamicsCommand implements Callable<Integer> {
  /** What one comparison takes. */
  private static final int MAXIMUM_STEPS = 100;

  /** What one study takes. */
  private static final int MAXIMUM_MODELS = 500;

  /** So many times a study that failed or was cancelled is made anew under a further request id. */
  private static final int MAXIMUM_ATTEMPTS = 100;

  @Mixin private ServerOptions server;
  @Mixin private OutputOptions output;

  @Option(
      names = "--name",
      paramLabel = "SWEEP",
      description = "All runs of this name that have succeeded.")
  private @Nullable String name;

  @Option(names = "--runs", paramLabel = "RUN", arity = "1..*", description = "These runs instead.")
  private List<String> runs = new ArrayList<>();

  @Option(
      names = "--checkpoints",
      paramLabel = "CHECKPOINT",
      arity = "1..*",
      description =
          "Checkpoints whose ids end in -step-N instead, as 'checkpoints register' calls those of"
              + " training directories; NAME alone stands for all of NAME-step-N.")
  private List<String> checkpoints = new ArrayList<>();

  @Option(
      names = "--study",
      paramLabel = "STUDY@STEP",
      arity = "1..*",
      description = "Studies that have succeeded instead, each with the step of its models.")
  private List<String> studies = new ArrayList<>();

  @Option(
      names = "--steps",
      paramLabel = "N,N,..",
      description = "Default: every step that all runs have a checkpoint of.")
  private @Nullable String steps;

  @Mixin private StudyOptions measured = new StudyOptions();

  @Option(names = "--fresh", description = "Measure anew, for example after a data file changed.")
  private boolean fresh;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "Write dynamics.html, dynamics.json, dynamics.csv and changes.csv here.")
  private @Nullable Path out;

  @Mixin private TableFiles tables = new TableFiles();

  private final CommandContext context;
  private final Set<String> noticed = new HashSet<>();

  DynamicsCommand(CommandContext context) {
    this.context = context;
    this.server = new ServerOptions(context);
    this.output = new OutputOptions(context);
  }

  @Override
  public Integer call() {
    tables.requireFiles(out);
    int sources =
        (name == null ? 0 : 1)
            + (runs.isEmpty() ? 0 : 1)
            + (checkpoints.isEmpty() ? 0 : 1)
            + (studies.isEmpty() ? 0 : 1);
    if (sources != 1) {
      throw CommandException.badInput("give one of --name, --runs, --checkpoints and --study");
    }
    String title = "";
    SortedMap<Long, String> studyOfStep;
    if (studies.isEmpty()) {
      Sweep sweep =
          checkpoints.isEmpty()
              ? Sweep.of(runs.isEmpty() ? succeededRuns() : namedRuns())
              : Sweep.ofCheckpoints(checkpoints, StoredCheckpoints.ids(server));
      title = sweep.name();
      SortedMap<Long, StudySpec> specs = specs(sweep, title);
      output.remark(sweep.size() + " models at the steps " + Sweep.steps(specs.keySet()) + ".");
      List<Study> ended = follow(specs);
      List<Study> unfinished =
          ended.stream()
              .filter(study -> study.getState() != StudyState.STUDY_STATE_SUCCEEDED)
              .toList();
      if (!unfinished.isEmpty()) {
        return refuse(unfinished);
      }
      studyOfStep = new TreeMap<>();
      int index = 0;
      for (long step : specs.keySet()) {
        studyOfStep.put(step, ended.get(index++).getName());
      }
    } else {
      studyOfStep = givenStudies();
    }
    show(stepStudies(studyOfStep), title);
    return ExitCode.OK;
  }

  private List<TrainingRun> succeededRuns() {
    List<TrainingRun> named = new ArrayList<>();
    ListTrainingRunsRequest.Builder request =
        ListTrainingRunsRequest.newBuilder().setDisplayName(name);
    for (TrainingRun run : RunsCommand.all(server.channel(), request)) {
      // A server of an earlier version does not know the filter.
      if (run.getSpec().getDisplayName().equals(name)) {
        named.add(run);
      }
    }
    List<TrainingRun> succeeded = new ArrayList<>(named);
    succeeded.removeIf(run -> run.getState() != TrainingRunState.TRAINING_RUN_STATE_SUCCEEDED);
    if (succeeded.isEmpty()) {
      throw CommandException.badInput(
          named.isEmpty()
              ? "there is no run named '" + name + "'; see 'watershed runs list'"
              : "none of the "
                  + named.size()
                  + " runs named '"
                  + name
                  + "' has succeeded; see 'watershed runs list'");
    }
    named.removeAll(succeeded);
    for (TrainingRun run : named) {
      output.remark(
          "Left out: run "
              + ResourceName.id(run.getName())
              + " (seed "
              + RunFollower.seeds(run)
              + ") is "
              + RunFollower.word(run.getState())
              + ".");
    }
    return succeeded;
  }

  private List<TrainingRun> namedRuns() {
    List<TrainingRun> found = new ArrayList<>();
    for (String run : new LinkedHashSet<>(runs.stream().map(NameArguments::trainingRun).toList())) {
      GetTrainingRunRequest request = GetTrainingRunRequest.newBuilder().setName(run).build();
      found.add(
          TrainingServiceGrpc.newBlockingStub(server.channel())
              .withDeadlineAfter(ServerOptions.LOOKUP_SECONDS, TimeUnit.SECONDS)
              .getTrainingRun(request)
              .getTrainingRun());
    }
    return found;
  }

  /** A study's spec for each step; nothing is created before all are known to be right. */
  private SortedMap<Long, StudySpec> specs(Sweep sweep, String title) {
    SortedSet<Long> wanted = steps == null ? sweep.commonSteps() : parsedSteps(steps);
    if (wanted.size() < 2) {
      throw CommandException.badInput(
          steps == null
              ? "a change wants two steps; those that all runs have a checkpoint of: "
                  + Sweep.steps(wanted)
                  + ". Train with --checkpoint-at or --checkpoint-every"
              : "--steps " + steps + " is one step, and a change wants two");
    }
    if (wanted.size() > MAXIMUM_STEPS) {
      throw CommandException.badInput(
          wanted.size() + " steps; at most " + MAXIMUM_STEPS + " at once, choose with --steps");
    }
    if (sweep.size() > MAXIMUM_MODELS) {
      throw CommandException.badInput(
          sweep.size() + " runs; at most " + MAXIMUM_MODELS + ", choose with --runs");
    }
    StudySpec.Builder common = measured.spec(context, server.tasks());
    SortedMap<Long, StudySpec> specs = new TreeMap<>();
    for (long step : wanted) {
      specs.put(
          step,
          common
              .clone()
              .setDisplayName(title + " step " + step)
              .clearModels()
              .addAllModels(sweep.models(step))
              .build());
    }
    return specs;
  }

  private static SortedSet<Long> parsedSteps(String text) {
    SortedSet<Long> steps = new TreeSet<>();
    for (String part : text.split(",", -1)) {
      if (!steps.add(step(part.strip(), "--steps"))) {
        throw CommandException.badInput("--steps: step " + part.strip() + " is given twice");
      }
    }
    return steps;
  }

  private static long step(String text, String what) {
    if (!text.matches("\\d{1,18}")) {
      throw CommandException.badInput(what + ": '" + text + "' is not a step");
    }
    return Long.parseLong(text);
  }

  private List<Study> follow(SortedMap<Long, StudySpec> specs) {
    List<Study> created = new ArrayList<>();
    String attempts = fresh ? UUID.randomUUID() + "-" : "";
    specs.values().forEach(spec -> created.add(create(spec, attempts)));
    List<Study> ended = new ArrayList<>();
    try (ProgressBoard board = new ProgressBoard(output.terminal());
        Interrupt interrupt =
            new Interrupt(
                output.terminal(),
                "Detached; the studies go on. The same command again continues.",
                () -> {})) {
      created.forEach(study -> board.update(study.getName(), StudyFollower.row(study)));
      for (Study study : created) {
        ended.add(StudyFollower.follow(server.channel(), study.getName(), board, update -> {}));
      }
    }
    return ended;
  }

  /**
   * The study of this spec: the one that an earlier command made, unless it failed or was
   * cancelled.
   */
  private Study create(StudySpec spec, String attempts) {
    String digest = Hashing.sha256().hashBytes(spec.toByteArray()).toString();
    for (int attempt = 1; attempt <= MAXIMUM_ATTEMPTS; attempt++) {
      CreateStudyRequest request =
          CreateStudyRequest.newBuilder()
              .setSpec(spec)
              .setRequestId("dynamics-" + digest + "-" + attempts + attempt)
              .build();
      CreateStudyResponse created =
          StudyServiceGrpc.newBlockingStub(server.channel())
              .withDeadlineAfter(ServerOptions.LOOKUP_SECONDS, TimeUnit.SECONDS)
              .createStudy(request);
      // Mostly the same at each step.
      created.getNoticesList().stream()
          .filter(noticed::add)
          .forEach(notice -> output.remark("notice: " + notice));
      Study study = created.getStudy();
      if (study.getState() != StudyState.STUDY_STATE_FAILED
          && study.getState() != StudyState.STUDY_STATE_CANCELLED) {
        return study;
      }
    }
    throw new CommandException(
        ExitCode.FAILED,
        "the study '"
            + spec.getDisplayName()
            + "' has failed "
            + MAXIMUM_ATTEMPTS
            + " times; see 'watershed study list', and start over with --fresh");
  }

  private int refuse(List<Study> unfinished) {
    for (Study study : unfinished) {
      output.remark(
          "error: study "
              + ResourceName.id(study.getName())
              + " ("
              + study.getSpec().getDisplayName()
              + ") "
              + StudyFollower.word(study.getState()));
      if (study.hasError()) {
        ErrorReport.lines(study.getError()).forEach(output::remark);
      }
      if (output.json) {
        output.message(study);
      }
    }
    output.remark("The same command again continues with what is missing.");
    return unfinished.stream().anyMatch(study -> study.getState() == StudyState.STUDY_STATE_FAILED)
        ? ExitCode.FAILED
        : ExitCode.CANCELLED;
  }

  private SortedMap<Long, String> givenStudies() {
    if (steps != null || fresh || !measured.absent()) {
      throw CommandException.badInput(
          "--study takes studies as they are; --steps, --fresh and what a study measures go with"
              + " --name, --runs or --checkpoints");
    }
    SortedMap<Long, String> given = new TreeMap<>();
    for (String text : studies) {
      int at = text.lastIndexOf('@');
      if (at <= 0) {
        throw CommandException.badInput("--study '" + text + "' is not STUDY@STEP");
      }
      long step = step(text.substring(at + 1), "--study " + text);
      if (given.put(step, NameArguments.study(text.substring(0, at))) != null) {
        throw CommandException.badInput("--study: step " + step + " is given twice");
      }
    }
    if (given.size() < 2) {
      throw CommandException.badInput("a change wants two studies; give --study A@STEP B@STEP");
    }
    return given;
  }

  private static List<StepStudy> stepStudies(SortedMap<Long, String> studyOfStep) {
    List<StepStudy> stepStudies = new ArrayList<>();
    for (Map.Entry<Long, String> entry : studyOfStep.entrySet()) {
      stepStudies.add(
          StepStudy.newBuilder().setStep(entry.getKey()).setStudy(entry.getValue()).build());
    }
    return stepStudies;
  }

  private void show(List<StepStudy> compared, String title) {
    AnalyzeDynamicsRequest request =
        AnalyzeDynamicsRequest.newBuilder().addAllStudies(compared).build();
    Dynamics.Builder dynamics = Dynamics.newBuilder();
    DynamicsServiceGrpc.newBlockingStub(server.channel())
        .analyzeDynamics(request)
        .forEachRemaining(
            answer -> {
              dynamics.mergeFrom(answer.getDynamics());
              dynamics.addAllPairs(answer.getPairs().getPairsList());
            });
    if (out != null) {
      export(
          ExportDynamicsRequest.newBuilder().addAllStudies(compared).setTitle(title).build(),
          context.workingDirectory().resolve(out));
    }
    if (output.json) {
      output.message(dynamics.build());
    } else {
      DynamicsText.lines(dynamics.build()).forEach(output::line);
    }
  }

  private void export(ExportDynamicsRequest request, Path directory) {
    Iterator<ExportDynamicsResponse> parts =
        DynamicsServiceGrpc.newBlockingStub(server.channel()).exportDynamics(request);
    try (ReceivedFiles received = new ReceivedFiles(directory)) {
      while (parts.hasNext()) {
        ExportDynamicsResponse part = parts.next();
        received.add(part.getFileName(), part.getContent());
      }
      tables.written(received.complete());
    }
    output.remark("Written to " + directory + ".");
  }
}
