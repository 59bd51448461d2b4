package dev.watershed.analysis.report;

import static dev.watershed.analysis.report.SelfContainedPage.escaped;

import com.google.common.collect.Streams;
import dev.watershed.analysis.report.HtmlTable.Markup;
import dev.watershed.analysis.statistics.Summary;
import dev.watershed.analysis.v1.BasinVerdict;
import dev.watershed.analysis.v1.ClusterComparison;
import dev.watershed.analysis.v1.CurveUncertainty;
import dev.watershed.analysis.v1.DiagnosticReport;
import dev.watershed.analysis.v1.DistanceMetric;
import dev.watershed.analysis.v1.DistanceVariant;
import dev.watershed.analysis.v1.FactorLevel;
import dev.watershed.analysis.v1.FactorReport;
import dev.watershed.analysis.v1.GroupReport;
import dev.watershed.analysis.v1.Interval;
import dev.watershed.analysis.v1.LevelMean;
import dev.watershed.analysis.v1.LinearFit;
import dev.watershed.analysis.v1.ModelReport;
import dev.watershed.analysis.v1.PairReport;
import dev.watershed.analysis.v1.ScoreSummary;
import dev.watershed.analysis.v1.StudyReport;
import dev.watershed.type.v1.Precision;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.DoubleFunction;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** What a report's page says without a script: everything but the figures. */
final class ReportMarkup {
  /** The page lists so many pairs; pairs.csv has all. */
  private static final int MOST_PAIRS = 500;

  /** The table of distances tells fits on so many diagnostics. */
  private static final int MOST_FITS = 6;

  /** Colours of basins that the style sheet has. */
  private static final int COLOURS = 8;

  private final StudyReport report;
  private final ReportNames names;

  private ReportMarkup(StudyReport report) {
    this.report = report;
    this.names = new ReportNames(report);
  }

  /** Returns HTML by the place in the template. */
  static Map<String, String> of(StudyReport report) {
    var markup = new ReportMarkup(report);
    return Map.ofEntries(
        Map.entry("first", markup.first()),
        Map.entry("tiles", markup.tiles()),
        Map.entry("verdict", markup.verdict()),
        Map.entry("basins", markup.basins()),
        Map.entry("pairs", markup.pairs()),
        Map.entry("variants", markup.variants()),
        Map.entry("diagnostics", markup.diagnostics()),
        Map.entry("comparisons", markup.comparisonTable()),
        Map.entry("groups", markup.groups()),
        Map.entry("factors", markup.factors()),
        Map.entry("factorsHidden", report.getFactorsCount() == 0 ? " hidden" : ""),
        Map.entry("models", markup.models()),
        Map.entry("protocol", markup.protocol()),
        Map.entry("provenance", markup.provenance()),
        Map.entry("digests", markup.digests()),
        Map.entry("footer", markup.footer()));
  }

  private String first() {
    return FirstThings.of(report).stream()
        .map(
            answer ->
                "<div%s><dt>%s</dt><dd>%s</dd></div>"
                    .formatted(
                        answer.doubtful() ? " class=\"doubt\"" : "",
                        escaped(answer.question()),
                        escaped(answer.text())))
        .collect(Collectors.joining());
  }

