package dev.watershed.cli;

import dev.watershed.analysis.v1.AdaptiveAlphas;
import dev.watershed.analysis.v1.AlphaProtocol;
import dev.watershed.analysis.v1.Diagnostic;
import dev.watershed.analysis.v1.DistanceMetric;
import dev.watershed.analysis.v1.StudySpec;
import dev.watershed.type.v1.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What a study measures, whatever its models. */
final class StudyOptions {
  /** Protocols by the names that people type. */
  enum Protocol {
    PAPER,
    REFERENCE,
    NESTED
  }

  /** Distances by the names that people type. */
  enum Distance {
    CG(DistanceMetric.DISTANCE_METRIC_CONVEXITY_GAP),
    BH(DistanceMetric.DISTANCE_METRIC_BARRIER_HEIGHT),
    ICG(DistanceMetric.DISTANCE_METRIC_IMPROVED_CONVEXITY_GAP),
    AREA(DistanceMetric.DISTANCE_METRIC_AREA),
    AREA_EUCLIDEAN(DistanceMetric.DISTANCE_METRIC_AREA_TIMES_EUCLIDEAN),
    EUCLIDEAN(DistanceMetric.DISTANCE_METRIC_EUCLIDEAN),
    DISAGREEMENT(DistanceMetric.DISTANCE_METRIC_DISAGREEMENT),
    JENSEN_SHANNON(DistanceMetric.DISTANCE_METRIC_JENSEN_SHANNON);

    private final DistanceMetric metric;

    Distance(DistanceMetric metric) {
      this.metric = metric;
    }
  }

  @Option(
      names = "--spec",
      paramLabel = "FILE.json",
      description =
          "A StudySpec in protobuf's JSON form, - for standard input; other options override its"
              + " fields.")
  @Nullable Path specFile;

  @Option(
      names = "--in-domain",
      paramLabel = "DATA",
      description = "What curves are measured on: " + DataArgument.SAMPLE_SYNTAX)
  @Nullable String inDomain;

  @Option(
      names = "--half-width",
      paramLabel = "NATS",
      description =
          "A precision instead of a size: the in-domain sample, with seed= and without size=, grows in"
              + " blocks until the interval of every pair's convexity gap is at most this on either"
              + " side. Each example is evaluated once.")
  @Nullable Double halfWidth;

  @Option(
      names = "--min-examples",
      paramLabel = "N",
      description = "With --half-width: examples of the first block. Default: 512.")
  @Nullable Integer minExamples;

  @Option(
      names = "--max-examples",
      paramLabel = "N",
      description =
          "With --half-width: most examples, also where intervals are wider then. Default: as many as"
              + " the split has and memory resamples, 134217 with 2000 resamples.")
  @Nullable Integer maxExamples;

  @Option(
      names = "--diagnostic",
      paramLabel = "DATA",
      description =
          "What each model alone is scored on; repeatable: " + DataArgument.DIAGNOSTIC_SYNTAX)
  List<String> diagnostics = new ArrayList<>();

  @Option(
      names = "--protocol",
      description =
          "paper (11 points), reference (10 points) or nested (101 points, for the improved"
              + " convexity gap). Default: paper.")
  @Nullable Protocol protocol;

  @Option(names = "--intervals", paramLabel = "N", description = "N equal intervals instead.")
  @Nullable Integer intervals;

  @Option(
      names = "--alphas",
      paramLabel = "adaptive|N",
      description =
          "adaptive: for each pair as few points as it takes to know its convexity gap to a"
              + " tolerance; or N equally spaced points. Instead of --protocol.")
  @Nullable String alphas;

  @Option(
      names = "--tolerance",
      paramLabel = "NATS",
      description =
          "With adaptive alphas: how well gaps shall be known, supposing that curves bend as seen."
              + " Default: 0.005.")
  @Nullable Double tolerance;

  @Option(
      names = "--initial-intervals",
      paramLabel = "N",
      description = "With adaptive alphas: intervals of the grid begun with. Default: 5.")
  @Nullable Integer initialIntervals;

  @Option(
      names = "--finest-intervals",
      paramLabel = "N",
      description =
          "With adaptive alphas: the finest spacing is one over this, a power of two times the"
              + " intervals begun with. Default: 16 times these.")
  @Nullable Integer finestIntervals;

  @Option(
      names = "--curvature-margin",
      paramLabel = "FACTOR",
      description =
          "With adaptive alphas: how much more a curve may bend than was seen around. Default: 2.")
  @Nullable Double curvatureMargin;

  @Option(
      names = "--distance",
      description =
          "${COMPLETION-CANDIDATES}; AREA_EUCLIDEAN is the papers' area, times the Euclidean"
              + " distance; DISAGREEMENT is the share of in-domain examples that two models predict"
              + " differently. Default: CG.")
  @Nullable Distance distance;

  @Option(names = "--clusters", description = "Default: 2.")
  @Nullable Integer clusters;

  @Option(
      names = "--kernel-width",
      paramLabel = "median|W",
      converter = KernelWidth.Converter.class,
      description =
          "Of the clustering's affinity: the median distance or a number in the distance's unit."
              + " Default: 1 for CG, BH and ICG, else median.")
  @Nullable KernelWidth kernelWidth;

  @Option(
      names = "--extremes",
      paramLabel = "N",
      description =
          "How many models of each diagnostic are its best and its worst, whose mean curves are"
              + " told. Default: 5, at most half.")
  @Nullable Integer extremes;

  @Option(names = "--bf16", description = "Compute in bfloat16. Default: fp32.")
  boolean bf16;

  @Option(
      names = "--allow-slow-precision",
      description = "Compute in the precision asked for even where this machine is slow at it.")
  boolean allowSlowPrecision;

