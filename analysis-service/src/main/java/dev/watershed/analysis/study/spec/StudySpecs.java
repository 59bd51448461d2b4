package dev.watershed.analysis.study.spec;

import static dev.watershed.server.RefusedException.invalidArgument;

import dev.watershed.analysis.UnusableNumbersException;
import dev.watershed.analysis.bootstrap.PairedBootstrap;
import dev.watershed.analysis.cluster.SpectralClustering;
import dev.watershed.analysis.metric.MetricMessages;
import dev.watershed.analysis.store.ExampleFloats;
import dev.watershed.analysis.v1.AdaptiveAlphas;
import dev.watershed.analysis.v1.AlphaProtocol;
import dev.watershed.analysis.v1.DistanceMetric;
import dev.watershed.analysis.v1.StudySpec;
import dev.watershed.analysis.v1.StudySpecOrBuilder;
import dev.watershed.input.CheckpointName;
import dev.watershed.server.RefusedException;
import dev.watershed.type.v1.EvaluationSample;
import dev.watershed.type.v1.Precision;
import dev.watershed.type.v1.Score;
import jakarta.inject.Singleton;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;

/** Checks what a study asks for beyond the rules of its contract, and fills in its defaults. */
@Singleton
public final class StudySpecs {
  /** What one row of the database takes. */
  private static final int MAX_SPEC_BYTES = 1 << 20;

  private static final int DEFAULT_CLUSTERS = 2;
  private static final int DEFAULT_EXTREMES = 5;

  /** So that a pair of a report fits an answer. */
  private static final long MOST_ALONG_A_PAIR = 20_000;

  private static final int DEFAULT_FIRST_EXAMPLES = 512;

  private static final double DEFAULT_TOLERANCE_NATS = .005;
  private static final int DEFAULT_INITIAL_INTERVALS = 5;
  private static final int DEFAULT_HALVINGS = 4;
  private static final int MOST_INTERVALS = 10_000;
  private static final double DEFAULT_CURVATURE_MARGIN = 2;

  private final StudyConfiguration configuration;

  public StudySpecs(StudyConfiguration configuration) {
    this.configuration = configuration;
  }

  /**
   * Returns {@code spec} with every default filled in.
   *
   * @throws RefusedException INVALID_ARGUMENT for the first thing that is wrong
   */
  public StudySpec complete(StudySpec spec) {
    var complete = withDefaults(spec);
    checkModels(complete);
    checkSamples(complete);
    checkGrowth(complete);
    checkAlphas(complete);
    checkDistance(complete);
    checkSize(complete);
    return complete;
  }

  private static StudySpec withDefaults(StudySpec spec) {
    var complete = spec.toBuilder();
    for (var model : complete.getModelsBuilderList()) {
      if (model.getLabel().isEmpty()) {
        model.setLabel(CheckpointName.of(model.getCheckpoint()).id());
      }
    }
    for (var diagnostic : complete.getDiagnosticsBuilderList()) {
      if (diagnostic.getScore() == Score.SCORE_UNSPECIFIED) {
        diagnostic.setScore(Score.SCORE_ACCURACY);
      }
    }
    if (complete.hasAdaptive()) {
      complete.setAdaptive(withDefaults(complete.getAdaptive()));
    } else if (!complete.hasIntervalCount()
        && complete.getProtocol() == AlphaProtocol.ALPHA_PROTOCOL_UNSPECIFIED) {
      complete.setProtocol(AlphaProtocol.ALPHA_PROTOCOL_PAPER);
    }
    if (complete.getDistance() == DistanceMetric.DISTANCE_METRIC_UNSPECIFIED) {
      complete.setDistance(DistanceMetric.DISTANCE_METRIC_CONVEXITY_GAP);
    }
    if (!complete.hasClusterCount()) {
      complete.setClusterCount(DEFAULT_CLUSTERS);
    }
    if (!complete.hasKernelWidth() && !complete.getMedianKernelWidth()) {
      if (hasPapersWidth(complete.getDistance())) {
        complete.setKernelWidth(SpectralClustering.DEFAULT_KERNEL_WIDTH);
      } else {
        complete.setMedianKernelWidth(true);
      }
    }
    complete.setResampling(MetricMessages.resampling(complete.getResampling()));
    if (complete.hasInDomainGrowth()) {
      var growth = complete.getInDomainGrowthBuilder();
      if (!growth.hasFirstExampleCount()) {
        growth.setFirstExampleCount(DEFAULT_FIRST_EXAMPLES);
      }
      if (!growth.hasMostExampleCount()) {
        growth.setMostExampleCount(mostExamples(complete));
      }
    }
    if (!complete.hasExtremeModelCount()) {
      complete.setExtremeModelCount(DEFAULT_EXTREMES);
    }
    if (complete.getPrecision() == Precision.PRECISION_UNSPECIFIED) {
      complete.setPrecision(Precision.PRECISION_FP32);
    }
    return complete.build();
  }

