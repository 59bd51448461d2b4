package dev.watershed.standalone.quickstart;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import dev.watershed.classifier.TorchSettings;
import dev.watershed.cli.CommandContext;
import dev.watershed.cli.CommandException;
import dev.watershed.cli.ExitCode;
import dev.watershed.cli.Failures;
import dev.watershed.cli.Interrupt;
import dev.watershed.cli.OutputOptions;
import dev.watershed.cli.ReportText;
import dev.watershed.cli.terminal.Durations;
import dev.watershed.cli.terminal.TextTable;
import dev.watershed.client.ServerRoutes;
import dev.watershed.standalone.process.DataDirectory;
import dev.watershed.standalone.process.Standalone;
import io.grpc.ManagedChannel;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The whole of Watershed in one command. */
@Command(
    name = "quickstart",
    description = {
      "Fine-tune one small pretrained encoder with sixteen seeds, measure every pair, and show the"
          + " basins: starts its own server, needs nothing and downloads nothing. Some two minutes"
          + " on two cores.",
      "Fails (exit code 1) if the phenomenon is not there."
    },
    footer = {
      "",
      "Examples:",
      "  watershed quickstart",
      "  watershed quickstart --out my-report --data my-data   (keeps the checkpoints)"
    })
public final class QuickstartCommand implements Callable<Integer> {
  private static final int FULL_STEPS = 600;

  @Mixin private OutputOptions output;

  @Option(names = "--seeds", description = "How many fine-tunes. Default: 16.", defaultValue = "16")
  private int seeds;

  @Option(
      names = "--steps",
      description =
          "Steps of each fine-tune. Default: 600; with fewer the phenomenon is not asserted.",
      defaultValue = "" + FULL_STEPS)
  private int steps;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "Where the report goes. Default: ./watershed-out/quickstart.")
  private Path out = Path.of("watershed-out", "quickstart");

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description = "Data directory to use and keep. Default: a temporary one.")
  private @Nullable Path data;

  @Option(
      names = "--address",
      paramLabel = "HOST:PORT",
      description =
          "A server that runs already, or where each service is:"
              + " trainer=HOST:PORT,eval=HOST:PORT,analysis=HOST:PORT. Default: one of its own.")
  private @Nullable String address;

  @Option(names = "--keep-data", description = "Keep the temporary data directory.")
  private boolean keepData;

  @Option(
      names = "--threads",
      description = "Threads inside one operation of libtorch. Default: 1.",
      defaultValue = "1")
  private int threads;

  private final CommandContext context;

  QuickstartCommand(CommandContext context) {
    this.context = context;
    this.output = new OutputOptions(context);
  }

  @Override
  public Integer call() throws IOException {
    if (seeds < 2 || seeds > 100) {
      throw CommandException.badInput("--seeds " + seeds + " is not between 2 and 100");
    }
    if (address != null) {
      if (data != null || keepData) {
        throw CommandException.badInput("--address is of a server with data of its own; no --data");
      }
      ServerRoutes.parse(address, "--address");
      return run(address);
    }
    boolean temporary = data == null;
    Path directory =
        temporary
            ? Files.createTempDirectory("watershed-quickstart-")
            : context.workingDirectory().resolve(data);
    Standalone standalone =
        Standalone.start(
            new Standalone.Settings(
                new DataDirectory(directory), 0, TorchSettings.cpu(threads), List.of()));
    try (Interrupt interrupt =
        new Interrupt(
            context.terminal(),
            "Stopped.",
            () -> {
              standalone.close();
              cleanUp(directory, temporary);
            })) {
      return run(standalone.address());
    } finally {
      if (!Interrupt.ending()) {
        standalone.close();
        cleanUp(directory, temporary);
      }
    }
  }

  private int run(String server) throws IOException {
    Path target = context.workingDirectory().resolve(out).normalize();
    ManagedChannel channel = context.channels().apply(server);
    try {
      Quickstart quickstart =
          new Quickstart(
              channel,
              context.terminal(),
              target,
              ManagementFactory.getRuntimeMXBean().getStartTime());
      Quickstart.Outcome outcome = quickstart.run(seeds, steps);
      Files.writeString(
          target.resolve("quickstart.json"), json(outcome.result()) + System.lineSeparator());
      return show(outcome);
    } finally {
      channel.shutdownNow();
    }
  }

  private int show(Quickstart.Outcome outcome) throws JsonProcessingException {
    QuickstartResult result = outcome.result();
    if (output.json()) {
      output.line(json(result));
    } else {
      output.table(table(result));
      output.line("");
      ReportText.matrix(outcome.report(), context.terminal()).forEach(output::line);
      output.line("");
      output.line("Found: " + result.finding());
      output.line("");
      margins(result).lines().forEach(output::line);
      output.line("");
      ReportText.comparisons(outcome.report()).forEach(output::line);
      output.line("");
      output.line("Report: " + result.directory() + "/report.html");
      output.line(times(result));
    }
    if (!assertable(result)) {
      output.remark("The margins are not asserted: they hold for at least 8 seeds and 600 steps.");
      return ExitCode.OK;
    }
    for (QuickstartResult.Measured margin : result.margins()) {
      if (!margin.holds()) {
        output.remark(
            String.format(
                Locale.ROOT,
                "FAILED: %s is %.3f, must be >= %.2f",
                margin.name(),
                margin.value(),
                margin.limit()));
      }
    }
    return result.holds() ? ExitCode.OK : ExitCode.FAILED;
  }

  private boolean assertable(QuickstartResult result) {
    return result.marginsAsserted() && steps >= FULL_STEPS;
  }

  private static TextTable table(QuickstartResult result) {
    TextTable table =
        new TextTable(
            "seed", "validation accuracy", "diagnostic", "basin", "checks", "agent patient verb");
    for (QuickstartResult.Model model : result.models()) {
      table.row(
          model.label().replace("seed ", ""),
          String.format(Locale.ROOT, "%.3f", model.validationAccuracy()),
          String.format(Locale.ROOT, "%.3f", model.diagnostic()),
          model.basin(),
          model.strategy(),
          model.probes());
    }
    return table;
  }

  private static TextTable margins(QuickstartResult result) {
    TextTable table = new TextTable("the phenomenon in numbers", "value", "at least");
    for (QuickstartResult.Measured margin : result.margins()) {
      table.row(
          margin.name(),
          String.format(Locale.ROOT, "%.3f", margin.value()),
          String.format(Locale.ROOT, "%.2f", margin.limit()));
    }
    return table;
  }

  private static String times(QuickstartResult result) {
    StringBuilder text = new StringBuilder("Time: ");
    double total = 0;
    for (String part : List.of("start", "training", "study", "report")) {
      double seconds = result.seconds().getOrDefault(part, 0.0);
      total += seconds;
      text.append(part).append(' ').append(Durations.text(seconds)).append(", ");
    }
    text.append("together ").append(Durations.text(total));
    if (result.peakMemoryBytes() > 0) {
      text.append("; peak memory ").append(result.peakMemoryBytes() >> 20).append(" MiB");
    }
    return text.toString();
  }

  private static String json(QuickstartResult result) throws JsonProcessingException {
    return new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT).writeValueAsString(result);
  }

  private void cleanUp(Path directory, boolean temporary) {
    if (!temporary) {
      return;
    }
    if (keepData) {
      output.remark("The data directory is " + directory);
      return;
    }
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      output.remark("could not remove " + directory + ": " + Failures.sentence(e));
    }
  }
}
