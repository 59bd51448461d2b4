package dev.watershed.cli;

import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Says the fields of the services' messages as people type them: {@code spec.recipe.based_on} is
 * {@code --recipe}, {@code samples[0].split.file.text_column} is {@code text=} of {@code --sample}.
 * What no option stands for is left as it is.
 */
final class FieldWords {
  /** A path, or a word with an underscore: what nobody writes in a sentence. */
  private static final Pattern FIELD =
      Pattern.compile("\\b[a-z][a-z0-9]*(?:[_.][a-z][a-z0-9]*|\\[\\d{1,9}])+(?![\\w(/-])");

  private static final Pattern INDEX = Pattern.compile("\\[(\\d{1,9})]");
  private static final Pattern DATA =
      Pattern.compile(
          "(classification\\.train|masked_language_model\\.train|classification\\.validation"
              + "|masked_language_model\\.validation|samples\\[\\d+]|in_domain"
              + "|diagnostics\\[\\d+](?:\\.sample)?|split(?=\\.))(?:\\.split)?(?:\\.(.*))?");

  /** What is trained and how; other fields of a recipe are options of their own name. */
  private static final Map<String, String> TRAINING =
      Map.ofEntries(
          Map.entry("initial", "--initial"),
          Map.entry("initial_checkpoint", "--initial"),
          Map.entry("objective", "--objective"),
          Map.entry("display_name", "--name"),
          Map.entry("request_id", "--request-id"),
          Map.entry("seeds.head_seed", "--head-seed"),
          Map.entry("seeds.data_seed", "--data-seed"),
          Map.entry("seeds", "--seeds"),
          Map.entry("new_head", "--new-head"),
          Map.entry("classification.labels", "--labels"),
          Map.entry("masked_language_model.mask_probability", "--mask"),
          Map.entry("masked_language_model.pair_mask_probability", "--pair-mask"),
          Map.entry("checkpoints.every_steps", "--checkpoint-every"),
          Map.entry("checkpoints.at_steps", "--checkpoint-at"),
          Map.entry("checkpoints.resume_every_steps", "--resume-every"),
          Map.entry("recipe.based_on", "--recipe"),
          Map.entry("recipe.head_initialization", "--head-init"),
          Map.entry("recipe.length", "--steps or --epochs"),
          Map.entry("recipe.warmup", "--warmup-steps or --warmup-fraction"),
          Map.entry("recipe.learning_rate", "--lr"),
          Map.entry("recipe.end_learning_rate", "--end-lr"),
          Map.entry("recipe.polynomial_power", "--power"),
          Map.entry("recipe.accumulation_steps", "--accumulate"),
          Map.entry("recipe.adamw.bias_correction", "--bias-correction"),
          Map.entry("recipe.adamw.decay_all_parameters", "--decay-all"),
          Map.entry("recipe.linear_probe.learning_rate", "--probe-lr"),
          Map.entry("recipe.linear_probe.steps", "--probe-steps"),
          Map.entry("recipe.linear_probe.epochs", "--probe-epochs"),
          Map.entry("random.family", "--random"),
          Map.entry("random.tokenizer", "--tokenizer"),
          Map.entry("random.builtin_tokenizer", "--tokenizer"),
          Map.entry("random.tokenizer_uri", "--tokenizer"),
          Map.entry("random.layer_count", "--layers"),
          Map.entry("random.hidden_size", "--hidden-size"),
          Map.entry("random.attention_head_count", "--heads"),
          Map.entry("random.intermediate_size", "--intermediate-size"),
          Map.entry("random.max_positions", "--positions"),
          Map.entry("random.standard_deviation", "--init-std"),
          Map.entry("random.seed", "--init-seed"));

  /** What is evaluated, studied or registered. */
  private static final Map<String, String> MEASURING =
      Map.ofEntries(
          Map.entry("model_a", "the first CHECKPOINT"),
          Map.entry("model_b", "the second CHECKPOINT"),
          Map.entry("alphas", "--alphas"),
          Map.entry("samples", "--sample"),
          Map.entry("combinations", "--combination"),
          Map.entry("combinations.coefficients", "--combination"),
          Map.entry("include_example_losses", "--example-losses"),
          Map.entry("precision", "--bf16"),
          Map.entry("allow_slow_precision", "--allow-slow-precision"),
          Map.entry("diagnostics", "--diagnostic"),
          Map.entry("protocol", "--protocol"),
          Map.entry("interval_count", "--intervals"),
          Map.entry("adaptive.tolerance_nats", "--tolerance"),
          Map.entry("adaptive.initial_interval_count", "--initial-intervals"),
          Map.entry("adaptive.finest_interval_count", "--finest-intervals"),
          Map.entry("adaptive.curvature_margin", "--curvature-margin"),
          Map.entry("distance", "--distance"),
          Map.entry("cluster_count", "--clusters"),
          Map.entry("kernel_width", "--kernel-width"),
          Map.entry("pilot", "--pilot"),
          Map.entry("half_width_nats", "--half-width"),
          Map.entry("in_domain_growth.half_width_nats", "--half-width"),
          Map.entry("in_domain_growth.first_example_count", "--min-examples"),
          Map.entry("in_domain_growth.most_example_count", "--max-examples"),
          Map.entry("score.disagreement", "--disagreement"),
          Map.entry("checkpoint_id", "ID"),
          Map.entry("uri", "the path"));

