package dev.watershed.cli;

import dev.watershed.eval.v1.Combination;
import dev.watershed.eval.v1.EvaluateCombinationsRequest;
import dev.watershed.eval.v1.EvaluateCombinationsResponse;
import dev.watershed.eval.v1.EvaluateInterpolationRequest;
import dev.watershed.eval.v1.EvaluateInterpolationResponse;
import dev.watershed.eval.v1.EvaluationServiceGrpc;
import dev.watershed.eval.v1.SampleDescription;
import dev.watershed.input.Chance;
import dev.watershed.input.Quoted;
import dev.watershed.input.ResourceName;
import dev.watershed.type.v1.ClassificationMetrics;
import dev.watershed.type.v1.EvaluationSample;
import dev.watershed.type.v1.Precision;
import io.grpc.Context;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Streams the losses of combined weights. */
@Command(
    name = "evaluate",
    description = {
      "Evaluate points on the line between two models (alpha = 1 is the first), or affine"
          + " combinations of any number of models. Ctrl-C cancels and frees the device."
    },
    footer = {
      "",
      "Examples:",
      "  watershed evaluate MODEL_A MODEL_B --sample builtin:miniature/validation,size=512,seed=1",
      "  watershed evaluate MODEL_A MODEL_B --alphas 0,0.25,1 --json \\",
      "      --sample file:dev.tsv,text=3,label=1,label_names=unacceptable|acceptable",
      "  watershed evaluate MODEL_A MODEL_B --sample builtin:miniature/validation --csv \\",
      "      | watershed metrics",
      "  watershed evaluate M1 M2 M3 --average --sample builtin:miniature/validation",
      "  watershed evaluate M1 M2 M3 --combination 0.5,0.25,0.25 --sample"
          + " file:dev.csv,text=a,label=b"
    })
final class EvaluateCommand implements Callable<Integer> {
  /** The points of a line are so many that no person means more by a count. */
  private static final int MAXIMUM_ALPHAS = 10_001;

  /** As the evaluator has it. */
  private static final double SUM_TOLERANCE = 1e-6;

  /** So far from 1 a sum may be by rounding of its terms, such as of three times .33. */
  private static final double ROUNDED = .05;

  @Mixin private ServerOptions server;
  @Mixin private OutputOptions output;

  @Parameters(paramLabel = "CHECKPOINT", arity = "1..*", description = "The models.")
  private List<String> models = new ArrayList<>();

  @Option(
      names = "--sample",
      paramLabel = "DATA",
      required = true,
      description = "Repeatable: " + DataArgument.SAMPLE_SYNTAX)
  private List<String> samples = new ArrayList<>();

  @Option(
      names = "--alphas",
      paramLabel = "N|LIST",
      description =
          "A count of equally spaced points, from 2 on, or a list like 0,0.5,1. Default: 11.")
  private String alphas = "11";

  @Option(
      names = "--combination",
      paramLabel = "C,C,..",
      description = "Coefficients, one per model, that sum to 1. Repeatable.")
  private List<String> combinations = new ArrayList<>();

  @Option(
      names = "--average",
      description = "Each model alone, then the average of all (a \"soup\").")
  private boolean average;

  @Option(names = "--example-losses", description = "Send every example's loss too (with --json).")
  private boolean exampleLosses;

  @Option(names = "--bf16", description = "Compute in bfloat16. Default: fp32.")
  private boolean bf16;

  @Option(
      names = "--allow-slow-precision",
      description = "Compute in bfloat16 even where the server's machine does so slowly.")
  private boolean allowSlowPrecision;

  @Mixin private TableOptions table = new TableOptions();

  private final CommandContext context;

  EvaluateCommand(CommandContext context) {
    this.context = context;
    this.server = new ServerOptions(context);
    this.output = new OutputOptions(context);
  }

  @Override
  public Integer call() {
    table.requireAlone(output);
    boolean combining = average || !combinations.isEmpty();
    if (!combining && models.size() != 2) {
      throw CommandException.badInput(
          "a line has two ends, not "
              + models.size()
              + "; give two models, or --combination or --average");
    }
    Context.CancellableContext call = Context.current().withCancellation();
    try (Interrupt interrupt =
        new Interrupt(
            context.terminal(), "Cancelled; the device is free again.", () -> call.cancel(null))) {
      call.run(combining ? this::combine : this::interpolate);
    } finally {
      call.cancel(null);
    }
    return ExitCode.OK;
  }

