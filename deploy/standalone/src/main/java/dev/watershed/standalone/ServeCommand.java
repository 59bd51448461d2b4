package dev.watershed.standalone;

import dev.watershed.classifier.TorchSettings;
import dev.watershed.cli.CommandContext;
import dev.watershed.cli.CommandException;
import dev.watershed.cli.ExitCode;
import dev.watershed.cli.Json;
import dev.watershed.cli.OutputOptions;
import dev.watershed.cli.ServerOptions;
import dev.watershed.input.Quoted;
import dev.watershed.server.ConfigurationTable;
import dev.watershed.standalone.process.DataDirectory;
import dev.watershed.standalone.process.Standalone;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Runs the three services until told to stop. */
@Command(
    name = "serve",
    description = {
      "Run the trainer, the evaluator and the analysis in one process on one loopback port.",
      "Stop it with Ctrl-C or SIGTERM: calls in flight get a few seconds to finish, runs and"
          + " studies go on at the next start."
    },
    footer = {
      "",
      "Examples:",
      "  watershed serve",
      "  watershed serve --data my-data --data-root corpora --port 9000"
    })
final class ServeCommand implements Callable<Integer> {
  @Mixin private OutputOptions output;

  @Option(
      names = "--port",
      description = "Port on 127.0.0.1; 0 picks a free one. Default: 7878.",
      defaultValue = "" + ServerOptions.DEFAULT_PORT)
  private int port;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description =
          "Where databases and checkpoints are kept. Default: WATERSHED_DATA or ~/.watershed.")
  private @Nullable Path data;

  @Option(
      names = "--data-root",
      paramLabel = "DIR",
      description =
          "Requests may name files below this directory. Repeatable. Default: the working"
              + " directory, unless that is the home directory or /.")
  private List<Path> dataRoots = new ArrayList<>();

  @Option(
      names = "--adopt",
      description =
          "Start although a database or the checkpoints of the data directory are missing or of"
              + " another: what is missing begins empty, and the checkpoints found are kept.")
  private boolean adopt;

  @Option(
      names = "--threads",
      description =
          "Threads inside one operation of libtorch; results have the same bits only for the same"
              + " number. Default: 1.",
      defaultValue = "1")
  private int threads;

  @Option(
      names = "--device",
      description =
          "Where libtorch computes: cpu, or cuda:0 for the first GPU (docs/gpu.md). Default: cpu.",
      defaultValue = "cpu")
  private String device = "cpu";

  @Option(
      names = "--tf32",
      description =
          "Let the GPU round the factors of fp32 products to TF32: faster, results differ.")
  private boolean tf32;

  @Option(
      names = "--show-config",
      description =
          "Say every key of the configuration, its value and where that was said, and end"
              + " (docs/configuration.md).")
  private boolean showConfiguration;

  private final CommandContext context;

  ServeCommand(CommandContext context) {
    this.context = context;
    this.output = new OutputOptions(context);
  }

  private TorchSettings torch() {
    try {
      return new TorchSettings(device, threads, tf32);
    } catch (IllegalArgumentException e) {
      throw CommandException.badInput("--device, --threads, --tf32: " + e.getMessage());
    }
  }

  @Override
  public Integer call() throws InterruptedException {
    if (port < 0 || port > 65535) {
      throw CommandException.badInput("--port " + port + " is not between 0 and 65535");
    }
    DataDirectory directory = DataDirectory.at(data, context.variables());
    List<Path> roots = roots();
    Standalone.Settings settings =
        new Standalone.Settings(directory, port, torch(), roots, adopt, Map.of());
    if (showConfiguration) {
      ConfigurationTable.lines(Standalone.configuration(settings)).forEach(output::line);
      return ExitCode.OK;
    }
    Standalone standalone = Standalone.start(settings);
    Runtime.getRuntime().addShutdownHook(new Thread(standalone::close, "shutdown"));
    if (output.json()) {
      output.line("{\"address\":" + Json.quoted(standalone.address()) + "}");
    } else {
      output.line("Watershed listens on " + standalone.address());
      output.line("  data       " + directory.root());
      roots.forEach(root -> output.line("  files from " + root));
      output.line(memory(standalone));
      output.line("Try, in another terminal:");
      output.line("  ./watershed checkpoints list");
      output.line(
          "  buf curl --protocol grpc --http2-prior-knowledge --data '{}' \\\n      http://"
              + standalone.address()
              + "/watershed.trainer.v1.CheckpointService/ListCheckpoints");
    }
    output.terminal().out().flush();
    standalone.awaitClose();
    return ExitCode.OK;
  }

  /** Whoever may send requests can read what lies below a root. */
  private List<Path> roots() {
    if (dataRoots.isEmpty()) {
      Path here = context.workingDirectory().normalize();
      String home = context.variables().get("HOME");
      if (here.getParent() == null || (home != null && here.equals(Path.of(home).normalize()))) {
        throw CommandException.badInput(
            "without --data-root, requests may name files below the working directory, and that is "
                + here
                + ", which holds more than data. Start it elsewhere, or name a directory, even this"
                + " one, with --data-root DIR.");
      }
      return List.of(here);
    }
    return dataRoots.stream()
        .map(root -> context.workingDirectory().resolve(root).normalize())
        .peek(ServeCommand::requireDirectory)
        .toList();
  }

  private static void requireDirectory(Path root) {
    if (!Files.isDirectory(root)) {
      throw CommandException.badInput(
          "--data-root "
              + Quoted.of(root.toString())
              + (Files.exists(root)
                  ? " is a file; name the directory that holds it."
                  : " does not exist; make it first, or name another directory."));
    }
  }

  private static String memory(Standalone standalone) {
    return String.format(
        Locale.ROOT,
        "  memory     %d MiB of heap at most, and %d MiB outside it for the evaluator"
            + " (watershed.eval.memory); training takes its own beside these",
        Runtime.getRuntime().maxMemory() >> 20,
        standalone.evaluatorMemoryBytes() >> 20);
  }
}