  /** Parts of a data argument. */
  private static final Map<String, String> PARTS =
      Map.ofEntries(
          Map.entry("file.format", "format="),
          Map.entry("file.text_column", "text="),
          Map.entry("file.text_pair_column", "pair="),
          Map.entry("file.label_column", "label="),
          Map.entry("file.label_names", "label_names="),
          Map.entry("file.has_header", "header="),
          Map.entry("only_labels", "only="),
          Map.entry("filters", "filter="),
          Map.entry("filters.column", "filter="),
          Map.entry("filters.values", "filter="),
          Map.entry("subset", "subset="),
          Map.entry("subset.from_fraction", "subset="),
          Map.entry("subset.to_fraction", "subset="),
          Map.entry("subset.seed", "subset-seed="),
          Map.entry("name", "name="),
          Map.entry("size", "size="),
          Map.entry("skip", "skip="),
          Map.entry("seed", "seed="),
          Map.entry("selection", "seed= or first="),
          Map.entry("first_rows", "first="),
          Map.entry("max_tokens", "max_tokens="),
          Map.entry("positive_label", "positive="),
          Map.entry("label_mapping.reduction", "reduction="),
          Map.entry("score", "score="),
          Map.entry("group", "group="));

  /** Fields as advice names them, without where they stand. */
  private static final Map<String, String> ALONE =
      Map.ofEntries(
          Map.entry("text_column", "text="),
          Map.entry("text_pair_column", "pair="),
          Map.entry("label_column", "label="),
          Map.entry("label_names", "label_names="),
          Map.entry("only_labels", "only="),
          Map.entry("label_mapping", "map="),
          Map.entry("first_rows", "first="),
          Map.entry("batch_size", "--batch-size"),
          Map.entry("accumulation_steps", "--accumulate"),
          Map.entry("learning_rate", "--lr"),
          Map.entry("warmup_steps", "--warmup-steps"),
          Map.entry("warmup_fraction", "--warmup-fraction"),
          Map.entry("attention_head_count", "--heads"),
          Map.entry("tokenizer_uri", "--tokenizer"),
          Map.entry("based_on", "--recipe"));

  private FieldWords() {}

  /** The text with every field that an option stands for said as that option. */
  static String inText(String text) {
    // Training has no map=: there, labels are the model's to choose.
    String mapping = text.contains("classification.") ? "--labels" : "map=";
    return FIELD
        .matcher(text)
        .replaceAll(
            match ->
                Matcher.quoteReplacement(
                    match.group().equals("label_mapping") ? mapping : inSentence(match, text)));
  }

  /** A word in quotes is somebody's own; only paths and the fields that advice names are said. */
  private static String inSentence(MatchResult match, String text) {
    boolean quoted = match.start() > 0 && "'\"".indexOf(text.charAt(match.start() - 1)) >= 0;
    // What is typed already stays as it is.
    boolean said = match.end() < text.length() && text.charAt(match.end()) == '=';
    return quoted || said ? match.group() : of(match.group());
  }

  /** What people type for a field; the field itself where there is nothing. */
  static String of(String field) {
    String path = field.startsWith("spec.") ? field.substring("spec.".length()) : field;
    Matcher data = DATA.matcher(path);
    if (data.matches()) {
      return ofData(data.group(1), data.group(2));
    }
    String plain = INDEX.matcher(path).replaceAll("");
    String said = TRAINING.getOrDefault(plain, MEASURING.get(plain));
    if (said != null) {
      return said;
    }
    if (path.matches("models\\[\\d+](\\.checkpoint|\\.label)?")) {
      return ofModel(path, plain);
    }
    if (field.startsWith("spec.recipe.")) {
      return "--" + plain.substring(plain.lastIndexOf('.') + 1).replace('_', '-');
    }
    return ALONE.getOrDefault(plain, field);
  }

  private static String ofModel(String path, String plain) {
    String model = "CHECKPOINT" + ordinal(path, 1);
    return plain.endsWith(".label") ? "the label of " + model : model;
  }

  private static String ofData(String root, @Nullable String rest) {
    String option = optionOfData(root) + ordinal(root, 2);
    if (rest == null) {
      return option;
    }
    String part = INDEX.matcher(rest).replaceAll("");
    if (part.startsWith("label_mapping") && !part.endsWith("reduction")) {
      return "map= of " + option;
    }
    String said = PARTS.get(part);
    if (said != null) {
      return said + " of " + option;
    }
    return part.equals("file.uri") || part.equals("task.uri") ? "the path of " + option : option;
  }

  private static String optionOfData(String root) {
    if (root.endsWith(".train")) {
      return "--train";
    }
    if (root.endsWith(".validation")) {
      return "--validation";
    }
    if (root.equals("split")) {
      return "DATA";
    }
    return root.startsWith("samples")
        ? "--sample"
        : root.startsWith("diagnostics") ? "--diagnostic" : "--in-domain";
  }

  /** Which of several, counted from one; the first needs no number where it is mostly the only. */
  private static String ordinal(String path, int from) {
    Matcher index = INDEX.matcher(path);
    if (!index.find()) {
      return "";
    }
    long number = Long.parseLong(index.group(1)) + 1;
    return number < from ? "" : " no. " + number;
  }
}