  private void interpolate() {
    EvaluateInterpolationRequest request =
        EvaluateInterpolationRequest.newBuilder()
            .setModelA(NameArguments.checkpoint(models.get(0)))
            .setModelB(NameArguments.checkpoint(models.get(1)))
            .addAllAlphas(alphas(alphas))
            .addAllSamples(parsedSamples())
            .setIncludeExampleLosses(exampleLosses)
            .setIncludeEuclideanDistance(true)
            .setPrecision(precision())
            .setAllowSlowPrecision(allowSlowPrecision)
            .build();
    Iterator<EvaluateInterpolationResponse> responses =
        EvaluationServiceGrpc.newBlockingStub(server.channel()).evaluateInterpolation(request);
    List<SampleDescription> described = new ArrayList<>();
    while (responses.hasNext()) {
      EvaluateInterpolationResponse response = responses.next();
      if (response.hasHeader()) {
        described.addAll(response.getHeader().getSamplesList());
      } else if (response.hasPoint()
          && (response.getPoint().getAlpha() == 0 || response.getPoint().getAlpha() == 1)) {
        var end = response.getPoint();
        doubt(
            models.get(end.getAlpha() == 1 ? 0 : 1),
            described.get(end.getSampleIndex()),
            end.getMetrics());
      }
      if (output.json) {
        output.streamed(response);
      } else if (response.hasHeader()) {
        remark(
            described,
            String.format(
                Locale.ROOT, "distance %.4f", response.getHeader().getEuclideanDistance()));
        header("alpha");
      } else if (response.hasPoint()) {
        var point = response.getPoint();
        point(
            String.format(Locale.ROOT, table.wanted() ? "%s" : "%.4f", point.getAlpha()),
            described.get(point.getSampleIndex()).getName(),
            point.getMetrics());
      }
    }
  }

  private void combine() {
    EvaluateCombinationsRequest.Builder request =
        EvaluateCombinationsRequest.newBuilder()
            .addAllSamples(parsedSamples())
            .setIncludeExampleLosses(exampleLosses)
            .setPrecision(precision())
            .setAllowSlowPrecision(allowSlowPrecision);
    models.forEach(model -> request.addModels(NameArguments.checkpoint(model)));
    List<String> titles = new ArrayList<>();
    for (String combination : combinations) {
      List<Double> coefficients = numbers(combination, "--combination");
      if (coefficients.size() != models.size()) {
        throw CommandException.badInput(
            "--combination "
                + combination
                + " has "
                + coefficients.size()
                + " coefficients for "
                + models.size()
                + " models");
      }
      double sum = coefficients.stream().mapToDouble(Double::doubleValue).sum();
      if (Math.abs(sum - 1) > SUM_TOLERANCE && Math.abs(sum - 1) < ROUNDED) {
        throw CommandException.badInput(
            "--combination "
                + combination
                + " sums to "
                + sum
                + ", not to 1 within "
                + SUM_TOLERANCE
                + "; --average is the equal combination without rounding, other coefficients want"
                + " more digits");
      }
      add(request, titles, combination.replace(',', ' '), coefficients);
    }
    if (average) {
      for (int i = 0; i < models.size(); i++) {
        List<Double> alone = new ArrayList<>(Collections.nCopies(models.size(), 0.0));
        alone.set(i, 1.0);
        add(request, titles, ResourceName.id(models.get(i)), alone);
      }
      List<Double> equal = Collections.nCopies(models.size(), 1.0 / models.size());
      add(request, titles, "average", equal);
    }
    Iterator<EvaluateCombinationsResponse> responses =
        EvaluationServiceGrpc.newBlockingStub(server.channel())
            .evaluateCombinations(request.build());
    List<SampleDescription> described = new ArrayList<>();
    while (responses.hasNext()) {
      EvaluateCombinationsResponse response = responses.next();
      if (response.hasHeader()) {
        described.addAll(response.getHeader().getSamplesList());
      } else if (response.hasPoint()) {
        var point = response.getPoint();
        List<Double> coefficients =
            request.getCombinations(point.getCombinationIndex()).getCoefficientsList();
        if (coefficients.stream().filter(share -> share != 0).count() == 1) {
          doubt(
              models.get(coefficients.indexOf(1.0)),
              described.get(point.getSampleIndex()),
              point.getMetrics());
        }
      }
      if (output.json) {
        output.streamed(response);
      } else if (response.hasHeader()) {
        remark(described, models.size() + " models");
        header("combination");
      } else if (response.hasPoint()) {
        var point = response.getPoint();
        point(
            titles.get(point.getCombinationIndex()),
            described.get(point.getSampleIndex()).getName(),
            point.getMetrics());
      }
    }
  }

  private static void add(
      EvaluateCombinationsRequest.Builder request,
      List<String> titles,
      String title,
      List<Double> coefficients) {
    titles.add(title);
    request.addCombinations(Combination.newBuilder().addAllCoefficients(coefficients));
  }

