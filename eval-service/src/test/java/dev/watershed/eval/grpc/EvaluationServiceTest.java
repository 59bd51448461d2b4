package dev.watershed.eval.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.watershed.classifier.checkpoint.Architecture;
import dev.watershed.classifier.checkpoint.ParameterLayout;
import dev.watershed.classifier.checkpoint.ParameterVector;
import dev.watershed.classifier.model.ClassifierProgram;
import dev.watershed.classifier.text.Tokenizer;
import dev.watershed.classifier.text.Tokenizers;
import dev.watershed.eval.v1.Combination;
import dev.watershed.eval.v1.CombinationPoint;
import dev.watershed.eval.v1.EvaluateCombinationsRequest;
import dev.watershed.eval.v1.EvaluateInterpolationRequest;
import dev.watershed.eval.v1.EvaluatorStatistics;
import dev.watershed.eval.v1.InterpolationHeader;
import dev.watershed.eval.v1.InterpolationPoint;
import dev.watershed.type.v1.ClassificationMetrics;
import dev.watershed.type.v1.ColumnFilter;
import dev.watershed.type.v1.DatasetSplit;
import dev.watershed.type.v1.EvaluationSample;
import dev.watershed.type.v1.LabelMapping;
import dev.watershed.type.v1.LabelMappingEntry;
import dev.watershed.type.v1.LogitReduction;
import dev.watershed.type.v1.Precision;
import dev.watershed.type.v1.RandomSubset;
import dev.watershed.type.v1.TaskSplit;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class EvaluationServiceTest {
  private static final List<Double> FIVE_ALPHAS = List.of(0.0, 0.25, 0.5, 0.75, 1.0);

  private static final List<String> SPECIAL_TOKENS =
      List.of("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]");

  private Path root;
  private EvaluationServer server;
  private String a;
  private String b;
  private String c;
  private EvaluationSample sample;

  @BeforeEach
  void serve(@TempDir Path directory) throws Exception {
    root = directory;
    server = new EvaluationServer(root, EvaluationServer.configuration());
    a = server.put("a", 1);
    b = server.put("b", 2);
    c = server.put("c", 3);
    sample = server.sample("in-domain", 40, 7);
  }

  @AfterEach
  void stop() throws Exception {
    server.close();
  }

  @Test
  void evaluateInterpolation_header_describesModelsSampleAndProvenance() {
    InterpolationHeader header =
        server.stub().evaluateInterpolation(line(a, b, FIVE_ALPHAS, sample)).next().getHeader();

    assertThat(header.getModelA().getDigest().getSha256()).matches("[0-9a-f]{64}");
    assertThat(header.getEuclideanDistance()).isPositive();
    assertThat(header.getSamplesCount()).isEqualTo(1);
    assertThat(header.getSamples(0).getName()).isEqualTo("in-domain");
    assertThat(header.getSamples(0).getExampleCount()).isEqualTo(40);
    assertThat(header.getSamples(0).getTokenCount()).isBetween(160L, 960L);
    assertThat(header.getProvenance().getPrecision()).isEqualTo(Precision.PRECISION_FP32);
    assertThat(header.getProvenance().getEngine()).startsWith("PyTorch");
    assertThat(header.getProvenance().getThreads()).isEqualTo(1);
  }

  @Test
  void evaluateInterpolation_pairsThatShareModels_computeEachEndpointOnce() {
    interpolate(line(a, b, FIVE_ALPHAS, sample));
    interpolate(line(b, c, FIVE_ALPHAS, sample));
    interpolate(line(c, a, FIVE_ALPHAS, sample));

    assertThat(server.counters.pointsComputed()).isEqualTo(3 + 3 * 3);
    assertThat(server.counters.pointsFromCache()).isEqualTo(3);
    assertThat(server.counters.vectorsRead()).isEqualTo(3);
    assertThat(server.counters.samplesDrawn()).isEqualTo(1);
  }

  @Test
  void evaluateInterpolation_modelsSwapped_isTheReversedCurveForNothing() {
    List<Double> tenths = new ArrayList<>();
    for (int i = 0; i <= 10; i++) {
      tenths.add(i / 10.0);
    }
    List<InterpolationPoint> forth = interpolate(line(a, b, tenths, sample));
    List<InterpolationPoint> back = interpolate(line(b, a, tenths, sample));

    Collections.reverse(back);
    assertThat(metrics(back)).isEqualTo(metrics(forth));
    assertThat(back).allMatch(InterpolationPoint::getCached);
    assertThat(forth).noneMatch(InterpolationPoint::getCached);
    assertThat(server.counters.pointsComputed()).isEqualTo(11);
  }

  @Test
  void evaluateInterpolation_sameCurveForManyCallersAtOnce_isComputedOnce() throws Exception {
    List<CompletableFuture<List<InterpolationPoint>>> callers = new ArrayList<>();
    for (int caller = 0; caller < 8; caller++) {
      boolean swapped = caller % 2 == 1;
      callers.add(
          CompletableFuture.supplyAsync(
              () -> interpolate(line(swapped ? b : a, swapped ? a : b, FIVE_ALPHAS, sample)),
              task -> Thread.ofVirtual().start(task)));
    }
    List<ClassificationMetrics> curve = metrics(callers.get(0).get());
    List<ClassificationMetrics> reversed = curve.reversed();
    for (int caller = 0; caller < 8; caller++) {
      assertThat(metrics(callers.get(caller).get())).isEqualTo(caller % 2 == 1 ? reversed : curve);
    }
    assertThat(server.counters.pointsComputed()).isEqualTo(5);
    assertThat(server.counters.pointsFromCache()).isEqualTo(7 * 5);
  }

  @Test
  void evaluateInterpolation_endpoints_haveTheBitsOfTheModels() {
    List<InterpolationPoint> curve = interpolate(line(a, b, List.of(0.0, 1.0), sample));

    try (EvaluationServer fresh = freshServer()) {
      assertThat(metrics(interpolate(fresh, line(a, a, List.of(1.0), sample))))
          .containsExactly(curve.get(1).getMetrics());
      assertThat(metrics(interpolate(fresh, line(b, b, List.of(0.0), sample))))
          .containsExactly(curve.get(0).getMetrics());
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void evaluateInterpolation_distanceNotAskedFor_readsNothingForIt() {
    var ends = line(a, b, List.of(1.0), sample).toBuilder().setIncludeEuclideanDistance(false);
    var header = server.stub().evaluateInterpolation(ends.build()).next().getHeader();

    assertThat(header.hasEuclideanDistance()).isFalse();
    assertThat(interpolate(ends.build())).hasSize(1);
    assertThat(server.counters.vectorsRead()).isEqualTo(1);
  }

  @Test
  void evaluateInterpolation_modelWithItself_isFlatAndComputedOnce() {
    EvaluateInterpolationRequest request = line(a, a, FIVE_ALPHAS, sample);
    List<InterpolationPoint> curve = interpolate(request);

    assertThat(metrics(curve)).containsOnly(curve.get(0).getMetrics());
    assertThat(server.counters.pointsComputed()).isEqualTo(1);
    assertThat(
            server.stub().evaluateInterpolation(request).next().getHeader().getEuclideanDistance())
        .isZero();
  }

  @Test
  void evaluateInterpolation_sameContentUnderAnotherId_isTheSameModel() throws Exception {
    String twin = server.put("twin", 1);
    interpolate(line(a, b, FIVE_ALPHAS, sample));
    interpolate(line(twin, b, FIVE_ALPHAS, sample));

    assertThat(server.counters.pointsComputed()).isEqualTo(5);
  }

  @Test
  void evaluateInterpolation_severalSamples_answersEachInOrderAsIfAlone() throws Exception {
    EvaluationSample other = server.sample("other", 25, 8);
    EvaluationSample firstTen =
        sample.toBuilder().setName("first ten").setSize(10).setFirstRows(true).build();
    List<InterpolationPoint> together =
        interpolate(line(a, b, FIVE_ALPHAS, sample, other, firstTen));

    assertThat(together).hasSize(15);
    for (int i = 0; i < together.size(); i++) {
      assertThat(together.get(i).getSampleIndex()).isEqualTo(i % 3);
      assertThat(together.get(i).getAlpha()).isEqualTo(FIVE_ALPHAS.get(i / 3));
    }
    try (EvaluationServer fresh = freshServer()) {
      List<InterpolationPoint> alone = interpolate(fresh, line(a, b, FIVE_ALPHAS, other));
      for (int i = 0; i < alone.size(); i++) {
        assertThat(alone.get(i).getMetrics()).isEqualTo(together.get(3 * i + 1).getMetrics());
      }
    }
    assertThat(together.get(2).getMetrics().getExampleCount()).isEqualTo(10);
  }

  @Test
  void evaluateInterpolation_exampleLosses_averageToTheMeanLoss() {
    var request = line(a, b, FIVE_ALPHAS, sample).toBuilder().setIncludeExampleLosses(true).build();
    List<InterpolationPoint> points = interpolate(request);
    List<List<Double>> losses = exampleLosses(server, request);
    assertThat(losses).hasSameSizeAs(points);
    for (int i = 0; i < points.size(); i++) {
      assertThat(losses.get(i)).hasSize(40);
      double mean = losses.get(i).stream().mapToDouble(l -> l).average().orElseThrow();
      assertThat(mean).isCloseTo(points.get(i).getMetrics().getMeanLossNats(), within(1e-12));
    }
  }

  @Test
  void evaluateInterpolation_exampleLossesOfKnownPoints_areComputedThenKept() {
    var without = line(a, b, FIVE_ALPHAS, sample);
    var with = without.toBuilder().setIncludeExampleLosses(true).build();

    List<InterpolationPoint> first = interpolate(without);
    List<InterpolationPoint> second = interpolate(with);
    List<List<Double>> losses = exampleLosses(server, with);
    List<InterpolationPoint> third = interpolate(with);

    assertThat(server.counters.pointsComputed()).isEqualTo(10);
    assertThat(metrics(second)).isEqualTo(metrics(first));
    assertThat(third).allMatch(InterpolationPoint::getCached);
    assertThat(exampleLosses(server, with)).isEqualTo(losses);
    assertThat(exampleLosses(server, without)).allMatch(List::isEmpty);
  }

  @Test
  void evaluateInterpolation_labelMapping_isPartOfThePoint() {
    EvaluationSample binary =
        sample.toBuilder()
            .setName("binary")
            .setSplit(
                sample.getSplit().toBuilder()
                    .setFile(
                        sample.getSplit().getFile().toBuilder()
                            .clearLabelNames()
                            .addAllLabelNames(List.of("no", "yes", "maybe"))))
            .build();
    List<ClassificationMetrics> straight =
        metrics(interpolate(line(a, b, List.of(0.5), mapped(binary, 0, 1, 2))));
    List<ClassificationMetrics> rotated =
        metrics(interpolate(line(a, b, List.of(0.5), mapped(binary, 1, 2, 0))));

    assertThat(straight).isEqualTo(metrics(interpolate(line(a, b, List.of(0.5), sample))));
    assertThat(rotated).isNotEqualTo(straight);
    assertThat(server.counters.samplesDrawn()).isEqualTo(2);
  }

  private static EvaluationSample mapped(EvaluationSample sample, int... modelLabels) {
    var mapping = LabelMapping.newBuilder();
    for (int label = 0; label < modelLabels.length; label++) {
      mapping.addEntries(
          LabelMappingEntry.newBuilder()
              .setDataLabel(sample.getSplit().getFile().getLabelNames(label))
              .addModelLabels(EvaluationServer.LABELS.get(modelLabels[label])));
    }
    return sample.toBuilder().setLabelMapping(mapping).build();
  }

  @Test
  void evaluateInterpolation_twoModelLabelsForOneOfTheData_followsTheReduction() throws Exception {
    EvaluationSample binary =
        server.sample(
            "heuristic",
            "{\"input_ids\": [1, 2, 3], \"label\": 0}\n"
                + "{\"input_ids\": [4, 5], \"label\": 1}\n");
    binary =
        binary.toBuilder()
            .setSplit(
                binary.getSplit().toBuilder()
                    .setFile(
                        binary.getSplit().getFile().toBuilder()
                            .clearLabelNames()
                            .addAllLabelNames(List.of("entailment", "non-entailment"))))
            .build();
    var mapping =
        LabelMapping.newBuilder()
            .addEntries(
                LabelMappingEntry.newBuilder()
                    .setDataLabel("entailment")
                    .addModelLabels("entailment"))
            .addEntries(
                LabelMappingEntry.newBuilder()
                    .setDataLabel("non-entailment")
                    .addModelLabels("neutral")
                    .addModelLabels("contradiction"));
    EvaluationSample max =
        binary.toBuilder()
            .setLabelMapping(mapping.setReduction(LogitReduction.LOGIT_REDUCTION_MAX))
            .build();
    EvaluationSample sum =
        binary.toBuilder()
            .setName("summed")
            .setLabelMapping(mapping.setReduction(LogitReduction.LOGIT_REDUCTION_SUM))
            .build();
    List<ClassificationMetrics> both = metrics(interpolate(line(a, b, List.of(1.0), max, sum)));

    // The summed exponentials exceed the largest, so P(non-entailment) rises with "sum".
    assertThat(both.get(0).getMeanLossNats()).isNotEqualTo(both.get(1).getMeanLossNats());
    assertThat(server.counters.samplesDrawn()).isEqualTo(1);
  }

  @Test
  void evaluateInterpolation_rowsOfIds_needNoTokenizerAndCompareNone() throws Exception {
    Path vocabulary = root.resolve("vocab.txt");
    Files.writeString(vocabulary, "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n");
    Architecture architecture = EvaluationServer.architecture(16, EvaluationServer.LABELS);
    String reader = server.put("reader", architecture, .5, 1, vocabulary);
    Files.writeString(vocabulary, "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nb\n");
    String other = server.put("other-reader", architecture, .5, 2, vocabulary);
    String blind = server.put("blind", architecture, .5, 3);
    EvaluationSample ids = server.sample("ids", 10, 7);
    assertThat(interpolate(line(reader, other, List.of(0.0, 1.0), ids))).hasSize(2);
    assertThat(interpolate(line(reader, blind, List.of(0.0, 1.0), ids))).hasSize(2);
    assertThat(server.counters.samplesDrawn()).isEqualTo(1);
  }

  @Test
  void evaluateInterpolation_filesThatReadTextsAlike_areOneTokenizer() throws Exception {
    Path exported = Files.createDirectories(root.resolve("exported"));
    try (Tokenizer tokenizer = Tokenizers.miniature()) {
      tokenizer.copyTo(exported, 40);
    }
    Architecture architecture =
        EvaluationServer.architecture(16, List.of("entailment", "not_entailment"));
    Path config =
        Files.writeString(
            root.resolve("tokenizer_config.json"),
            "{\"do_lower_case\": true, \"name_or_path\": \"/scratch/run7\"}");
    String one = server.put("one", architecture, .5, 1, exported.resolve("vocab.txt"), config);
    String other = server.put("other", architecture, .5, 2, exported.resolve("tokenizer.json"));
    EvaluationSample validation =
        EvaluationSample.newBuilder()
            .setName("validation")
            .setSplit(DatasetSplit.newBuilder().setBuiltin("miniature/validation"))
            .setSize(16)
            .setSeed(1)
            .build();
    assertThat(interpolate(line(one, other, List.of(0.0, 1.0), validation))).hasSize(2);
    assertThat(interpolate(line(other, one, List.of(0.0, 1.0), validation))).hasSize(2);
    // One reading for both.
    assertThat(server.counters.samplesDrawn()).isEqualTo(1);
  }

  @Test
  void evaluateInterpolation_textsOfABuiltinSplit_areReadByTheModelsTokenizer() throws Exception {
    Path vocabulary = Files.createDirectories(root.resolve("tokenizer"));
    try (Tokenizer tokenizer = Tokenizers.miniature()) {
      tokenizer.copyTo(vocabulary, 40);
    }
    Path[] files;
    try (Stream<Path> all = Files.list(vocabulary)) {
      files = all.toArray(Path[]::new);
    }
    Architecture architecture =
        EvaluationServer.architecture(16, List.of("entailment", "not_entailment"));
    String reader = server.put("reader", architecture, .5, 1, files);
    String other = server.put("other-reader", architecture, .5, 2, files);
    EvaluationSample validation =
        EvaluationSample.newBuilder()
            .setName("validation")
            .setSplit(DatasetSplit.newBuilder().setBuiltin("miniature/validation"))
            .setSize(64)
            .setSeed(1)
            .build();
    EvaluationSample otherDraw = validation.toBuilder().setName("again").setSeed(2).build();

    List<InterpolationPoint> curve =
        interpolate(line(reader, other, List.of(0.0, 1.0), validation, otherDraw));

    assertThat(curve).hasSize(4);
    assertThat(curve.get(0).getMetrics().getExampleCount()).isEqualTo(64);
    assertThat(curve.get(0).getMetrics().getMeanLossNats()).isFinite();
    assertThat(curve.get(0).getMetrics()).isNotEqualTo(curve.get(1).getMetrics());
    assertThat(server.counters.samplesDrawn()).isEqualTo(2);
  }

  @Test
  void evaluateInterpolation_fileChanged_isDrawnAnew() throws Exception {
    List<ClassificationMetrics> before = metrics(interpolate(line(a, b, List.of(1.0), sample)));
    EvaluationSample rewritten = server.sample("in-domain", 30, 99);
    List<ClassificationMetrics> after = metrics(interpolate(line(a, b, List.of(1.0), rewritten)));

    assertThat(before.get(0).getExampleCount()).isEqualTo(40);
    assertThat(after.get(0).getExampleCount()).isEqualTo(30);
  }

  /** A model that reads the words w5 to w49. */
  private String reader() throws Exception {
    Path vocabulary = root.resolve("vocab.txt");
    Files.writeString(
        vocabulary,
        IntStream.range(0, EvaluationServer.VOCABULARY)
            .mapToObj(i -> i < 5 ? SPECIAL_TOKENS.get(i) : "w" + i)
            .collect(Collectors.joining("\n")));
    return server.put(
        "reader", EvaluationServer.architecture(16, EvaluationServer.LABELS), .5, 7, vocabulary);
  }

  /** Of HANS's sentences, two for each heuristic and label. */
  private EvaluationSample hans(String name, int repeats) throws Exception {
    StringBuilder rows = new StringBuilder("gold_label\tsentence1\tsentence2\theuristic\n");
    for (int i = 0; i < repeats; i++) {
      for (String heuristic : List.of("lexical_overlap", "subsequence")) {
        rows.append("entailment\tw5 w6\tw5\t").append(heuristic).append('\n');
        rows.append("non-entailment\tw7 w8 w9\tw9\t").append(heuristic).append('\n');
      }
    }
    Files.writeString(root.resolve("data/heuristics_evaluation_set.txt"), rows.toString());
    return EvaluationSample.newBuilder()
        .setName(name)
        .setSplit(DatasetSplit.newBuilder().setTask(TaskSplit.newBuilder().setName(name)))
        .build();
  }

  private static LabelMapping hansMapping(LogitReduction reduction) {
    return LabelMapping.newBuilder()
        .addEntries(
            LabelMappingEntry.newBuilder().setDataLabel("entailment").addModelLabels("entailment"))
        .addEntries(
            LabelMappingEntry.newBuilder()
                .setDataLabel("non-entailment")
                .addModelLabels("neutral")
                .addModelLabels("contradiction"))
        .setReduction(reduction)
        .build();
  }

  @Test
  void evaluateInterpolation_task_isReadByNameAndAnewWhenItsFileChanges() throws Exception {
    String reader = reader();
    EvaluationSample overlap =
        hans("hans/lexical-overlap/non-entailment", 3).toBuilder()
            .setLabelMapping(hansMapping(LogitReduction.LOGIT_REDUCTION_MAX))
            .build();
    assertThat(metrics(interpolate(line(reader, reader, List.of(1.0), overlap))))
        .extracting(ClassificationMetrics::getExampleCount)
        .containsExactly(3);
    interpolate(line(reader, reader, List.of(1.0), overlap));
    assertThat(server.counters.samplesDrawn()).isEqualTo(1);

    hans("hans", 5);
    assertThat(metrics(interpolate(line(reader, reader, List.of(1.0), overlap))))
        .extracting(ClassificationMetrics::getExampleCount)
        .containsExactly(5);
    assertThat(server.counters.samplesDrawn()).isEqualTo(2);
  }

  @Test
  void evaluateInterpolation_filterAndSubset_choosesRows() throws Exception {
    String reader = reader();
    EvaluationSample sample =
        hans("hans", 10).toBuilder()
            .setLabelMapping(hansMapping(LogitReduction.LOGIT_REDUCTION_SUM))
            .build();
    var split =
        sample.getSplit().toBuilder()
            .addFilters(ColumnFilter.newBuilder().setColumn("heuristic").addValues("subsequence"))
            .setSubset(RandomSubset.newBuilder().setSeed(1).setFromFraction(.5).setToFraction(.8));
    assertThat(
            metrics(
                interpolate(
                    line(
                        reader, reader, List.of(1.0), sample.toBuilder().setSplit(split).build()))))
        .extracting(ClassificationMetrics::getExampleCount)
        .containsExactly(6);
  }

  @Test
  void evaluateInterpolation_positiveLabel_isWhatF1IsOfAlsoFromMemory() throws Exception {
    String reader = reader();
    EvaluationSample sample =
        hans("hans", 3).toBuilder()
            .setLabelMapping(hansMapping(LogitReduction.LOGIT_REDUCTION_SUM_LOGITS))
            .build();
    var usual = metrics(interpolate(line(reader, reader, List.of(1.0), sample))).getFirst();
    var other =
        metrics(
                interpolate(
                    line(
                        reader,
                        reader,
                        List.of(1.0),
                        sample.toBuilder().setPositiveLabel("entailment").build())))
            .getFirst();
    assertThat(usual.getPositiveLabel()).isEqualTo("non-entailment");
    assertThat(other.getPositiveLabel()).isEqualTo("entailment");
    // Half of the rows are of each label: a model that says the same of all has F1 2/3 and 0,
    // so that the two agree only by chance.
    assertThat(other.getF1()).isNotEqualTo(usual.getF1());
    assertThat(other.getMeanLossNats()).isEqualTo(usual.getMeanLossNats());
  }

  @Test
  void evaluateInterpolation_hansWithoutMapping_asksForMaxOrSum() throws Exception {
    String reader = reader();
    EvaluationSample sample = hans("hans", 1);
    assertThatThrownBy(() -> interpolate(line(reader, reader, List.of(1.0), sample)))
        .hasMessageContaining("FAILED_PRECONDITION")
        .hasMessageContaining("by MAX, SUM or SUM_LOGITS");
  }

  @Test
  void evaluateInterpolation_modelThatOverflows_streamsNaNAsAMeasurement() throws Exception {
    String diverged =
        server.put("diverged", EvaluationServer.architecture(16, EvaluationServer.LABELS), 1e30, 5);
    List<InterpolationPoint> curve = interpolate(line(a, diverged, List.of(0.0, 0.5, 1.0), sample));

    assertThat(curve).hasSize(3);
    assertThat(curve.get(0).getMetrics().getMeanLossNats()).isNaN();
    assertThat(curve.get(1).getMetrics().getMeanLossNats()).isNaN();
    assertThat(curve.get(2).getMetrics().getMeanLossNats()).isFinite();
  }

  @Test
  void evaluateCombinations_noCombination_isTheHeaderAloneAndComputesNothing() {
    var request =
        EvaluateCombinationsRequest.newBuilder().addModels(a).addModels(b).addSamples(sample);
    var responses = server.stub().evaluateCombinations(request.build());
    var header = responses.next().getHeader();
    assertThat(responses.hasNext()).isFalse();
    var line =
        server.stub().evaluateInterpolation(line(a, b, List.of(.5), sample)).next().getHeader();

    assertThat(header.getModelsList()).containsExactly(line.getModelA(), line.getModelB());
    assertThat(header.getSamplesList()).isEqualTo(line.getSamplesList());
    assertThat(header.getProvenance()).isEqualTo(line.getProvenance());
  }

  @Test
  void evaluateCombinations_noCombination_readsNoWeights() {
    var request = EvaluateCombinationsRequest.newBuilder().addModels(a).addSamples(sample);
    server.stub().evaluateCombinations(request.build()).forEachRemaining(response -> {});

    assertThat(server.counters.vectorsRead()).isZero();
    assertThat(server.counters.pointsComputed()).isZero();
  }

  @Test
  void evaluateCombinations_twoModels_areThePointsOfTheLine() {
    List<InterpolationPoint> line = interpolate(line(a, b, FIVE_ALPHAS, sample));
    var request =
        EvaluateCombinationsRequest.newBuilder().addModels(b).addModels(a).addSamples(sample);
    for (double alpha : FIVE_ALPHAS) {
      request.addCombinations(
          Combination.newBuilder().addCoefficients(1 - alpha).addCoefficients(alpha));
    }
    List<CombinationPoint> points = combine(request.build());

    assertThat(points.stream().map(CombinationPoint::getMetrics).toList()).isEqualTo(metrics(line));
    assertThat(points).allMatch(CombinationPoint::getCached);
  }

  @Test
  void evaluateCombinations_meanOfThree_isTheSameByTwoSteps() throws Exception {
    ParameterLayout layout =
        ParameterLayout.of(EvaluationServer.architecture(16, EvaluationServer.LABELS));
    String ab;
    try (ClassifierProgram program = ClassifierProgram.compile(layout.architecture());
        ParameterVector first = ParameterVector.random(layout, .5, 1);
        ParameterVector second = ParameterVector.random(layout, .5, 2);
        ParameterVector mean = ParameterVector.allocate(layout)) {
      program.interpolate(first, second, .5, mean);
      ab = server.put("ab", mean);
    }
    double third = 1.0 / 3;
    CombinationPoint soup =
        combine(
                EvaluateCombinationsRequest.newBuilder()
                    .addAllModels(List.of(a, b, c))
                    .addCombinations(
                        Combination.newBuilder().addAllCoefficients(List.of(third, third, third)))
                    .addSamples(sample)
                    .build())
            .get(0);
    InterpolationPoint steps = interpolate(line(c, ab, List.of(third), sample)).get(0);

    double loss = steps.getMetrics().getMeanLossNats();
    assertThat(soup.getMetrics().getMeanLossNats()).isCloseTo(loss, within(1e-5 * loss));
    assertThat(soup.getMetrics().getMeanLossNats())
        .isNotCloseTo(
            interpolate(line(a, b, List.of(.5), sample)).get(0).getMetrics().getMeanLossNats(),
            within(1e-5 * loss));
  }

  @Test
  void evaluateCombinations_severalSamples_indexesCombinationThenSample() throws Exception {
    EvaluationSample other = server.sample("other", 10, 8);
    List<CombinationPoint> points =
        combine(
            EvaluateCombinationsRequest.newBuilder()
                .addAllModels(List.of(a, b, c))
                .addCombinations(
                    Combination.newBuilder().addAllCoefficients(List.of(2.0, -1.5, 0.5)))
                .addCombinations(
                    Combination.newBuilder().addAllCoefficients(List.of(0.0, 0.0, 1.0)))
                .addSamples(sample)
                .addSamples(other)
                .build());

    assertThat(points.stream().map(CombinationPoint::getCombinationIndex).toList())
        .containsExactly(0, 0, 1, 1);
    assertThat(points.stream().map(CombinationPoint::getSampleIndex).toList())
        .containsExactly(0, 1, 0, 1);
    assertThat(points.get(2).getMetrics())
        .isEqualTo(interpolate(line(c, a, List.of(1.0), sample)).get(0).getMetrics());
  }

  @Test
  void evaluateInterpolation_inBf16_isAPointOfItsOwnNearFp32s() {
    var request =
        line(a, b, FIVE_ALPHAS, sample).toBuilder()
            .setPrecision(Precision.PRECISION_BF16)
            .setAllowSlowPrecision(true)
            .build();
    List<InterpolationPoint> exact = interpolate(line(a, b, FIVE_ALPHAS, sample));
    List<InterpolationPoint> rounded = interpolate(request);

    for (int i = 0; i < exact.size(); i++) {
      double loss = exact.get(i).getMetrics().getMeanLossNats();
      assertThat(rounded.get(i).getMetrics().getMeanLossNats())
          .isCloseTo(loss, within(.01 * loss))
          .isNotEqualTo(loss);
    }
    assertThat(rounded).noneMatch(InterpolationPoint::getCached);
    assertThat(interpolate(request)).allMatch(InterpolationPoint::getCached);
    assertThat(
            server
                .stub()
                .evaluateInterpolation(request)
                .next()
                .getHeader()
                .getProvenance()
                .getPrecision())
        .isEqualTo(Precision.PRECISION_BF16);
  }

  @Test
  void evaluateInterpolation_severalWorkers_giveTheSameBitsAndComputeNothingTwice()
      throws Exception {
    List<List<InterpolationPoint>> right = new ArrayList<>();
    List<EvaluateInterpolationRequest> requests = new ArrayList<>();
    for (List<String> pair : List.of(List.of(a, b), List.of(b, c), List.of(c, a))) {
      requests.add(line(pair.get(0), pair.get(1), FIVE_ALPHAS, sample));
      right.add(interpolate(requests.getLast()));
    }
    try (EvaluationServer four = new EvaluationServer(root, EvaluationServer.withWorkers(4))) {
      List<CompletableFuture<List<InterpolationPoint>>> calls = new ArrayList<>();
      for (int call = 0; call < 12; call++) {
        EvaluateInterpolationRequest request = requests.get(call % 3);
        calls.add(
            CompletableFuture.supplyAsync(
                () -> interpolate(four, request), task -> Thread.ofVirtual().start(task)));
      }
      for (int call = 0; call < calls.size(); call++) {
        assertThat(metrics(calls.get(call).get())).isEqualTo(metrics(right.get(call % 3)));
      }
      assertThat(four.counters.pointsComputed()).isEqualTo(3 + 3 * 3);
      assertThat(four.counters.pointsFromCache()).isEqualTo(12 * 5 - 12);
      assertThat(four.counters.vectorsRead()).isEqualTo(3);
    }
  }

  @Test
  void getStatistics_afterPoints_addUp() {
    EvaluatorStatistics before = server.statistics();
    assertThat(before.getBusySeconds()).isZero();
    assertThat(before.getHeldBytes()).isZero();
    assertThat(before.getProvenance().getEngine()).startsWith("PyTorch");

    InterpolationHeader header =
        server.stub().evaluateInterpolation(line(a, b, FIVE_ALPHAS, sample)).next().getHeader();
    interpolate(line(a, b, FIVE_ALPHAS, sample));
    EvaluatorStatistics after = server.statistics();

    assertThat(after.getComputedPointCount()).isBetween(5L, 6L);
    assertThat(after.getVectorReadCount()).isEqualTo(2);
    assertThat(after.getSampleDrawnCount()).isEqualTo(1);
    long tokens = header.getSamples(0).getTokenCount();
    assertThat(after.getUsefulTokenCount()).isGreaterThanOrEqualTo(5 * tokens);
    assertThat(after.getUsefulTokenCount() % tokens).isZero();
    assertThat(after.getPaddedTokenCount()).isGreaterThan(after.getUsefulTokenCount());
    // Two layers, hidden 16, intermediate 32; the last layer for the first token alone.
    double perToken = 2 * (4 * 16 * 16 + 2 * 16 * 32) + 2 * 2 * 16 * 16;
    assertThat(after.getFloatingPointOperations())
        .isBetween(
            perToken * after.getUsefulTokenCount(), 2 * perToken * after.getPaddedTokenCount());
    assertThat(after.getForwardSeconds()).isPositive();
    assertThat(after.getInterpolatingSeconds()).isPositive();
    assertThat(
            after.getLoadingSeconds() + after.getInterpolatingSeconds() + after.getForwardSeconds())
        .isLessThanOrEqualTo(after.getBusySeconds());
    assertThat(after.getHeldBytes())
        .isGreaterThan(
            3
                * EvaluationServer.vectorBytes(
                    EvaluationServer.architecture(16, EvaluationServer.LABELS)))
        .isLessThanOrEqualTo(after.getPeakHeldBytes());
    assertThat(after.getMemoryLimitBytes()).isEqualTo(64 << 20);
  }

  private EvaluationServer freshServer() throws Exception {
    return new EvaluationServer(root, EvaluationServer.configuration());
  }

  static EvaluateInterpolationRequest line(
      String modelA, String modelB, List<Double> alphas, EvaluationSample... samples) {
    return EvaluateInterpolationRequest.newBuilder()
        .setModelA(modelA)
        .setModelB(modelB)
        .addAllAlphas(alphas)
        .addAllSamples(List.of(samples))
        .setIncludeEuclideanDistance(true)
        .build();
  }

  private List<InterpolationPoint> interpolate(EvaluateInterpolationRequest request) {
    return interpolate(server, request);
  }

  static List<InterpolationPoint> interpolate(
      EvaluationServer server, EvaluateInterpolationRequest request) {
    List<InterpolationPoint> points = new ArrayList<>();
    server
        .stub()
        .evaluateInterpolation(request)
        .forEachRemaining(
            answer -> {
              if (answer.hasPoint()) {
                points.add(answer.getPoint());
              }
            });
    return points;
  }

  /** The losses that follow each point. */
  static List<List<Double>> exampleLosses(
      EvaluationServer server, EvaluateInterpolationRequest request) {
    List<List<Double>> losses = new ArrayList<>();
    server
        .stub()
        .evaluateInterpolation(request)
        .forEachRemaining(
            answer -> {
              if (answer.hasPoint()) {
                losses.add(new ArrayList<>());
              } else if (answer.hasExampleLosses()) {
                assertThat(answer.getExampleLosses().getFirstExample())
                    .isEqualTo(losses.getLast().size());
                losses.getLast().addAll(answer.getExampleLosses().getLossesNatsList());
              }
            });
    return losses;
  }

  private List<CombinationPoint> combine(EvaluateCombinationsRequest request) {
    List<CombinationPoint> points = new ArrayList<>();
    server
        .stub()
        .evaluateCombinations(request)
        .forEachRemaining(
            answer -> {
              if (answer.hasPoint()) {
                points.add(answer.getPoint());
              }
            });
    return points;
  }

  static List<ClassificationMetrics> metrics(List<InterpolationPoint> points) {
    return points.stream().map(InterpolationPoint::getMetrics).toList();
  }
}
