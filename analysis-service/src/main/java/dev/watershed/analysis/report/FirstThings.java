package dev.watershed.analysis.report;

import dev.watershed.analysis.v1.ModelReport;
import dev.watershed.analysis.v1.PairReport;
import dev.watershed.analysis.v1.StudyReport;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * What a reader must know before any figure: whether the models learned anything, whether they
 * differ in more than their seed, and how sure the rest is.
 */
final class FirstThings {
  /** Of a model that guesses, Matthews correlation times the root of n is beyond this in 5 %. */
  private static final double GUESSING = 1.96;

  private static final int MOST_NAMED = 5;

  private final StudyReport report;
  private final ReportNames names;

  /**
   * An answer.
   *
   * @param doubtful should make a reader doubt the rest
   */
  record Answer(String question, String text, boolean doubtful) {}

  private FirstThings(StudyReport report) {
    this.report = report;
    this.names = new ReportNames(report);
  }

  static List<Answer> of(StudyReport report) {
    var first = new FirstThings(report);
    return report.getModelsCount() == 0
        ? List.of()
        : List.of(first.learned(), first.differ(), first.sure());
  }

  private Answer learned() {
    var question = "Did the models learn anything?";
    int count = report.getModelsCount();
    var constant = new ArrayList<String>();
    var guessing = new ArrayList<String>();
    for (int i = 0; i < count; i++) {
      var inDomain = report.getModels(i).getInDomain();
      double correlation = inDomain.getMatthewsCorrelation();
      if (correlation == 0) {
        constant.add(names.model(i));
      } else if (!(correlation * Math.sqrt(inDomain.getExampleCount()) > GUESSING)) {
        guessing.add(names.model(i));
      }
    }
    var scores =
        String.format(
            Locale.ROOT,
            "in-domain accuracy %s, Matthews correlation %s (0 is guessing, 1 is right always)",
            Shown.range(values(m -> m.getInDomain().getAccuracy())),
            Shown.range(values(m -> m.getInDomain().getMatthewsCorrelation())));
    if (constant.isEmpty() && guessing.isEmpty()) {
      return new Answer(
          question, "Yes, " + Shown.plural(count, "model") + ": " + scores + ".", false);
    }
    var said = new ArrayList<String>();
    if (!constant.isEmpty()) {
      said.add(
          (constant.size() == count ? "none of them" : "not " + listed(constant))
              + ", whose Matthews correlation is 0, as of a model that says one class of everything:"
              + " its accuracy is that class's share");
    }
    if (!guessing.isEmpty()) {
      said.add(
          (guessing.size() == count ? "none of them is" : listed(guessing) + " cannot be")
              + " told from guessing by its Matthews correlation on these examples");
    }
    boolean none = constant.size() + guessing.size() == count;
    return new Answer(
        question,
        (none ? "No: " : "Not all: ")
            + String.join("; ", said)
            + " ("
            + scores
            + "). Basins of models that learned nothing say nothing of what fine-tuning finds.",
        true);
  }

  private Answer differ() {
    var question = "Do they differ in more than their seed?";
    var origins = OriginDifferences.of(report);
    return origins.known() > 0
        ? new Answer(
            question,
            byOrigins(origins),
            !origins.differences().isEmpty() || origins.known() < origins.count())
        : byLabels(question);
  }

  private String byOrigins(OriginDifferences origins) {
    int unknown = origins.count() - origins.known();
    var said =
        origins.differences().isEmpty()
            ? "No: their training runs differ in the seed alone"
                + (unknown > 0 ? ", as far as they are known." : ".")
            : "Yes, in "
                + origins.text()
                + ". "
                + origins
                    .basins(report)
                    .orElse("Distances between models that differ in it are no matter of seeds.");
    return unknown == 0
        ? said
        : said
            + " How "
            + Shown.plural(unknown, "model")
            + (unknown == 1 ? " was" : " were")
            + " trained is not known: what is registered or uploaded does not say.";
  }

  private Answer byLabels(String question) {
    int count = report.getModelsCount();
    var labels = new ArrayList<String>();
    for (int i = 0; i < count; i++) {
      labels.add(names.model(i));
    }
    var kinds = LabelKinds.of(labels);
    if (kinds.models().size() == 1) {
      return new Answer(question, "No, as far as their labels say.", false);
    }
    if (kinds.sayNothing()) {
      return new Answer(
          question,
          "The labels do not say: no two of them are alike but for a seed. Give labels such as"
              + " \"seed 3\" to models of one recipe.",
          false);
    }
    var listed =
        kinds.models().entrySet().stream()
            .limit(MOST_NAMED)
            .map(
                kind ->
                    "\u201c"
                        + kind.getKey()
                        + "\u201d ("
                        + Shown.plural(kind.getValue().size(), "model")
                        + ")")
            .collect(Collectors.joining(", "));
    int more = kinds.models().size() - MOST_NAMED;
    var clusters = report.getModelsList().stream().map(ModelReport::getCluster).toList();
    return new Answer(
        question,
        "Yes, by their labels they are of "
            + Shown.plural(kinds.models().size(), "kind")
            + ": "
            + listed
            + (more > 0 ? " and " + more + " more" : "")
            + ". "
            + (names.split() && kinds.areTheClusters(clusters)
                ? "The basins are these kinds, so that they say what the kinds do, not what a seed"
                    + " does."
                : "Distances between kinds are no matter of seeds."),
        true);
  }

  private Answer sure() {
    var question = "How sure is the rest?";
    var said = new ArrayList<String>();
    int examples = report.getInDomainExampleCount();
    var known = report.getPairsList().stream().filter(PairReport::hasUncertainty).toList();
    if (known.isEmpty()) {
      said.add(
          "There are no intervals"
              + (examples > 0
                  ? "; curves are means over " + Shown.plural(examples, "example")
                  : ""));
    } else {
      long told =
          known.stream().filter(pair -> !pair.getUncertainty().getLowerEndSetToZero()).count();
      said.add(
          String.format(
              Locale.ROOT,
              "The convexity gap of %s of %s is told from 0 (%s over %s, %s)",
              Shown.whole(told),
              Shown.plural(known.size(), "pair"),
              names.level(),
              Shown.plural(examples, "example"),
              Shown.plural(report.getSpec().getResampling().getResampleCount(), "resample")));
    }
    boolean tooWide = report.hasGrown() && !report.getGrown().getReached();
    if (report.hasGrown()) {
      said.add(report.getGrown().getSentence().replaceFirst("\\.$", ""));
    }
    var verdict = report.getVerdict();
    var called = names.split() ? "a split" : names.undecided() ? "undecided" : "no split";
    if (verdict.getSeparationNeeded() > 0) {
      said.add(
          Double.isFinite(verdict.getSeparation())
              ? String.format(
                  Locale.ROOT,
                  "The verdict is %s: separation %.3f, where %s need %.3f to be called a split",
                  called,
                  verdict.getSeparation(),
                  Shown.plural(report.getModelsCount(), "model"),
                  verdict.getSeparationNeeded())
              : "The verdict is " + called + ": no partition has two clusters to compare");
    }
    said.add(
        "Intervals over examples speak of these models; what other seeds do, only models can say");
    return new Answer(question, String.join(". ", said) + ".", tooWide);
  }

  private double[] values(java.util.function.ToDoubleFunction<ModelReport> value) {
    return report.getModelsList().stream().mapToDouble(value).toArray();
  }

  private static String listed(List<String> labels) {
    int more = labels.size() - MOST_NAMED;
    return labels.stream().limit(MOST_NAMED).collect(Collectors.joining(", "))
        + (more > 0 ? " and " + more + " more" : "");
  }
}
