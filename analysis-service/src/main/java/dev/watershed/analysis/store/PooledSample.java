package dev.watershed.analysis.store;

import com.google.common.hash.Hashing;
import dev.watershed.analysis.store.Measurements.Point;
import dev.watershed.analysis.store.Measurements.Score;
import dev.watershed.jobs.StoreException;
import dev.watershed.type.v1.ClassificationMetrics;
import dev.watershed.type.v1.Digest;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.TreeMap;

/**
 * What was measured of a study's in-domain sample, its blocks pooled: losses and predictions of
 * examples in the order of blocks, means weighted by their examples. Scores that are no means (F1,
 * Matthews correlation, calibration error) are NaN where there are several blocks. What a block
 * lacks, the whole lacks.
 *
 * <p>Every method throws {@link StoreException} when the database cannot be used.
 */
public final class PooledSample {
  private final StudyStore store;
  private final long study;
  private final List<Integer> blocks;

  /**
   * @param blocks numbers of the samples
   */
  public PooledSample(StudyStore store, long study, List<Integer> blocks) {
    this.store = store;
    this.study = study;
    this.blocks = List.copyOf(blocks);
  }

  /** Returns the scores of models alone, by model; as of the first block. */
  public List<Score> scores() {
    var byModel = new TreeMap<Integer, List<Score>>();
    for (var score : store.measurements().scores(study)) {
      if (blocks.contains(score.sample())) {
        byModel.computeIfAbsent(score.model(), model -> new ArrayList<>()).add(score);
      }
    }
    return byModel.values().stream()
        .filter(parts -> parts.size() == blocks.size())
        .map(
            parts ->
                new Score(
                    parts.getFirst().model(),
                    blocks.getFirst(),
                    metrics(parts.stream().map(Score::metrics).toList()),
                    ExampleFloats.joined(parts.stream().map(Score::losses).toList()),
                    ExampleFloats.joined(parts.stream().map(Score::probabilities).toList())))
        .toList();
  }

  /**
   * Returns the points of one model A with a range of models B, by model B and alpha; as of the
   * first block.
   */
  public List<Point> points(int modelA, int firstB, int lastB) {
    var byPlace = new TreeMap<Long, List<Point>>();
    for (int block : blocks) {
      for (var point : store.measurements().points(study, block, modelA, firstB, lastB)) {
        long place = ((long) point.modelB() << Integer.SIZE) + point.alphaIndex();
        byPlace.computeIfAbsent(place, key -> new ArrayList<>()).add(point);
      }
    }
    return byPlace.values().stream()
        .filter(parts -> parts.size() == blocks.size())
        .map(
            parts ->
                new Point(
                    modelA,
                    parts.getFirst().modelB(),
                    blocks.getFirst(),
                    parts.getFirst().alphaIndex(),
                    metrics(parts.stream().map(Point::metrics).toList()),
                    ExampleFloats.joined(parts.stream().map(Point::losses).toList())))
        .toList();
  }

  /** Names the examples in the order that losses are in. */
  public Digest digest() {
    var all = store.facts().sampleDigests(study);
    var digests = blocks.stream().map(all::get).map(Objects::requireNonNull).toList();
    if (digests.size() == 1) {
      return digests.getFirst();
    }
    var hasher = Hashing.sha256().newHasher().putString("blocks/1", StandardCharsets.UTF_8);
    digests.forEach(one -> hasher.putString("\n" + one.getSha256(), StandardCharsets.UTF_8));
    return Digest.newBuilder()
        .setSha256(hasher.hash().toString())
        .setSizeBytes(digests.stream().mapToLong(Digest::getSizeBytes).sum())
        .build();
  }

  private static ClassificationMetrics metrics(List<ClassificationMetrics> parts) {
    if (parts.size() == 1) {
      return parts.getFirst();
    }
    double losses = 0;
    double right = 0;
    int examples = 0;
    for (var part : parts) {
      losses += part.getMeanLossNats() * part.getExampleCount();
      right += part.getAccuracy() * part.getExampleCount();
      examples += part.getExampleCount();
    }
    return parts.getFirst().toBuilder()
        .setMeanLossNats(losses / examples)
        .setAccuracy(right / examples)
        .setF1(Double.NaN)
        .setMatthewsCorrelation(Double.NaN)
        .setExpectedCalibrationError(Double.NaN)
        .setExampleCount(examples)
        .build();
  }
}