  /** Whether a width of 1 suits a distance: it is for gaps in nats, which are of that order. */
  private static boolean hasPapersWidth(DistanceMetric distance) {
    return switch (distance) {
      case DISTANCE_METRIC_CONVEXITY_GAP,
          DISTANCE_METRIC_BARRIER_HEIGHT,
          DISTANCE_METRIC_IMPROVED_CONVEXITY_GAP ->
          true;
      default -> false;
    };
  }

  private static AdaptiveAlphas withDefaults(AdaptiveAlphas adaptive) {
    var complete = adaptive.toBuilder();
    if (!complete.hasToleranceNats()) {
      complete.setToleranceNats(DEFAULT_TOLERANCE_NATS);
    }
    if (!complete.hasInitialIntervalCount()) {
      complete.setInitialIntervalCount(DEFAULT_INITIAL_INTERVALS);
    }
    if (!complete.hasFinestIntervalCount()) {
      int finest = complete.getInitialIntervalCount();
      for (int i = 0; i < DEFAULT_HALVINGS && 2 * finest <= MOST_INTERVALS; i++) {
        finest *= 2;
      }
      complete.setFinestIntervalCount(finest);
    }
    if (!complete.hasCurvatureMargin()) {
      complete.setCurvatureMargin(DEFAULT_CURVATURE_MARGIN);
    }
    return complete.build();
  }

  private static void checkAlphas(StudySpec spec) {
    try {
      AlphaGrid.of(spec);
    } catch (UnusableNumbersException e) {
      throw invalidArgument(
          e.reason(), "spec.adaptive." + e.parameter(), String.valueOf(e.getMessage()));
    }
  }

  private static void checkModels(StudySpec spec) {
    var places = new HashMap<String, Integer>();
    var labels = new HashMap<String, Integer>();
    for (int i = 0; i < spec.getModelsCount(); i++) {
      var model = spec.getModels(i);
      var place = places.putIfAbsent(model.getCheckpoint(), i);
      if (place != null) {
        throw invalidArgument(
            "MODEL_TWICE",
            String.format(Locale.ROOT, "spec.models[%d].checkpoint", i),
            String.format(
                Locale.ROOT,
                "%s is model %d already; a study takes each model once.",
                model.getCheckpoint(),
                place));
      }
      place = labels.putIfAbsent(model.getLabel(), i);
      if (place != null) {
        throw invalidArgument(
            "LABEL_TWICE",
            String.format(Locale.ROOT, "spec.models[%d].label", i),
            String.format(
                Locale.ROOT,
                "\"%s\" is the label of model %d already; give each model its own label.",
                model.getLabel(),
                place));
      }
    }
  }

  private static void checkSamples(StudySpec spec) {
    checkSelection("spec.in_domain", spec.getInDomain());
    var names = new HashSet<>(Set.of(spec.getInDomain().getName()));
    for (int i = 0; i < spec.getDiagnosticsCount(); i++) {
      var sample = spec.getDiagnostics(i).getSample();
      var field = String.format(Locale.ROOT, "spec.diagnostics[%d].sample", i);
      checkSelection(field, sample);
      if (!names.add(sample.getName())) {
        throw invalidArgument(
            "SAMPLE_NAME_TWICE",
            field + ".name",
            "\"%s\" names another sample of this study; give each sample its own name."
                .formatted(sample.getName()));
      }
    }
  }

  private static void checkSelection(String field, EvaluationSample sample) {
    if (sample.hasSize() && !sample.hasSeed() && !sample.hasFirstRows()) {
      throw invalidArgument(
          "SELECTION_MISSING",
          field + ".seed",
          String.format(
              Locale.ROOT,
              "Which %d examples is not said; set seed or first_rows.",
              sample.getSize()));
    }
  }

  /** So many whose intervals can be told. */
  private static int mostExamples(StudySpecOrBuilder spec) {
    return (int)
        Math.min(
            PairedBootstrap.mostExamples(spec.getResampling().getResampleCount()),
            Integer.MAX_VALUE);
  }

