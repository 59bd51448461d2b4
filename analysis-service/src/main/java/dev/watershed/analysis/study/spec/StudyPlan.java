package dev.watershed.analysis.study.spec;

import dev.watershed.analysis.fleet.ModelPair;
import dev.watershed.analysis.statistics.SampleGrowth;
import dev.watershed.analysis.v1.StudySpec;
import dev.watershed.type.v1.EvaluationSample;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * What a study needs measured: each model alone on every sample, and each pair between its ends.
 * The ends of all curves of a model are one evaluation.
 *
 * <p>Samples have numbers: the in-domain sample, or its first block, is 0, then come the
 * diagnostics. Where the in-domain sample has further blocks, all of it follows, on which models
 * alone are scored, and then these blocks.
 *
 * @param laterBlocks examples of each block after the first, as far as they are known
 */
public record StudyPlan(StudySpec spec, AlphaGrid grid, List<Integer> laterBlocks) {
  public StudyPlan {
    laterBlocks = List.copyOf(laterBlocks);
  }

  /** Of a spec whose defaults are filled in, with the first block of its sample. */
  public static StudyPlan of(StudySpec spec) {
    return of(spec, List.of());
  }

  /** The same with further blocks. */
  public static StudyPlan of(StudySpec spec, List<Integer> laterBlocks) {
    return new StudyPlan(spec, AlphaGrid.of(spec), laterBlocks);
  }

  public int modelCount() {
    return spec.getModelsCount();
  }

  public int pairCount() {
    return modelCount() * (modelCount() - 1) / 2;
  }

  /** Each model on each sample, and each pair's points of the first round. */
  public long pointCount() {
    return pointCount(grid.firstInteriorCount(), 1 + laterBlocks.size());
  }

  /** What the study needs at most. */
  public long mostPointCount() {
    int blocks =
        growth()
            .map(rule -> rule.mostBlocks(spec.getInDomainGrowth().getFirstExampleCount()))
            .orElse(1);
    return pointCount(grid.mostInteriorCount(), blocks);
  }

  /** What it would need with so many points between the ends of each curve, on so many blocks. */
  private long pointCount(int interior, int blocks) {
    long along = (long) samplesAlongCurves().size() * grid.firstInteriorCount();
    // The whole is a sample of its own where it is several blocks.
    int samples = spec.getDiagnosticsCount() + (blocks == 1 ? 1 : blocks + 1);
    return pairCount() * ((long) interior * blocks + along) + (long) modelCount() * samples;
  }

  /** How the in-domain sample grows, where it does not have a size. */
  public Optional<SampleGrowth> growth() {
    var growth = spec.getInDomainGrowth();
    return spec.hasInDomainGrowth()
        ? Optional.of(new SampleGrowth(growth.getHalfWidthNats(), growth.getMostExampleCount()))
        : Optional.empty();
  }

  /** The same with one more block. */
  public StudyPlan with(int examples) {
    var blocks = new ArrayList<>(laterBlocks);
    blocks.add(examples);
    return new StudyPlan(spec, grid, blocks);
  }

  /** Examples of the in-domain sample so far, where it grows. */
  public int grownExampleCount() {
    return spec.getInDomainGrowth().getFirstExampleCount()
        + laterBlocks.stream().mapToInt(Integer::intValue).sum();
  }

  /** The blocks of the in-domain sample in their order, one at least. */
  public List<Integer> blocks() {
    return IntStream.rangeClosed(0, laterBlocks.size())
        .map(block -> block == 0 ? 0 : spec.getDiagnosticsCount() + 1 + block)
        .boxed()
        .toList();
  }

  /** Whether a sample is a block of the in-domain sample, of whose examples more is kept. */
  public boolean isBlock(int sample) {
    return blocks().contains(sample);
  }

  /** The block that is measured last. */
  public int lastBlock() {
    return blocks().getLast();
  }

  /** All of the in-domain sample, where it is several blocks. */
  public Optional<Integer> whole() {
    return laterBlocks.isEmpty() ? Optional.empty() : Optional.of(spec.getDiagnosticsCount() + 1);
  }

  /** Whether the loss of every in-domain example is kept, for intervals. */
  public boolean keepsLosses() {
    return spec.getResampling().getResampleCount() > 0;
  }

  /** Whether the loss of every example of a sample is kept. */
  public boolean keepsLosses(int sample) {
    return keepsLosses() && isBlock(sample);
  }

  /** Whether the chosen distance is one of predictions. */
  public boolean needsProbabilities() {
    return switch (spec.getDistance()) {
      case DISTANCE_METRIC_DISAGREEMENT, DISTANCE_METRIC_JENSEN_SHANNON -> true;
      default -> false;
    };
  }

  /** The resource name of a model's checkpoint. */
  public String checkpoint(int model) {
    return spec.getModels(model).getCheckpoint();
  }

  /** By their numbers. */
  public List<EvaluationSample> samples() {
    var samples = new ArrayList<EvaluationSample>();
    samples.add(
        spec.hasInDomainGrowth()
            ? grown(0, spec.getInDomainGrowth().getFirstExampleCount())
            : spec.getInDomain());
    spec.getDiagnosticsList().forEach(diagnostic -> samples.add(diagnostic.getSample()));
    if (!laterBlocks.isEmpty()) {
      samples.add(grown(0, grownExampleCount()));
      int skip = spec.getInDomainGrowth().getFirstExampleCount();
      for (int examples : laterBlocks) {
        samples.add(grown(skip, examples));
        skip += examples;
      }
    }
    return samples;
  }

  private EvaluationSample grown(int skip, int examples) {
    var sample = spec.getInDomain().toBuilder().setSize(examples);
    return (skip == 0 ? sample : sample.setSkip(skip)).build();
  }

  /** Which samples, by their number, are measured between the ends of curves besides blocks. */
  public List<Integer> samplesAlongCurves() {
    var along = new ArrayList<Integer>();
    for (int d = 0; d < spec.getDiagnosticsCount(); d++) {
      if (spec.getDiagnostics(d).getAlongCurves()) {
        along.add(d + 1);
      }
    }
    return along;
  }

  /** Every pair once. */
  public List<ModelPair> pairs() {
    var pairs = new ArrayList<ModelPair>(pairCount());
    for (int a = 0; a < modelCount(); a++) {
      for (int b = a + 1; b < modelCount(); b++) {
        pairs.add(new ModelPair(a, b));
      }
    }
    return pairs;
  }
}