  private String tiles() {
    var verdict = report.getVerdict();
    var tiles = new Tiles();
    tiles.add(
        "Models",
        Shown.whole(report.getModelsCount()),
        Shown.plural(report.getPairsCount(), "pair"));
    tiles.add(
        names.split() ? "Basins" : "Split",
        names.split()
            ? Integer.toString(names.clusterCount())
            : names.undecided() ? "undecided" : "none seen",
        names.split()
            ? IntStream.range(0, names.clusterCount())
                    .mapToObj(c -> Long.toString(size(c)))
                    .collect(Collectors.joining(" + "))
                + " models"
            : "");
    tiles.add(
        "Separation",
        Shown.number(verdict.getSeparation()),
        Shown.number(verdict.getSeparationNeeded()) + " needed");
    if (names.split()) {
      tiles.add(
          "Median " + names.distance() + " within",
          Shown.number(median(names::within)),
          names.unit());
      tiles.add(
          "Median " + names.distance() + " across",
          Shown.number(median(pair -> !names.within(pair))),
          names.unit());
    } else {
      tiles.add("Median " + names.distance(), Shown.number(median(pair -> true)), names.unit());
    }
    tiles.add(
        "In-domain accuracy",
        Shown.number(
            Summary.median(
                report.getModelsList().stream()
                    .mapToDouble(model -> model.getInDomain().getAccuracy())
                    .toArray())),
        "median");
    if (report.getCost().getEqualGridPoints() > 0) {
      tiles.add(
          "Evaluations",
          Shown.whole(evaluations()),
          "of " + Shown.whole(report.getCost().getEqualGridPoints()) + " on an equal grid");
    }
    return tiles.html();
  }

  private long size(int cluster) {
    return report.getModelsList().stream().filter(model -> model.getCluster() == cluster).count();
  }

  private double median(Predicate<PairReport> which) {
    return Summary.median(
        report.getPairsList().stream()
            .filter(which)
            .mapToDouble(PairReport::getDistance)
            .filter(distance -> !Double.isNaN(distance))
            .toArray());
  }

  private long evaluations() {
    return report.getCost().getComputedPoints() + report.getCost().getReusedPoints();
  }

  private String verdict() {
    var verdict = report.getVerdict();
    var text =
        new StringBuilder(
            verdict.getSentence().isEmpty()
                ? "This report was made before verdicts were told; study the models again."
                : verdict.getSentence());
    if (verdict.hasStability()) {
      text.append(" Partitions of resampled examples agree with it by an adjusted Rand index of ")
          .append(Shown.number(verdict.getStability()))
          .append(" on average.");
    }
    if (verdict.hasShuffledSeparation()) {
      text.append(" Distances dealt to other pairs by chance have a separation up to ")
          .append(Shown.number(verdict.getShuffledSeparation()))
          .append(" (95 %).");
    }
    if (report.hasEpsilonConvexNats()) {
      text.append(" All pairs are epsilon-convex at ")
          .append(Shown.number(report.getEpsilonConvexNats()))
          .append(" nats.");
    }
    var heading = names.split() ? "Basins" : names.undecided() ? "Undecided" : "No split";
    return "<h3 id=\"basins-heading\">%s</h3><p id=\"verdict\">%s</p>"
        .formatted(heading, escaped(text.toString()));
  }

  private String basins() {
    var table =
        new HtmlTable("basins", "Sizes, and the median distance of their pairs")
            .number(names.split() ? "Basin" : "")
            .number("Models")
            .number(names.split() ? "Median within" : "Median");
    for (int c = 0; c < names.clusterCount(); c++) {
      int cluster = c;
      table.row(
          List.of(
              basin(c),
              Shown.whole(size(c)),
              median(pair -> names.within(pair) && names.cluster(pair.getModelA()) == cluster)));
    }
    return table.html();
  }

  /** A basin's name beside its colour. */
  private Markup basin(int cluster) {
    return new Markup(
        "<span class=\"basin\"%s>%s</span>"
            .formatted(
                cluster < 0 ? "" : " data-basin=\"" + cluster % COLOURS + "\"",
                escaped(names.basin(cluster))),
        cluster < 0 ? Integer.MAX_VALUE : cluster);
  }

