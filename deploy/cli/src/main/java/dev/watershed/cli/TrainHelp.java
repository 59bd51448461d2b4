package dev.watershed.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import picocli.CommandLine;
import picocli.CommandLine.Help;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.UsageMessageSpec;

/** The options of {@code train} in the order in which one needs them, under headings. */
final class TrainHelp {
  private static final Map<String, List<String>> SECTIONS = new LinkedHashMap<>();

  static {
    SECTIONS.put(
        "Needed: a model to begin with, data, seeds, and how to train",
        List.of("--initial", "--train", "--seeds", "--recipe", "--lr", "--epochs", "--steps"));
    SECTIONS.put(
        "Often said",
        List.of(
            "--validation",
            "--name",
            "--wait",
            "--labels",
            "--new-head",
            "--batch-size",
            "--max-tokens",
            "--checkpoint-every",
            "--checkpoint-at",
            "--accumulate",
            "--precision"));
    SECTIONS.put(
        "Which server, and how results are written", List.of("--address", "--data", "--json"));
    SECTIONS.put(
        "Seeds and repeating",
        List.of("--head-seed", "--data-seed", "--again", "--request-id", "--resume-every"));
    SECTIONS.put(
        "Random weights and masked language modelling",
        List.of(
            "--random",
            "--tokenizer",
            "--layers",
            "--hidden-size",
            "--heads",
            "--intermediate-size",
            "--positions",
            "--init-std",
            "--init-seed",
            "--objective",
            "--mask",
            "--pair-mask"));
  }

  /** What is in no section: the rest of a recipe. */
  private static final String REST = "The recipe in full";

  private TrainHelp() {}

  /** Lets {@code line} show help of {@code train} in sections. */
  static void arrange(CommandLine line) {
    train(line)
        .getHelpSectionMap()
        .put(UsageMessageSpec.SECTION_KEY_OPTION_LIST, TrainHelp::options);
  }

  static CommandLine train(CommandLine line) {
    return Objects.requireNonNull(line.getSubcommands().get("train"));
  }

  /** The headings, with the options below each. */
  static Map<String, List<OptionSpec>> sections(CommandLine train) {
    Map<String, OptionSpec> known = new LinkedHashMap<>();
    train.getCommandSpec().options().forEach(option -> known.put(option.longestName(), option));
    Map<String, List<OptionSpec>> sections = new LinkedHashMap<>();
    SECTIONS.forEach(
        (heading, names) -> {
          List<OptionSpec> options = new ArrayList<>();
          names.stream().map(known::remove).filter(Objects::nonNull).forEach(options::add);
          sections.put(heading, options);
        });
    sections.put(REST, new ArrayList<>(known.values()));
    return sections;
  }

  private static String options(Help help) {
    StringBuilder text = new StringBuilder();
    sections(help.commandSpec().commandLine())
        .forEach(
            (heading, options) -> {
              Help.Layout layout = help.createDefaultLayout();
              layout.addOptions(options, help.createDefaultParamLabelRenderer());
              text.append(help.createHeading("%n" + heading + ":%n")).append(layout);
            });
    return text.toString();
  }
}