  private static void checkGrowth(StudySpec spec) {
    if (!spec.hasInDomainGrowth()) {
      return;
    }
    var sample = spec.getInDomain();
    var growth = spec.getInDomainGrowth();
    if (sample.hasSize() || sample.hasSkip()) {
      throw cannotGrow(
          sample.hasSize() ? "in_domain.size" : "in_domain.skip",
          "The sample grows from its first row on until intervals are as narrow as asked, so that it"
              + " has no %s; leave out one of the two."
                  .formatted(sample.hasSize() ? "size" : "skip"));
    }
    if (!sample.hasSeed()) {
      throw cannotGrow(
          "in_domain.seed",
          "Blocks of a sample that grows are drawn in the random order of its seed; set one.");
    }
    if (spec.getResampling().getResampleCount() == 0) {
      throw cannotGrow(
          "resampling.resample_count",
          "Without resamples there are no intervals to make narrow; leave the count out, or give the"
              + " sample a size.");
    }
    if (spec.hasAdaptive()) {
      throw cannotGrow(
          "adaptive",
          "Alphas that are chosen by what was measured differ from block to block; take a protocol or"
              + " equal intervals.");
    }
    int most = growth.getMostExampleCount();
    if (growth.getFirstExampleCount() > most) {
      throw cannotGrow(
          "in_domain_growth.first_example_count",
          String.format(
              Locale.ROOT,
              "The first block has %d examples and the sample at most %d; begin with fewer.",
              growth.getFirstExampleCount(),
              most));
    }
    if (growth.getFirstExampleCount() > ExampleFloats.MOST) {
      throw cannotGrow(
          "in_domain_growth.first_example_count",
          String.format(
              Locale.ROOT,
              "The first block has %d examples; losses, which intervals are made of, are kept of up to"
                  + " %d. Begin with fewer: the sample grows block by block.",
              growth.getFirstExampleCount(),
              ExampleFloats.MOST));
    }
    if (most > mostExamples(spec)) {
      throw cannotGrow(
          "in_domain_growth.most_example_count",
          String.format(
              Locale.ROOT,
              "%d resamples fit memory with up to %d examples, not %d; allow fewer examples or take"
                  + " fewer resamples.",
              spec.getResampling().getResampleCount(),
              mostExamples(spec),
              most));
    }
  }

  private static RefusedException cannotGrow(String field, String message) {
    return invalidArgument("SAMPLE_CANNOT_GROW", "spec." + field, message);
  }

  private static void checkDistance(StudySpec spec) {
    boolean improved = spec.getDistance() == DistanceMetric.DISTANCE_METRIC_IMPROVED_CONVEXITY_GAP;
    if (improved && !AlphaGrid.of(spec).nested()) {
      throw invalidArgument(
          "DISTANCE_NEEDS_NESTED_GRID",
          "spec.distance",
          "The improved convexity gap needs a nested grid, not %s; set protocol to"
                  .formatted(AlphaGrid.of(spec))
              + " ALPHA_PROTOCOL_NESTED or interval_count to a square such as 16, 25 or 100.");
    }
    if (spec.getMedianKernelWidth() && spec.hasKernelWidth()) {
      throw invalidArgument(
          "KERNEL_WIDTH_TWICE",
          "spec.kernel_width",
          "A kernel width of %s and the median one are asked for; choose one."
              .formatted(spec.getKernelWidth()));
    }
    if (spec.getClusterCount() > spec.getModelsCount()) {
      throw invalidArgument(
          "TOO_MANY_CLUSTERS",
          "spec.cluster_count",
          String.format(
              Locale.ROOT,
              "%d clusters of %d models; ask for at most as many clusters as models.",
              spec.getClusterCount(),
              spec.getModelsCount()));
    }
  }

  private void checkSize(StudySpec spec) {
    var plan = StudyPlan.of(spec);
    long along = plan.samplesAlongCurves().size() * (plan.grid().firstInteriorCount() + 2L);
    if (along > MOST_ALONG_A_PAIR) {
      throw invalidArgument(
          "STUDY_TOO_LARGE",
          "spec.diagnostics",
          String.format(
              Locale.ROOT,
              "The diagnostics along the curve of a pair have %d points; the limit is %d. Measure"
                  + " fewer of them along curves, or take fewer alphas.",
              along,
              MOST_ALONG_A_PAIR));
    }
    long points = plan.mostPointCount();
    if (points > configuration.maxPoints()) {
      throw invalidArgument(
          "STUDY_TOO_LARGE",
          "spec",
          String.format(
              Locale.ROOT,
              "The study needs %s%d evaluations; the limit is %d (watershed.analysis.max-points). Take fewer models or %s.",
              spec.hasAdaptive() || spec.hasInDomainGrowth() ? "up to " : "",
              points,
              configuration.maxPoints(),
              spec.hasAdaptive()
                  ? "a smaller adaptive.finest_interval_count"
                  : spec.hasInDomainGrowth()
                      ? "fewer alphas, or let the sample grow less: a smaller"
                          + " in_domain_growth.most_example_count"
                      : "fewer alphas"));
    }
    if (spec.getSerializedSize() > MAX_SPEC_BYTES) {
      throw invalidArgument(
          "SPEC_TOO_LARGE",
          "spec",
          String.format(
              Locale.ROOT,
              "The spec has %d bytes; the limit is %d. Take fewer models or shorter label mappings.",
              spec.getSerializedSize(),
              MAX_SPEC_BYTES));
    }
  }
}