  private List<EvaluationSample> parsedSamples() {
    List<DataArgument> parsed =
        samples.stream()
            .map(text -> DataArgument.parse(text, context.workingDirectory(), server.tasks()))
            .toList();
    SampleNames names = new SampleNames(parsed);
    return parsed.stream().map(data -> names.named(data, data.sample())).toList();
  }

  private Precision precision() {
    return bf16 ? Precision.PRECISION_BF16 : Precision.PRECISION_FP32;
  }

  private void remark(List<SampleDescription> described, String what) {
    StringBuilder text = new StringBuilder(what);
    for (SampleDescription sample : described) {
      text.append("; ")
          .append(sample.getName())
          .append(": ")
          .append(sample.getExampleCount())
          .append(" examples, ")
          .append(sample.getTruncatedExampleCount())
          .append(" truncated");
      if (!sample.getPositiveLabel().isEmpty()) {
        text.append(", F1 of '").append(Quoted.of(sample.getPositiveLabel())).append("'");
      }
    }
    output.remark(text.toString());
    for (SampleDescription sample : described) {
      for (String notice : sample.getNoticesList()) {
        output.remark("notice: " + sample.getName() + ": " + notice);
      }
    }
  }

  /** Remarks on a model alone whose accuracy no guessing explains. */
  private void doubt(String model, SampleDescription sample, ClassificationMetrics metrics) {
    Chance chance = new Chance(sample.getLabelsCount(), metrics.getExampleCount());
    if (chance.looksPermuted(metrics.getAccuracy())) {
      output.remark(
          String.format(
              Locale.ROOT,
              "warning: %s has accuracy %.3f on %s, far below the %.3f of guessing among %d"
                  + " labels. Unless the sample is made to mislead, its labels look permuted: check"
                  + " id2label in the checkpoint's config.json and the sample's map=.",
              ResourceName.id(model),
              metrics.getAccuracy(),
              sample.getName(),
              chance.accuracy(),
              chance.labelCount()));
    }
  }

  private void header(String first) {
    output.line(
        table.wanted()
            ? table.row(
                List.of(
                    first,
                    "sample",
                    "mean_loss_nats",
                    "accuracy",
                    "f1",
                    "matthews_correlation",
                    "expected_calibration_error",
                    "example_count",
                    "positive_label"))
            : String.format(
                Locale.ROOT,
                "%-14s %-24s %10s %9s %7s %7s %7s",
                first,
                "sample",
                "loss",
                "accuracy",
                "F1",
                "MCC",
                "ECE"));
  }

  private void point(String first, String sample, ClassificationMetrics metrics) {
    output.line(
        table.wanted()
            ? table.row(
                List.of(
                    first,
                    sample,
                    Double.toString(metrics.getMeanLossNats()),
                    Double.toString(metrics.getAccuracy()),
                    Double.toString(metrics.getF1()),
                    Double.toString(metrics.getMatthewsCorrelation()),
                    Double.toString(metrics.getExpectedCalibrationError()),
                    Integer.toString(metrics.getExampleCount()),
                    metrics.getPositiveLabel()))
            : String.format(
                Locale.ROOT,
                "%-14s %-24s %10.6f %9.4f %7.4f %7.4f %7.4f",
                first,
                sample,
                metrics.getMeanLossNats(),
                metrics.getAccuracy(),
                metrics.getF1(),
                metrics.getMatthewsCorrelation(),
                metrics.getExpectedCalibrationError()));
    output.terminal().out().flush();
  }

  /** A count of points from 0 to 1, or the points themselves. */
  static List<Double> alphas(String text) {
    if (!text.matches("\\d+") || text.matches("[01]")) {
      List<Double> alphas = numbers(text, "--alphas");
      if (text.matches("[01],\\d+") && alphas.get(1) > 1) {
        throw CommandException.badInput(
            "--alphas "
                + text
                + " are two points, "
                + text.replace(",", " and ")
                + "; a decimal has a point: "
                + text.replace(',', '.'));
      }
      return alphas;
    }
    long count = text.length() > 9 ? Long.MAX_VALUE : Long.parseLong(text);
    if (count < 2 || count > MAXIMUM_ALPHAS) {
      throw CommandException.badInput(
          "--alphas " + text + " is not a count between 2 and " + MAXIMUM_ALPHAS);
    }
    List<Double> alphas = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      alphas.add(i / (double) (count - 1));
    }
    return alphas;
  }

  static List<Double> numbers(String text, String what) {
    List<Double> numbers = new ArrayList<>();
    for (String part : text.split(",", -1)) {
      try {
        numbers.add(Double.parseDouble(part.strip()));
      } catch (NumberFormatException e) {
        throw CommandException.badInput(what + ": '" + part + "' is not a number");
      }
    }
    return numbers;
  }
}