  private String pairs() {
    int count = report.getPairsCount();
    if (count == 0) {
      return "";
    }
    var listed =
        report.getPairsList().stream()
            .sorted(Comparator.comparingDouble(ReportMarkup::nearness))
            .limit(MOST_PAIRS)
            .toList();
    boolean ownDistance = !names.distance().equals("convexity gap");
    var table =
        new HtmlTable(
                "pair-table",
                "The farthest first. A name shows the pair above, a heading sorts, intervals by their"
                    + " upper end. \u2264 is a gap that is not distinguishable from 0.")
            .sortable()
            .number("Pair");
    if (names.split()) {
      table.text("Basins");
    }
    if (ownDistance) {
      table.number(names.distanceTitle());
    }
    table
        .number("CG (nats)")
        .number("CG interval")
        .number("BH (nats)")
        .number("BH interval")
        .number("Euclidean distance");
    var gaps = ends(listed, CurveUncertainty::getConvexityGap);
    var barriers = ends(listed, CurveUncertainty::getBarrierHeight);
    for (var pair : listed) {
      var row = new ArrayList<Object>();
      row.add(
          new Markup(
              "<a href=\"#pair-%s-%s\">%s</a>"
                  .formatted(pair.getModelA(), pair.getModelB(), escaped(names.pair(pair)))));
      if (names.split()) {
        row.add(names.within(pair) ? "within" : names.ofOutlier(pair) ? "outlier" : "across");
      }
      if (ownDistance) {
        row.add(pair.getDistance());
      }
      var metrics = pair.getMetrics();
      row.add(pair.hasMetrics() ? metrics.getConvexityGapNats() : Double.NaN);
      row.add(gap(pair, gaps));
      row.add(pair.hasMetrics() ? metrics.getBarrierHeightNats() : Double.NaN);
      row.add(interval(pair, CurveUncertainty::getBarrierHeight, barriers));
      row.add(pair.getEuclideanDistance());
      table.row(row);
    }
    var summary =
        count > listed.size()
            ? "The %s farthest of %s pairs with %s intervals; pairs.csv has all"
                .formatted(Shown.whole(listed.size()), Shown.whole(count), names.level())
            : "All %s with %s intervals".formatted(Shown.plural(count, "pair"), names.level());
    return "<details id=\"pair-details\"><summary>%s</summary><div class=\"scroll\">%s</div></details>"
        .formatted(escaped(summary), table.html());
  }

  /** Ascending from the farthest; a pair without a distance comes last. */
  private static double nearness(PairReport pair) {
    return Double.isNaN(pair.getDistance()) ? Double.POSITIVE_INFINITY : -pair.getDistance();
  }

  private static DoubleFunction<String> ends(
      List<PairReport> pairs,
      Function<CurveUncertainty, dev.watershed.analysis.v1.MetricUncertainty> metric) {
    return Shown.format(
        Shown.greatest(
            pairs.stream()
                .filter(PairReport::hasUncertainty)
                .map(pair -> metric.apply(pair.getUncertainty()).getInterval())
                .flatMapToDouble(ends -> DoubleStream.of(ends.getLow(), ends.getHigh()))),
        3,
        3);
  }

  private static Object gap(PairReport pair, DoubleFunction<String> format) {
    var known = pair.getUncertainty();
    if (!known.getLowerEndSetToZero()) {
      return interval(pair, CurveUncertainty::getConvexityGap, format);
    }
    double high = known.getConvexityGap().getInterval().getHigh();
    return new Markup(
        "\u2264 " + format.apply(high) + " (p = " + escaped(Shown.p(known.getZeroTestP())) + ")",
        high);
  }

  private static Object interval(
      PairReport pair,
      Function<CurveUncertainty, dev.watershed.analysis.v1.MetricUncertainty> metric,
      DoubleFunction<String> format) {
    if (!pair.hasUncertainty()) {
      return "\u2013";
    }
    var ends = metric.apply(pair.getUncertainty()).getInterval();
    return new Markup(
        "[" + format.apply(ends.getLow()) + ", " + format.apply(ends.getHigh()) + "]",
        ends.getHigh());
  }

