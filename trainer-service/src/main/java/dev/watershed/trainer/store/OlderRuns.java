package dev.watershed.trainer.store;

import com.google.protobuf.ByteString;
import com.google.protobuf.Empty;
import com.google.protobuf.UnknownFieldSet;
import dev.watershed.jobs.Database;
import dev.watershed.trainer.v1.TrainingRun;
import dev.watershed.type.v1.ClassificationMetrics;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Runs as versions before 0.2.0 stored them, in fields that are reserved now. */
final class OlderRuns {
  /** The names of the checkpoints, in a run. */
  private static final int NAMES = 5;

  /** In a spec. */
  private static final int HEAD_SEED = 6;

  private static final int DATA_SEED = 7;

  /** Messages of a step (1) and its metrics (2), in a run's progress. */
  private static final int SCORES = 7;

  private static final Pattern STEP = Pattern.compile("-step-(\\d{1,18})$");

  private OlderRuns() {}

  /** Returns the run as it would be told today; one of today is returned as it is. */
  static TrainingRun upgraded(TrainingRun run) {
    return checkpoints(seeds(run));
  }

  private static TrainingRun seeds(TrainingRun run) {
    var fields = run.getSpec().getUnknownFields();
    if (!fields.hasField(HEAD_SEED) && !fields.hasField(DATA_SEED)) {
      return run;
    }
    var upgraded = run.toBuilder();
    upgraded
        .getSeedsBuilder()
        .setHeadSeed(seed(fields, HEAD_SEED))
        .setDataSeed(seed(fields, DATA_SEED));
    upgraded
        .getSpecBuilder()
        .setUnknownFields(fields.toBuilder().clearField(HEAD_SEED).clearField(DATA_SEED).build());
    return upgraded.build();
  }

  private static long seed(UnknownFieldSet fields, int number) {
    return fields.getField(number).getVarintList().stream().findFirst().orElse(0L);
  }

  private static TrainingRun checkpoints(TrainingRun run) {
    if (!run.getUnknownFields().hasField(NAMES)) {
      return run;
    }
    Map<Long, ClassificationMetrics> scores = scores(run.getProgress().getUnknownFields());
    var upgraded = run.toBuilder().setUnknownFields(UnknownFieldSet.getDefaultInstance());
    upgraded.getProgressBuilder().setUnknownFields(UnknownFieldSet.getDefaultInstance());
    for (ByteString bytes : run.getUnknownFields().getField(NAMES).getLengthDelimitedList()) {
      String name = bytes.toStringUtf8();
      Matcher matcher = STEP.matcher(name);
      long step = matcher.find() ? Long.parseLong(matcher.group(1)) : 0;
      var checkpoint = upgraded.addCheckpointsBuilder().setCheckpoint(name).setStep(step);
      if (scores.containsKey(step)) {
        checkpoint.setValidation(scores.get(step));
      }
    }
    return upgraded.build();
  }

  private static Map<Long, ClassificationMetrics> scores(UnknownFieldSet progress) {
    Map<Long, ClassificationMetrics> scores = new HashMap<>();
    for (ByteString bytes : progress.getField(SCORES).getLengthDelimitedList()) {
      var score = Database.parse(Empty.parser(), bytes.toByteArray()).getUnknownFields();
      long step = score.getField(1).getVarintList().stream().findFirst().orElse(0L);
      score
          .getField(2)
          .getLengthDelimitedList()
          .forEach(
              metrics ->
                  scores.put(
                      step, Database.parse(ClassificationMetrics.parser(), metrics.toByteArray())));
    }
    return scores;
  }
}
