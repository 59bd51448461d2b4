package dev.watershed.analysis.study;

import static dev.watershed.analysis.study.TestSpecs.sample;
import static dev.watershed.analysis.study.TestSpecs.spec;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.watershed.analysis.fleet.EvaluatorConfiguration;
import dev.watershed.analysis.study.spec.AlphaGrid;
import dev.watershed.analysis.study.spec.StudyConfiguration;
import dev.watershed.analysis.study.spec.StudyPlan;
import dev.watershed.analysis.study.spec.StudySpecs;
import dev.watershed.analysis.v1.AdaptiveAlphas;
import dev.watershed.analysis.v1.AlphaProtocol;
import dev.watershed.analysis.v1.CreateStudyRequest;
import dev.watershed.analysis.v1.Diagnostic;
import dev.watershed.analysis.v1.DistanceMetric;
import dev.watershed.analysis.v1.Resampling;
import dev.watershed.analysis.v1.SampleGrowth;
import dev.watershed.analysis.v1.StudySpec;
import dev.watershed.server.RefusedException;
import dev.watershed.server.ValidationInterceptor;
import dev.watershed.type.v1.LabelMapping;
import dev.watershed.type.v1.LabelMappingEntry;
import dev.watershed.type.v1.Precision;
import dev.watershed.type.v1.Score;
import io.micronaut.context.ApplicationContext;
import java.time.Duration;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

final class StudyRequestsTest {
  private static final StudyConfiguration CONFIGURATION =
      new StudyConfiguration(
          1,
          false,
          1000,
          Duration.ofSeconds(1),
          Duration.ofSeconds(15),
          1000,
          Duration.ofDays(180));

  private final StudySpecs specs = new StudySpecs(CONFIGURATION);