  private String diagnostics() {
    int count = report.getSpec().getDiagnosticsCount();
    var table =
        new HtmlTable(
                "diagnostic-table",
                "Mean and standard deviation of each score, and its fit on the centroid-distance"
                    + " difference over models; p is Holm's, for how many diagnostics there are. A dash:"
                    + " the score does not vary")
            .number("Diagnostic")
            .text("Score");
    for (int c = 0; c < names.clusterCount(); c++) {
      table.number(names.basin(c));
    }
    table.number("r [95 %]").number("p (Holm)").number("\u03c1").number("Models");
    for (int d = 0; d < count; d++) {
      var found =
          d < report.getDiagnosticsCount()
              ? report.getDiagnostics(d)
              : DiagnosticReport.getDefaultInstance();
      var row = new ArrayList<Object>();
      row.add(names.diagnostic(d));
      row.add(names.score(d));
      for (int c = 0; c < names.clusterCount(); c++) {
        row.add(
            c < found.getClusterMeansCount()
                ? Shown.number(found.getClusterMeans(c))
                    + " \u00b1 "
                    + Shown.number(found.getClusterStandardDeviations(c))
                : "\u2013");
      }
      var fit = found.getFit();
      row.add(found.hasFit() ? estimate(fit.getPearsonR(), fit.getPearsonInterval()) : "\u2013");
      row.add(found.hasFit() ? Shown.p(found.getPearsonPHolm()) : "\u2013");
      row.add(found.hasFit() ? fit.getSpearmanRho() : Double.NaN);
      row.add(found.hasFit() ? Shown.whole(fit.getPointCount()) : "\u2013");
      table.row(row);
    }
    return table.html();
  }

  /** A number with its interval, where there is one. */
  private static Markup estimate(double value, Interval interval) {
    boolean known = Double.isFinite(interval.getLow()) && interval.getLow() != interval.getHigh();
    return new Markup(
        Shown.number(value)
            + (known
                ? " ["
                    + Shown.number(interval.getLow())
                    + ", "
                    + Shown.number(interval.getHigh())
                    + "]"
                : ""),
        value);
  }

  /** The same study by every distance: nothing is measured again. */
  private String variants() {
    if (report.getVariantsCount() == 0) {
      return "";
    }
    int diagnostics = Math.min(MOST_FITS, report.getSpec().getDiagnosticsCount());
    var table =
        new HtmlTable(
                "variant-table",
                "The same models by every distance, and by the curves of diagnostics along the lines."
                    + " Stability is the mean adjusted Rand index with partitions of resampled examples."
                    + " Agreement is the adjusted Rand index with the partition that the study's own"
                    + " verdict looked at; r with the study's is over pairs; the other r are of each distance's"
                    + " centroid-distance feature with a score, and of the distance itself with a group's.")
            .number("Distance")
            .text("Verdict")
            .number("Separation")
            .number("Silhouette")
            .number("Stability")
            .number("Agreement")
            .number("r with the study's")
            .number("p (Mantel)");
    for (int d = 0; d < diagnostics; d++) {
      table.number("r with " + names.diagnostic(d));
    }
    report.getGroupsList().forEach(group -> table.number("r with " + group.getName()));
    table.row(
        variant(
            names.distance() + ", the study's",
            report.getVerdict(),
            1,
            GroupReport.getDefaultInstance(),
            report.getDiagnosticsList().stream().map(DiagnosticReport::getFit).toList(),
            report.getGroupsList(),
            diagnostics));
    for (var one : report.getVariantsList()) {
      table.row(
          variant(
              names.distance(one),
              one.getVerdict(),
              one.hasAgreement() ? one.getAgreement() : Double.NaN,
              one.getAgainstChosen(),
              one.getDiagnosticsList(),
              one.getGroupsList(),
              diagnostics));
    }
    return "<h3>By other distances</h3><div class=\"scroll\">"
        + table.html()
        + "</div>"
        + withoutStability();
  }

