package dev.watershed.bench;

import dev.watershed.cli.CommandContext;
import dev.watershed.cli.CommandException;
import dev.watershed.cli.ExitCode;
import dev.watershed.cli.OutputOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What a GPU would be given, for a machine with a GPU and without Watershed. */
@Command(
    name = "programs",
    description = {
      "Write the programs that a GPU would be given, as TorchScript files, and where each parameter"
          + " lies in their vector. docs/examples/gpu-proof.py runs them on a machine that has a"
          + " GPU and PyTorch, and needs no Java there."
    },
    footer = {
      "",
      "Examples:",
      "  watershed bench programs --size base --out programs/base",
      "  watershed bench programs --size mini --dropout 0 --expected --out programs/mini"
    })
final class BenchProgramsCommand implements Callable<Integer> {
  @Mixin private OutputOptions output;
  @Mixin private BenchOptions options;

  @Option(
      names = "--size",
      description = "Of the model: mini, base or large. Default: base.",
      defaultValue = "base")
  private ModelSize size = ModelSize.BASE;

  @Option(
      names = "--dropout",
      description = "Of hidden states, attention and head in training. Default: 0.1.",
      defaultValue = "0.1")
  private double dropout;

  @Option(
      names = "--expected",
      description =
          "Write expected.safetensors too: random weights and examples, and what this machine's CPU"
              + " computes from them, without dropout.")
  private boolean expected;

  @Option(names = "--out", description = "Directory to write to.", required = true)
  private Path out = Path.of("");

  BenchProgramsCommand(CommandContext context) {
    this.output = new OutputOptions(context);
    this.options = new BenchOptions(context);
  }

  @Override
  public Integer call() throws IOException {
    if (!(dropout >= 0 && dropout < 1)) {
      throw CommandException.badInput("--dropout " + dropout + " is not at least 0 and below 1");
    }
    ProgramFiles.write(size, dropout, out);
    if (expected) {
      options.say("what the CPU computes");
      ProgramFiles.writeExpected(size, options.threads(), options.seed, out);
    }
    output.line("Wrote " + out);
    return ExitCode.OK;
  }
}