  /**
   * The spec with all but its models, which are those of the file if there is one.
   *
   * @param context what relative paths start from, and standard input
   * @param tasks of the server
   */
  StudySpec.Builder spec(CommandContext context, TaskCatalogue tasks) {
    Path workingDirectory = context.workingDirectory();
    StudySpec.Builder spec = StudySpec.newBuilder();
    if (specFile != null) {
      spec = Json.parse(read(specFile, context), spec, "--spec " + specFile);
    }
    applyGrowth(spec);
    if (inDomain != null) {
      DataArgument data = DataArgument.parse(inDomain, workingDirectory, tasks);
      spec.setInDomain(spec.hasInDomainGrowth() ? data.growingSample() : data.sample());
    }
    if (!spec.hasInDomain()) {
      throw CommandException.badInput(
          "nothing to measure curves on; give --in-domain, for example"
              + " --in-domain builtin:miniature/validation,size=512,seed=1");
    }
    if (!diagnostics.isEmpty()) {
      spec.clearDiagnostics();
      List<DataArgument> parsed =
          diagnostics.stream()
              .map(text -> DataArgument.parse(text, workingDirectory, tasks))
              .toList();
      SampleNames names = new SampleNames(parsed);
      for (DataArgument data : parsed) {
        Diagnostic diagnostic = data.diagnostic();
        spec.addDiagnostics(
            diagnostic.toBuilder().setSample(names.named(data, diagnostic.getSample())));
      }
    }
    applyMeasure(spec);
    return spec;
  }

  /** Whether none of these options was given. */
  boolean absent() {
    return specFile == null
        && inDomain == null
        && halfWidth == null
        && minExamples == null
        && maxExamples == null
        && diagnostics.isEmpty()
        && protocol == null
        && intervals == null
        && distance == null
        && clusters == null
        && kernelWidth == null
        && extremes == null
        && alphas == null
        && !hasAdaptiveOptions()
        && !bf16
        && !allowSlowPrecision;
  }

  private void applyGrowth(StudySpec.Builder spec) {
    if (halfWidth != null) {
      spec.getInDomainGrowthBuilder().setHalfWidthNats(halfWidth);
    }
    if ((minExamples != null || maxExamples != null) && !spec.hasInDomainGrowth()) {
      throw CommandException.badInput("--min-examples and --max-examples need --half-width");
    }
    if (minExamples != null) {
      spec.getInDomainGrowthBuilder().setFirstExampleCount(minExamples);
    }
    if (maxExamples != null) {
      spec.getInDomainGrowthBuilder().setMostExampleCount(maxExamples);
    }
  }

  private void applyMeasure(StudySpec.Builder spec) {
    if (extremes != null) {
      spec.setExtremeModelCount(extremes);
    }
    if (Stream.of(protocol, intervals, alphas).filter(Objects::nonNull).count() > 1) {
      throw CommandException.badInput("--protocol, --intervals and --alphas exclude each other");
    }
    if (protocol != null) {
      spec.setProtocol(AlphaProtocol.valueOf("ALPHA_PROTOCOL_" + protocol.name()));
    }
    if (intervals != null) {
      spec.setIntervalCount(intervals);
    }
    if (alphas != null) {
      applyAlphas(alphas, spec);
    }
    if (hasAdaptiveOptions()) {
      applyAdaptive(spec);
    }
    if (distance != null) {
      spec.setDistance(distance.metric);
    }
    if (clusters != null) {
      spec.setClusterCount(clusters);
    }
    if (kernelWidth != null) {
      spec.setMedianKernelWidth(kernelWidth.median()).setKernelWidth(kernelWidth.value());
    }
    if (bf16) {
      spec.setPrecision(Precision.PRECISION_BF16);
    }
    if (allowSlowPrecision) {
      spec.setAllowSlowPrecision(true);
    }
  }

  private static void applyAlphas(String alphas, StudySpec.Builder spec) {
    if (alphas.equalsIgnoreCase("adaptive")) {
      spec.setAdaptive(spec.getAdaptive());
    } else if (alphas.matches("\\d{1,5}") && Integer.parseInt(alphas) >= 2) {
      spec.setIntervalCount(Integer.parseInt(alphas) - 1);
    } else {
      throw CommandException.badInput(
          "--alphas '" + alphas + "' is neither adaptive nor a count of points from 2 on");
    }
  }

  private boolean hasAdaptiveOptions() {
    return tolerance != null
        || initialIntervals != null
        || finestIntervals != null
        || curvatureMargin != null;
  }

  private void applyAdaptive(StudySpec.Builder spec) {
    if (!spec.hasAdaptive()) {
      throw CommandException.badInput(
          "--tolerance, --initial-intervals, --finest-intervals and --curvature-margin need"
              + " --alphas adaptive");
    }
    AdaptiveAlphas.Builder adaptive = spec.getAdaptiveBuilder();
    if (tolerance != null) {
      adaptive.setToleranceNats(tolerance);
    }
    if (initialIntervals != null) {
      adaptive.setInitialIntervalCount(initialIntervals);
    }
    if (finestIntervals != null) {
      adaptive.setFinestIntervalCount(finestIntervals);
    }
    if (curvatureMargin != null) {
      adaptive.setCurvatureMargin(curvatureMargin);
    }
  }

  private static String read(Path specFile, CommandContext context) {
    if (specFile.equals(Path.of("-"))) {
      return NumbersInput.read(context.in());
    }
    Path file = context.workingDirectory().resolve(specFile);
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw CommandException.badInput("cannot read --spec " + file + ": " + Failures.sentence(e));
    }
  }
}