  private String withoutStability() {
    var why = new LinkedHashMap<String, List<String>>();
    for (var one : report.getVariantsList()) {
      if (!one.getStabilityLeftOut().isEmpty()) {
        why.computeIfAbsent(one.getStabilityLeftOut(), reason -> new ArrayList<>())
            .add(names.distance(one));
      }
    }
    return why.isEmpty()
        ? ""
        : why.entrySet().stream()
            .map(entry -> String.join(", ", entry.getValue()) + ": " + entry.getKey())
            .map(SelfContainedPage::escaped)
            .collect(Collectors.joining(" ", "<p class=\"note\">No stability of ", "</p>"));
  }

  private List<Object> variant(
      String name,
      BasinVerdict verdict,
      double agreement,
      GroupReport againstChosen,
      List<LinearFit> fits,
      List<GroupReport> groups,
      int diagnostics) {
    var row = new ArrayList<Object>();
    row.add(name);
    row.add(
        switch (verdict.getState()) {
          case BASIN_STATE_SPLIT -> "split into " + verdict.getClusterCount();
          case BASIN_STATE_UNDECIDED -> "undecided";
          default -> "no split";
        });
    row.add(verdict.getSeparation());
    row.add(verdict.getSilhouette());
    row.add(verdict.hasStability() ? verdict.getStability() : Double.NaN);
    row.add(agreement);
    row.add(againstChosen.hasFit() ? againstChosen.getFit().getPearsonR() : "\u2013");
    row.add(againstChosen.hasMantel() ? Shown.p(againstChosen.getMantel().getP()) : "\u2013");
    for (int d = 0; d < diagnostics; d++) {
      row.add(d < fits.size() ? fits.get(d).getPearsonR() : Double.NaN);
    }
    for (int g = 0; g < report.getGroupsCount(); g++) {
      row.add(g < groups.size() ? groups.get(g).getFit().getPearsonR() : Double.NaN);
    }
    return row;
  }

  /** The papers' Table 1, with what else is known of the two largest basins. */
  private String comparisonTable() {
    var found = new ArrayList<ClusterComparison>();
    if (report.hasInDomainComparison()) {
      found.add(report.getInDomainComparison());
    }
    report.getDiagnosticsList().stream()
        .filter(DiagnosticReport::hasComparison)
        .forEach(diagnostic -> found.add(diagnostic.getComparison()));
    if (found.isEmpty()) {
      return "";
    }
    var table =
        new HtmlTable(
                "comparison-table",
                "The two largest basins compared (the papers' table 1, extended). Unit: models, given"
                    + " these basins; p by Welch, corrected for how many scores are compared (Holm)."
                    + " The in-domain score and the basins come of the same examples.")
            .number("Score")
            .number(names.basin(0))
            .number(names.basin(1))
            .number("Difference [95 %]")
            .number("p (Holm)")
            .number("(\u03bc\u2081 \u2212 \u03bc\u2082) / \u03c3\u2081")
            .number("(\u03bc\u2081 \u2212 best of 2) / \u03c3\u2081")
            .number("Hedges\u2019 g [95 %]")
            .number("AUC [95 %]");
    for (var one : found) {
      table.row(
          List.of(
              one.getName(),
              summary(one.getFirst()),
              summary(one.getSecond()),
              estimate(one.getDifference(), one.getDifferenceInterval()),
              Shown.p(one.getWelchPHolm()),
              one.getDifferenceOverFirstDeviation(),
              one.getDistanceToBestOfSecondOverFirstDeviation(),
              estimate(one.getHedgesG(), one.getHedgesGInterval()),
              estimate(one.getAuc(), one.getAucInterval())));
    }
    return "<div class=\"scroll\">" + table.html() + "</div>";
  }

  private static String summary(ScoreSummary summary) {
    return Shown.number(summary.getMean())
        + " \u00b1 "
        + Shown.number(summary.getPopulationStandardDeviation());
  }