  private static Stream<Arguments> badRequests() {
    return Stream.of(
        bad("one model", "REQUEST_INVALID", "spec.models", spec -> spec("left-0").toBuilder()),
        bad(
            "a checkpoint that is no name",
            "REQUEST_INVALID",
            "spec.models[1].checkpoint",
            spec -> {
              spec.getModelsBuilder(1).setCheckpoint("../left");
              return spec;
            }),
        bad(
            "no in-domain sample",
            "REQUEST_INVALID",
            "spec.in_domain",
            StudySpec.Builder::clearInDomain),
        bad(
            "a negative size",
            "REQUEST_INVALID",
            "spec.in_domain.size",
            spec -> spec.setInDomain(sample("s").toBuilder().setSize(-1))),
        bad(
            "no intervals",
            "REQUEST_INVALID",
            "spec.interval_count",
            spec -> spec.setIntervalCount(0)),
        bad("a protocol not ours", "REQUEST_INVALID", "spec.protocol", s -> s.setProtocolValue(99)),
        bad(
            "a kernel width that is no number",
            "REQUEST_INVALID",
            "spec.kernel_width",
            spec -> spec.setKernelWidth(Double.NaN)),
        bad(
            "two kernel widths",
            "KERNEL_WIDTH_TWICE",
            "spec.kernel_width",
            spec -> spec.setKernelWidth(2).setMedianKernelWidth(true)),
        bad(
            "a model twice",
            "MODEL_TWICE",
            "spec.models[2].checkpoint",
            spec -> spec("left-0", "left-1", "left-0").toBuilder()),
        bad(
            "a label twice",
            "LABEL_TWICE",
            "spec.models[1].label",
            spec -> {
              spec.getModelsBuilder(1).setLabel("left-0");
              return spec;
            }),
        bad(
            "a diagnostic twice",
            "SAMPLE_NAME_TWICE",
            "spec.diagnostics[1].sample.name",
            spec -> spec.addDiagnostics(Diagnostic.newBuilder().setSample(sample("diagnostic")))),
        bad(
            "a diagnostic named as the in-domain sample",
            "SAMPLE_NAME_TWICE",
            "spec.diagnostics[1].sample.name",
            spec -> spec.addDiagnostics(Diagnostic.newBuilder().setSample(sample("in-domain")))),
        bad(
            "a sample without a selection",
            "SELECTION_MISSING",
            "spec.in_domain.seed",
            spec -> spec.setInDomain(sample("in-domain").toBuilder().clearSelection())),
        bad(
            "a precision and a size",
            "SAMPLE_CANNOT_GROW",
            "spec.in_domain.size",
            spec -> growing(spec).setInDomain(sample("in-domain"))),
        bad(
            "a precision of a sample that passes over rows",
            "SAMPLE_CANNOT_GROW",
            "spec.in_domain.skip",
            spec -> {
              growing(spec).getInDomainBuilder().setSkip(5);
              return spec;
            }),
        bad(
            "a precision of the first rows",
            "SAMPLE_CANNOT_GROW",
            "spec.in_domain.seed",
            spec -> {
              growing(spec).getInDomainBuilder().setFirstRows(true);
              return spec;
            }),
        bad(
            "a precision without resamples",
            "SAMPLE_CANNOT_GROW",
            "spec.resampling.resample_count",
            spec -> growing(spec).setResampling(Resampling.newBuilder().setResampleCount(0))),
        bad(
            "a precision with chosen alphas",
            "SAMPLE_CANNOT_GROW",
            "spec.adaptive",
            spec -> growing(spec).setAdaptive(AdaptiveAlphas.getDefaultInstance())),
        bad(
            "a first block larger than all",
            "SAMPLE_CANNOT_GROW",
            "spec.in_domain_growth.first_example_count",
            spec -> {
              growing(spec).getInDomainGrowthBuilder().setMostExampleCount(300);
              return spec;
            }),
        bad(
            "a first block of more examples than losses are kept of",
            "SAMPLE_CANNOT_GROW",
            "spec.in_domain_growth.first_example_count",
            spec -> {
              growing(spec).setResampling(Resampling.newBuilder().setResampleCount(100));
              spec.getInDomainGrowthBuilder()
                  .setFirstExampleCount(300_000)
                  .setMostExampleCount(400_000);
              return spec;
            }),
        bad(
            "more examples than resamples fit memory with",
            "SAMPLE_CANNOT_GROW",
            "spec.in_domain_growth.most_example_count",
            spec -> {
              growing(spec).getInDomainGrowthBuilder().setMostExampleCount(200_000);
              return spec;
            }),
        bad(
            "a precision of nothing",
            "REQUEST_INVALID",
            "spec.in_domain_growth.half_width_nats",
            spec -> spec.setInDomainGrowth(SampleGrowth.getDefaultInstance())),
        bad(
            "an improved gap on a plain grid",
            "DISTANCE_NEEDS_NESTED_GRID",
            "spec.distance",
            spec -> spec.setDistance(DistanceMetric.DISTANCE_METRIC_IMPROVED_CONVEXITY_GAP)),
        bad(
            "an improved gap on chosen alphas",
            "DISTANCE_NEEDS_NESTED_GRID",
            "spec.distance",
            spec ->
                spec.setAdaptive(AdaptiveAlphas.newBuilder().setInitialIntervalCount(25))
                    .setDistance(DistanceMetric.DISTANCE_METRIC_IMPROVED_CONVEXITY_GAP)),
        bad(
            "a first grid without a second difference",
            "INITIAL_GRID_TOO_COARSE",
            "spec.adaptive.initial_interval_count",
            spec -> spec.setAdaptive(AdaptiveAlphas.newBuilder().setInitialIntervalCount(1))),
        bad(
            "a finest grid that halving does not reach",
            "FINEST_GRID_DOES_NOT_FIT",
            "spec.adaptive.finest_interval_count",
            spec -> spec.setAdaptive(AdaptiveAlphas.newBuilder().setFinestIntervalCount(100))),
        bad(
            "a margin below one",
            "CURVATURE_MARGIN_TOO_SMALL",
            "spec.adaptive.curvature_margin",
            spec -> spec.setAdaptive(AdaptiveAlphas.newBuilder().setCurvatureMargin(.5))),
        bad(
            "a tolerance that is no number",
            "REQUEST_INVALID",
            "spec.adaptive.tolerance_nats",
            spec -> spec.setAdaptive(AdaptiveAlphas.newBuilder().setToleranceNats(Double.NaN))),
        bad(
            "too many points in the worst case",
            "STUDY_TOO_LARGE",
            "spec",
            spec -> spec.setAdaptive(AdaptiveAlphas.newBuilder().setInitialIntervalCount(500))),
        bad(
            "more clusters than models",
            "TOO_MANY_CLUSTERS",
            "spec.cluster_count",
            spec -> spec.setClusterCount(4)),
        bad("too many points", "STUDY_TOO_LARGE", "spec", spec -> spec.setIntervalCount(10000)),
        bad("a spec too long", "SPEC_TOO_LARGE", "spec", StudyRequestsTest::withLongMapping));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("badRequests")
  void complete_badRequest_isRefusedWithReasonAndField(
      String what, String reason, String field, StudySpec spec) {
    assertThatThrownBy(
            () -> {
              new ValidationInterceptor()
                  .validate(CreateStudyRequest.newBuilder().setSpec(spec).build());
              specs.complete(spec);
            })
        .as(what)
        .isInstanceOfSatisfying(
            RefusedException.class,
            refused -> {
              assertThat(refused.kind()).isEqualTo(RefusedException.Kind.INVALID_ARGUMENT);
              assertThat(refused.reason()).isEqualTo(reason);
              assertThat(refused.subject())
                  .isInstanceOfSatisfying(
                      RefusedException.Subject.Fields.class,
                      fields ->
                          assertThat(fields.violations().getFirst().subject()).isEqualTo(field));
            });
  }

  @Test
  void complete_nothingSaid_fillsInEveryDefault() {
    var complete = specs.complete(spec("left-0", "left-1"));

    assertThat(complete.getModels(1).getLabel()).isEqualTo("left-1");
    assertThat(complete.getProtocol()).isEqualTo(AlphaProtocol.ALPHA_PROTOCOL_PAPER);
    assertThat(complete.getDistance()).isEqualTo(DistanceMetric.DISTANCE_METRIC_CONVEXITY_GAP);
    assertThat(complete.getClusterCount()).isEqualTo(2);
    assertThat(complete.getKernelWidth()).isEqualTo(1);
    assertThat(complete.getPrecision()).isEqualTo(Precision.PRECISION_FP32);
    assertThat(complete.getDiagnostics(0).getScore()).isEqualTo(Score.SCORE_ACCURACY);
    assertThat(specs.complete(complete)).isEqualTo(complete);
  }

  @Test
  void complete_distanceThatIsNoGap_hasTheMedianAsKernelWidth() {
    for (var distance :
        new DistanceMetric[] {
          DistanceMetric.DISTANCE_METRIC_AREA,
          DistanceMetric.DISTANCE_METRIC_AREA_TIMES_EUCLIDEAN,
          DistanceMetric.DISTANCE_METRIC_EUCLIDEAN
        }) {
      var spec = spec("left-0", "left-1").toBuilder().setDistance(distance);
      var complete = specs.complete(spec.build());
      assertThat(complete.getMedianKernelWidth()).as("%s", distance).isTrue();
      assertThat(specs.complete(complete)).isEqualTo(complete);
      assertThat(specs.complete(spec.setKernelWidth(2).build()).getMedianKernelWidth()).isFalse();
    }
  }

  @Test
  void complete_adaptiveAlphas_fillsInTheirDefaults() {
    var spec =
        spec("left-0", "left-1").toBuilder().setAdaptive(AdaptiveAlphas.getDefaultInstance());
    var complete = specs.complete(spec.build());

    assertThat(complete.getAdaptive())
        .isEqualTo(
            AdaptiveAlphas.newBuilder()
                .setToleranceNats(.005)
                .setInitialIntervalCount(5)
                .setFinestIntervalCount(80)
                .setCurvatureMargin(2)
                .build());
    assertThat(specs.complete(complete)).isEqualTo(complete);
    spec.getAdaptiveBuilder().setInitialIntervalCount(900);
    // Sixteen times as many are more than there may be.
    assertThat(new StudySpecs(unbounded()).complete(spec.build()).getAdaptive())
        .extracting(AdaptiveAlphas::getFinestIntervalCount)
        .isEqualTo(7200);
  }

  private static StudyConfiguration unbounded() {
    return new StudyConfiguration(
        1,
        false,
        Long.MAX_VALUE,
        Duration.ofSeconds(1),
        Duration.ofSeconds(15),
        1000,
        Duration.ofDays(180));
  }

  @Test
  void complete_improvedGapOnSquareGrid_isTaken() {
    var spec =
        spec("left-0", "left-1").toBuilder()
            .setIntervalCount(16)
            .setDistance(DistanceMetric.DISTANCE_METRIC_IMPROVED_CONVEXITY_GAP)
            .build();
    assertThat(specs.complete(spec).getIntervalCount()).isEqualTo(16);
    assertThat(specs.complete(spec).hasProtocol()).isFalse();
  }

  @Test
  void grid_protocols_haveTheirPoints() {
    assertThat(grid(AlphaProtocol.ALPHA_PROTOCOL_PAPER).intervals()).isEqualTo(10);
    assertThat(grid(AlphaProtocol.ALPHA_PROTOCOL_REFERENCE).intervals()).isEqualTo(9);
    var nested = grid(AlphaProtocol.ALPHA_PROTOCOL_NESTED);
    assertThat(nested.intervals()).isEqualTo(100);
    assertThat(nested.alpha(0)).isZero();
    assertThat(nested.alpha(30)).isEqualTo(.3);
    assertThat(nested.alpha(100)).isEqualTo(1);
  }

  @Test
  void pairs_manyModels_eachOnceWithTheLowerFirst() {
    var names = IntStream.range(0, 19).mapToObj(i -> "left-" + i).toArray(String[]::new);
    var plan = StudyPlan.of(spec(names));

    assertThat(plan.pairs()).hasSize(plan.pairCount()).doesNotHaveDuplicates();
    assertThat(plan.pairs()).allMatch(pair -> 0 <= pair.a() && pair.a() < pair.b());
    assertThat(plan.pairs()).allMatch(pair -> pair.b() < 19);
    assertThat(plan.pointCount()).isEqualTo(19 * 18 / 2 * 9 + 19 * 2);
  }

  @Test
  void configuration_nothingSaid_hasTheDocumentedDefaults() {
    try (var context = ApplicationContext.run()) {
      assertThat(context.getBean(StudyConfiguration.class))
          .isEqualTo(
              new StudyConfiguration(
                  1,
                  false,
                  1_000_000,
                  Duration.ofSeconds(1),
                  Duration.ofSeconds(15),
                  1000,
                  Duration.ofDays(180)));
      assertThat(context.getBean(EvaluatorConfiguration.class))
          .isEqualTo(
              new EvaluatorConfiguration(
                  "dns:///127.0.0.1:8980",
                  0,
                  Duration.ofMinutes(30),
                  Duration.ofSeconds(5),
                  Duration.ofSeconds(3),
                  Duration.ofMillis(500),
                  Duration.ofSeconds(30),
                  Duration.ofMinutes(15),
                  Duration.ofMinutes(15),
                  Duration.ofSeconds(10),
                  Duration.ofSeconds(3)));
    }
  }

  private static AlphaGrid grid(AlphaProtocol protocol) {
    return AlphaGrid.of(StudySpec.newBuilder().setProtocol(protocol).build());
  }

  private static StudySpec.Builder withLongMapping(StudySpec.Builder spec) {
    var label = "x".repeat(200);
    var mapping = LabelMapping.newBuilder();
    for (int i = 0; i < 1000; i++) {
      var entry = LabelMappingEntry.newBuilder().setDataLabel(label);
      for (int j = 0; j < 5; j++) {
        entry.addModelLabels("y".repeat(190) + j + "-" + i);
      }
      mapping.addEntries(entry);
    }
    return spec.setInDomain(sample("in-domain").toBuilder().setLabelMapping(mapping));
  }

  private static Arguments bad(
      String what, String reason, String field, UnaryOperator<StudySpec.Builder> change) {
    var good = spec("left-0", "right-0", "left-1").toBuilder();
    return Arguments.of(what, reason, field, change.apply(good).build());
  }

  /** Asks for a precision as it may be asked for. */
  private static StudySpec.Builder growing(StudySpec.Builder spec) {
    spec.getInDomainBuilder().clearSize();
    return spec.setInDomainGrowth(SampleGrowth.newBuilder().setHalfWidthNats(.005));
  }
}
