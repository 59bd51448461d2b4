package dev.watershed.analysis.study;

import dev.watershed.analysis.store.StudyStore;
import dev.watershed.analysis.store.StudyStore.Hold;
import dev.watershed.eval.v1.SampleDescription;
import dev.watershed.server.RefusedException;
import dev.watershed.type.v1.Digest;
import dev.watershed.type.v1.EvaluationSample;
import dev.watershed.type.v1.Provenance;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.locks.ReentrantLock;

/**
 * What an attempt at a study writes down as it comes: that models and samples stay what they were,
 * and each point with the pace so far.
 */
final class StudyRecord {
  private final StudyStore store;
  private final Hold hold;
  private final StudyPlan plan;
  private final List<EvaluationSample> samples;
  private final StudyUpdates updates;
  private final ParallelWork work;
  private final ReentrantLock adding = new ReentrantLock();

  /**
   * @param work is stopped when the hold is lost
   */
  StudyRecord(
      StudyStore store, Hold hold, StudyPlan plan, StudyUpdates updates, ParallelWork work) {
    this.store = store;
    this.hold = hold;
    this.plan = plan;
    this.samples = plan.samples();
    this.updates = updates;
    this.work = work;
  }

  /**
   * Keeps what a model is.
   *
   * @throws RefusedException when it was another before
   */
  void checkModel(int model, Digest digest) {
    var kept = store.keepModelDigest(hold.study(), model, digest);
    if (!kept.equals(digest)) {
      throw RefusedException.failedPrecondition(
          "MODEL_CHANGED",
          plan.checkpoint(model),
          "%s had digest %s when the study began and has %s now; its points do not fit together."
                  .formatted(plan.checkpoint(model), kept.getSha256(), digest.getSha256())
              + " Create a new study.");
    }
  }

  /**
   * Keeps what samples are.
   *
   * @param asked indices in the plan, of those described
   * @throws RefusedException when one was another before
   */
  void checkSamples(List<Integer> asked, List<SampleDescription> described) {
    for (int i = 0; i < asked.size(); i++) {
      int sample = asked.get(i);
      var digest = described.get(i).getDigest();
      var identity = identity(sample, described.get(i));
      var kept = store.keepSampleDigest(hold.study(), sample, digest, identity);
      if (!kept.equals(digest)) {
        throw RefusedException.failedPrecondition(
            "SAMPLE_CHANGED",
            samples.get(sample).getName(),
            "The sample \"%s\" had digest %s when the study began and has %s now: its data changed,"
                    .formatted(samples.get(sample).getName(), kept.getSha256(), digest.getSha256())
                + " or the models differ in tokenizer. Create a new study of models that agree.");
      }
    }
  }

  /** Chance is asked of the in-domain sample alone. */
  void keepLabelCount(List<Integer> asked, List<SampleDescription> described) {
    int inDomain = asked.indexOf(0);
    if (inDomain >= 0) {
      store.keepLabelCount(hold.study(), 0, described.get(inDomain).getLabelsCount());
    }
  }

  /** What a sample is to other studies. */
  String identity(int sample, SampleDescription described) {
    return PointIdentity.ofSample(described.getDigest(), samples.get(sample).getLabelMapping());
  }

  void keepProvenance(Provenance provenance) {
    store.keepProvenance(hold.study(), provenance, PointIdentity.ofArithmetic(provenance));
  }

  /** Stores what came. */
  interface Addition {
    /** Returns whether the hold was still good. */
    boolean make();
  }

  /**
   * Stores what came, one at a time.
   *
   * @throws CancellationException when the hold was lost
   */
  void add(Addition addition) {
    adding.lock();
    try {
      if (!addition.make()) {
        work.stop();
        throw new CancellationException("the study has ended or another worker has it");
      }
    } finally {
      adding.unlock();
    }
    updates.progressed();
  }
}