  private List<GroupReport> comparisons() {
    var surfaces =
        report.getVariantsList().stream()
            .filter(DistanceVariant::hasAlongDiagnostic)
            .filter(one -> one.getDistance() == DistanceMetric.DISTANCE_METRIC_CONVEXITY_GAP)
            .map(one -> one.getAgainstChosen().toBuilder().setName(names.distance(one)).build());
    return Streams.concat(
            report.getGroupsList().stream(),
            report.hasEuclidean()
                ? List.of(report.getEuclidean()).stream()
                : List.<GroupReport>of().stream(),
            surfaces)
        .toList();
  }

  private String groups() {
    var table =
        new HtmlTable(
                "group-table",
                "Distances of score vectors, of weights, and on curves of diagnostics, against the "
                    + names.distance()
                    + ". Pairs share models and are not independent: the interval of r and Mantel's p are"
                    + " over models.")
            .number("Group")
            .number("Spearman \u03c1")
            .number("Pearson r [95 %]")
            .number("Mantel p")
            .number("r\u00b2")
            .number("Slope")
            .number("Pairs")
            .number("Models");
    for (var group : comparisons()) {
      var fit = group.getFit();
      table.row(
          List.of(
              group.getName(),
              fit.getSpearmanRho(),
              estimate(fit.getPearsonR(), fit.getPearsonInterval()),
              group.hasMantel() ? Shown.p(group.getMantel().getP()) : "\u2013",
              fit.getRSquared(),
              fit.getSlope(),
              Shown.whole(fit.getPointCount()),
              Shown.whole(
                  group.getMantel().getModelCount() > 0
                      ? group.getMantel().getModelCount()
                      : report.getModelsCount())));
    }
    return table.html();
  }

  private String factors() {
    return report.getFactorsList().stream()
        .map(factor -> "<div class=\"scroll\">" + factor(factor) + "</div>")
        .collect(Collectors.joining());
  }

  private String factor(FactorReport factor) {
    var words = OriginDifferences.words(factor.getFact());
    var table =
        new HtmlTable(
                "factor-" + report.getFactorsList().indexOf(factor),
                "By "
                    + words
                    + ": means over models of equal value, with 95 % over these models (of distances"
                    + " each model left out in turn)")
            .number(words)
            .number("Models")
            .number("Mean " + names.distance() + " of their pairs")
            .number("In-domain accuracy");
    int diagnostics = Math.min(MOST_FITS, report.getSpec().getDiagnosticsCount());
    for (int d = 0; d < diagnostics; d++) {
      table.number(names.diagnostic(d));
    }
    var columns = new ArrayList<Function<FactorLevel, LevelMean>>();
    columns.add(FactorLevel::getDistance);
    columns.add(FactorLevel::getInDomainAccuracy);
    IntStream.range(0, diagnostics).forEach(d -> columns.add(level -> level.getDiagnostics(d)));
    var cells = columns.stream().map(column -> means(factor.getLevelsList(), column)).toList();
    for (int i = 0; i < factor.getLevelsCount(); i++) {
      var level = factor.getLevels(i);
      var row = new ArrayList<Object>();
      row.add(level(level.getValue()));
      row.add(Shown.whole(level.getModelsCount()));
      for (var column : cells) {
        row.add(column.get(i));
      }
      if (!level.hasDistance()) {
        row.set(2, "\u2013");
      }
      table.row(row);
    }
    return table.html();
  }

  /** Means with their intervals, all numbers of the column alike. */
  private static List<Markup> means(
      List<FactorLevel> levels, Function<FactorLevel, LevelMean> column) {
    var means = levels.stream().map(column).toList();
    var format =
        Shown.format(
            Shown.greatest(
                means.stream()
                    .flatMapToDouble(
                        mean ->
                            DoubleStream.of(
                                mean.getMean(),
                                mean.getInterval().getLow(),
                                mean.getInterval().getHigh()))),
            3,
            3);
    return means.stream()
        .map(
            mean ->
                new Markup(
                    format.apply(mean.getMean())
                        + (mean.hasInterval()
                            ? " ["
                                + format.apply(mean.getInterval().getLow())
                                + ", "
                                + format.apply(mean.getInterval().getHigh())
                                + "]"
                            : ""),
                    mean.getMean()))
        .toList();
  }

