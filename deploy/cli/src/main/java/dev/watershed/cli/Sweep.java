package dev.watershed.cli;

import dev.watershed.analysis.v1.StudyModel;
import dev.watershed.input.Quoted;
import dev.watershed.input.ResourceName;
import dev.watershed.trainer.v1.TrainingRun;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Trainings that differ in their seeds, and the checkpoints that each has by step. */
final class Sweep {
  /** How the id of a checkpoint ends that a run made, or that is called after its folder. */
  private static final Pattern STEP = Pattern.compile("-step-(\\d{1,18})$");

  /** Leaves room for a step in a study's name, which has 200 characters. */
  private static final int MAXIMUM_NAME = 170;

  private final String name;
  private final List<String> trainings;
  private final List<String> labels;
  private final List<SortedMap<Long, String>> checkpoints;

  /**
   * @param trainings what each is called in errors
   * @param labels what figures call the models of each
   */
  private Sweep(
      String name,
      List<String> trainings,
      List<String> labels,
      List<SortedMap<Long, String>> checkpoints) {
    this.name = name;
    this.trainings = trainings;
    this.labels = labels;
    this.checkpoints = checkpoints;
  }

  /**
   * A sweep of runs that have ended.
   *
   * @throws CommandException where they are fewer than two, one goes on, or two cannot be told
   *     apart
   */
  static Sweep of(List<TrainingRun> runs) {
    if (runs.size() < 2) {
      throw CommandException.badInput(
          "dynamics are those of pairs and want at least two runs, not " + runs.size());
    }
    for (TrainingRun run : runs) {
      if (!RunFollower.ended(run.getState())) {
        throw CommandException.badInput(
            "run "
                + ResourceName.id(run.getName())
                + " is "
                + RunFollower.word(run.getState())
                + "; wait for its end with 'watershed runs watch "
                + ResourceName.id(run.getName())
                + "'");
      }
    }
    return new Sweep(
        name(runs),
        runs.stream().map(run -> "run " + ResourceName.id(run.getName())).toList(),
        labels(runs),
        runs.stream().map(Sweep::checkpoints).toList());
  }

  /**
   * A sweep that was trained elsewhere, of checkpoints in the store whose ids end in {@code
   * -step-N}: what is before tells the trainings apart.
   *
   * @param words ids of checkpoints, or of trainings, which stand for all checkpoints of theirs
   * @param ids of all checkpoints in the store
   * @throws CommandException where there is no such checkpoint, an id has no step, or only one
   *     training is left
   */
  static Sweep ofCheckpoints(List<String> words, Collection<String> ids) {
    SortedMap<String, SortedMap<Long, String>> byTraining = new TreeMap<>();
    for (String word : words) {
      String wanted = ResourceName.id(word);
      List<String> meant =
          ids.contains(wanted)
              ? List.of(wanted)
              : ids.stream()
                  .filter(id -> STEP.matcher(id).replaceFirst("").equals(wanted))
                  .filter(id -> !id.equals(wanted))
                  .toList();
      if (meant.isEmpty()) {
        throw CommandException.badInput(
            "there is neither a checkpoint '"
                + Quoted.of(wanted)
                + "' nor one called '"
                + Quoted.of(wanted)
                + "-step-N'; see 'watershed checkpoints list'");
      }
      for (String id : meant) {
        Matcher step = STEP.matcher(id);
        if (!step.find()) {
          throw CommandException.badInput(
              "'"
                  + id
                  + "' does not say its step: ids end in -step-N, as 'watershed checkpoints register"
                  + " runs/*/checkpoint-*' makes them");
        }
        byTraining
            .computeIfAbsent(id.substring(0, step.start()), unused -> new TreeMap<>())
            .put(Long.parseLong(step.group(1)), "checkpoints/" + id);
      }
    }
    if (byTraining.size() < 2) {
      throw CommandException.badInput(
          "dynamics are those of pairs and want at least two trainings; all are of '"
              + byTraining.firstKey()
              + "'");
    }
    List<String> labels = List.copyOf(byTraining.keySet());
    return new Sweep("dynamics", labels, labels, List.copyOf(byTraining.values()));
  }

  /** "seed 3"; where runs of different names share their seeds, the name goes before. */
  private static List<String> labels(List<TrainingRun> runs) {
    Function<TrainingRun, String> bySeed = run -> "seed " + RunFollower.seeds(run);
    if (runs.stream().map(bySeed).distinct().count() == runs.size()) {
      return runs.stream().map(bySeed).toList();
    }
    Map<String, TrainingRun> byLabel = new HashMap<>();
    for (TrainingRun run : runs) {
      TrainingRun other = byLabel.put(RunFollower.label(run), run);
      if (other != null) {
        throw CommandException.badInput(
            "runs "
                + ResourceName.id(other.getName())
                + " and "
                + ResourceName.id(run.getName())
                + " are both '"
                + RunFollower.label(run)
                + "'; say which runs are meant with --runs");
      }
    }
    return runs.stream().map(RunFollower::label).toList();
  }

  private static SortedMap<Long, String> checkpoints(TrainingRun run) {
    SortedMap<Long, String> byStep = new TreeMap<>();
    run.getCheckpointsList()
        .forEach(written -> byStep.put(written.getStep(), written.getCheckpoint()));
    return byStep;
  }

  int size() {
    return trainings.size();
  }

  /** What the trainings are called together. */
  String name() {
    return name;
  }

  /** The display name of all runs, shortened, or "dynamics" where they differ or have none. */
  private static String name(List<TrainingRun> runs) {
    List<String> names =
        runs.stream().map(run -> run.getSpec().getDisplayName()).distinct().toList();
    String name = names.get(0);
    if (names.size() > 1 || name.isEmpty()) {
      return "dynamics";
    }
    int length = name.codePointCount(0, name.length());
    return length <= MAXIMUM_NAME
        ? name
        : name.substring(0, name.offsetByCodePoints(0, MAXIMUM_NAME));
  }

  /** The steps that every run has a checkpoint of, ascending. */
  SortedSet<Long> commonSteps() {
    SortedSet<Long> common = new TreeSet<>(checkpoints.get(0).keySet());
    checkpoints.forEach(byStep -> common.retainAll(byStep.keySet()));
    return common;
  }

  /**
   * The models at a step, each under the same label at every step.
   *
   * @throws CommandException naming the runs that have no checkpoint of it
   */
  List<StudyModel> models(long step) {
    List<Integer> lacking = new ArrayList<>();
    List<StudyModel> models = new ArrayList<>();
    for (int i = 0; i < trainings.size(); i++) {
      String checkpoint = checkpoints.get(i).get(step);
      if (checkpoint == null) {
        lacking.add(i);
      } else {
        models.add(
            StudyModel.newBuilder().setCheckpoint(checkpoint).setLabel(labels.get(i)).build());
      }
    }
    if (!lacking.isEmpty()) {
      throw CommandException.badInput(
          "no checkpoint of step "
              + step
              + " has "
              + lacking.stream()
                  .map(
                      i ->
                          trainings.get(i)
                              + " ("
                              + labels.get(i)
                              + ": "
                              + steps(checkpoints.get(i).keySet())
                              + ")")
                  .collect(Collectors.joining(", ")));
    }
    return models;
  }

  /** "0, 100, 600"; "none" where there are none. */
  static String steps(Iterable<Long> steps) {
    List<String> texts = new ArrayList<>();
    steps.forEach(step -> texts.add(Objects.toString(step)));
    return texts.isEmpty() ? "none" : String.join(", ", texts);
  }
}
