package dev.watershed.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The same as {@code --help}, for those who type it first. */
@Command(
    name = "help",
    description = "Show help, of a command if one is named: watershed help train.")
final class HelpCommand implements Callable<Integer> {
  @Parameters(paramLabel = "COMMAND", arity = "0..*", description = "For example: study create.")
  private List<String> names = new ArrayList<>();

  @Spec private @Nullable CommandSpec spec;

  @Override
  public Integer call() {
    CommandLine command = Objects.requireNonNull(spec).parent().commandLine();
    for (String name : names) {
      CommandLine next = command.getSubcommands().get(name);
      if (next == null) {
        throw new ParameterException(
            command,
            "'"
                + name
                + "' is no command of '"
                + command.getCommandSpec().qualifiedName()
                + "'; there are "
                + String.join(", ", command.getSubcommands().keySet()));
      }
      command = next;
    }
    command.usage(command.getOut());
    return ExitCode.OK;
  }
}