  private static Markup level(double value) {
    return new Markup(
        value == Math.rint(value)
            ? Shown.whole((long) value)
            : Shown.number(value).replaceFirst("\\.?0+(e|$)", "$1"),
        value);
  }

  private String models() {
    boolean hasFeature =
        report.getModelsList().stream().anyMatch(ModelReport::hasCentroidDistanceDifference);
    var table =
        new HtmlTable(
                "model-table",
                "In-domain scores, diagnostics and the centroid-distance difference; a heading sorts")
            .sortable()
            .number("Model");
    if (names.split()) {
      table.text("Basin");
    }
    table
        .number("In-domain accuracy")
        .number(
            "In-domain F1"
                + (report.getModelsCount() == 0
                    ? ""
                    : ReportNames.positive(report.getModels(0).getInDomain())))
        .number("Matthews correlation")
        .number("In-domain loss (nats)");
    for (int d = 0; d < report.getSpec().getDiagnosticsCount(); d++) {
      table.number(names.diagnostic(d));
    }
    if (hasFeature) {
      table.number("Centroid-distance difference");
    }
    for (int i = 0; i < report.getModelsCount(); i++) {
      var model = report.getModels(i);
      var row = new ArrayList<Object>();
      row.add(names.model(i));
      if (names.split()) {
        row.add(basin(model.getCluster()));
      }
      row.add(model.getInDomain().getAccuracy());
      row.add(model.getInDomain().getF1());
      row.add(model.getInDomain().getMatthewsCorrelation());
      row.add(model.getInDomain().getMeanLossNats());
      for (int d = 0; d < report.getSpec().getDiagnosticsCount(); d++) {
        row.add(d < model.getDiagnosticScoresCount() ? model.getDiagnosticScores(d) : Double.NaN);
      }
      if (hasFeature) {
        row.add(
            model.hasCentroidDistanceDifference()
                ? model.getCentroidDistanceDifference()
                : Double.NaN);
      }
      table.row(row);
    }
    return table.html();
  }

  private String digests() {
    var table =
        new HtmlTable("digest-table", "Content digests")
            .number("Model")
            .text("Checkpoint")
            .text("SHA-256");
    for (int i = 0; i < report.getModelsCount(); i++) {
      var model = report.getModels(i);
      table.row(
          List.of(names.model(i), model.getCheckpoint(), code(model.getDigest().getSha256())));
    }
    return table.html();
  }

  private static Markup code(String text) {
    return new Markup("<code>" + escaped(text) + "</code>");
  }

  private String protocol() {
    var spec = report.getSpec();
    var texts = report.getSampleTextsList();
    var facts = new LinkedHashMap<String, Object>();
    facts.put("Study", report.getStudy());
    facts.put("In-domain sample", texts.isEmpty() ? "" : texts.get(0));
    if (!report.getInDomainDigest().getSha256().isEmpty()) {
      facts.put("Its digest", code(report.getInDomainDigest().getSha256()));
    }
    facts.put("Points of a curve", points());
    facts.put("Intervals", intervals());
    facts.put(
        "Convexity gaps known to", spec.hasAdaptive() ? Shown.number(tolerance()) + " nats" : "");
    facts.put("Evaluations", report.hasCost() ? evaluationsText() : "");
    facts.put(
        "On an equal grid of this accuracy",
        report.getCost().getEqualGridPoints() > 0
            ? Shown.plural(report.getCost().getEqualGridPoints(), "evaluation")
            : "");
    facts.put("Distance", names.distanceTitle());
    facts.put(
        "Clusters asked for",
        Integer.toString(spec.hasClusterCount() ? spec.getClusterCount() : 2));
    facts.put(
        "Kernel width",
        spec.getMedianKernelWidth()
            ? Shown.number(report.getClustering().getKernelWidth()) + ", the median distance"
            : plain(spec.hasKernelWidth() ? spec.getKernelWidth() : 1));
    facts.put(
        "Diagnostics",
        spec.getDiagnosticsCount() == 0
            ? "none"
            : new Markup(
                texts.stream()
                    .skip(1)
                    .map(text -> "<div>" + escaped(text) + "</div>")
                    .collect(Collectors.joining())));
    return described(facts);
  }

  private static String plain(double value) {
    return value == Math.rint(value) && Math.abs(value) < 1e6
        ? Long.toString((long) value)
        : Double.toString(value);
  }

  private String points() {
    var counts =
        report.getPairsList().stream()
            .filter(PairReport::hasCurve)
            .mapToInt(pair -> pair.getCurve().getAlphasCount())
            .summaryStatistics();
    if (counts.getCount() == 0) {
      return "";
    }
    var spec = report.getSpec();
    return spec.hasAdaptive()
        ? counts.getMin() + " to " + counts.getMax() + ", chosen for each pair"
        : counts.getMin()
            + (spec.hasProtocol()
                ? " (protocol " + constant(spec.getProtocol().name(), "ALPHA_PROTOCOL_") + ")"
                : "");
  }

  private String intervals() {
    var resampling = report.getSpec().getResampling();
    boolean known =
        report.hasEpsilonConvexNats()
            || report.getPairsList().stream().anyMatch(PairReport::hasUncertainty);
    return known
        ? "%s over examples, given the models: %s of %s, seed %s"
            .formatted(
                names.level(),
                Shown.plural(resampling.getResampleCount(), "resample"),
                Shown.plural(report.getInDomainExampleCount(), "example"),
                resampling.getSeed())
        : "none";
  }

  private double tolerance() {
    return report.getPairsList().stream()
        .mapToDouble(PairReport::getConvexityGapToleranceNats)
        .reduce(report.getSpec().getAdaptive().getToleranceNats(), Math::max);
  }

  private String evaluationsText() {
    long reused = report.getCost().getReusedPoints();
    return Shown.whole(evaluations())
        + (reused > 0 ? ", " + Shown.whole(reused) + " of them known from other studies" : "");
  }

  private String provenance() {
    var provenance = report.getProvenance();
    var facts = new LinkedHashMap<String, Object>();
    facts.put("Watershed", provenance.getWatershedVersion());
    facts.put("Engine", provenance.getEngine());
    facts.put("Device", provenance.getDevice());
    facts.put(
        "Threads", provenance.getThreads() > 0 ? Integer.toString(provenance.getThreads()) : "");
    facts.put(
        "Precision",
        provenance.getPrecision() == Precision.PRECISION_UNSPECIFIED
            ? "fp32"
            : constant(provenance.getPrecision().name(), "PRECISION_"));
    facts.put("Kernels", provenance.getKernels());
    facts.put(
        "Processor",
        Stream.of(provenance.getProcessor(), provenance.getInstructionSet())
            .filter(text -> !text.isEmpty())
            .collect(Collectors.joining(", ")));
    facts.put(
        "Computing time",
        report.getElapsedSeconds() > 0 ? Shown.number(report.getElapsedSeconds(), 1) + " s" : "");
    return described(facts);
  }

  private static String constant(String name, String prefix) {
    return name.replaceFirst("^" + prefix, "").replace('_', ' ').toLowerCase(Locale.ROOT);
  }

  private static String described(Map<String, Object> facts) {
    return facts.entrySet().stream()
        .filter(fact -> !fact.getValue().equals(""))
        .map(
            fact ->
                "<dt>%s</dt><dd>%s</dd>"
                    .formatted(
                        escaped(fact.getKey()),
                        fact.getValue() instanceof Markup markup
                            ? markup.html()
                            : escaped(fact.getValue().toString())))
        .collect(Collectors.joining());
  }

  private String footer() {
    return escaped(
        "Made by Watershed "
            + report.getProvenance().getWatershedVersion()
            + ". Figures drawn with Apache ECharts.");
  }
}
