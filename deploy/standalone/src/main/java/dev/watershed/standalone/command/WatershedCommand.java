package dev.watershed.standalone.command;

import dev.watershed.server.Version;
import io.grpc.StatusRuntimeException;
import java.io.PrintWriter;
import java.lang.reflect.Constructor;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ScopeType;

/** The command line: which commands there are and how their errors end. */
@Command(
    name = "watershed",
    description =
        "Measures whether fine-tunes of one pretrained language model share a basin of the loss"
            + " surface.",
    scope = ScopeType.INHERIT,
    mixinStandardHelpOptions = true,
    versionProvider = WatershedCommand.VersionOfBuild.class,
    sortOptions = false,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      QuickstartCommand.class,
      ServeCommand.class,
      TrainCommand.class,
      RecipesCommand.class,
      RunsCommand.class,
      CheckpointsCommand.class,
      EvaluateCommand.class,
      StudyCommand.class,
      TasksCommand.class,
      DynamicsCommand.class,
      MetricsCommand.class,
      ClusterCommand.class,
      BenchCommand.class
    })
public final class WatershedCommand {
  /** The version that results carry in their provenance. */
  static final class VersionOfBuild implements IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {"watershed " + Version.CURRENT};
    }
  }

  private WatershedCommand() {}

  /** Runs one command and returns its exit code. */
  public static int run(Surroundings surroundings, String... arguments) {
    CommandLine line = new CommandLine(new WatershedCommand(), factory(surroundings));
    line.setCaseInsensitiveEnumValuesAllowed(true);
    line.setOut(new PrintWriter(surroundings.terminal().out(), true));
    line.setErr(new PrintWriter(surroundings.terminal().err(), true));
    line.setColorScheme(
        CommandLine.Help.defaultColorScheme(
            surroundings.terminal().colouredOut()
                ? CommandLine.Help.Ansi.ON
                : CommandLine.Help.Ansi.OFF));
    line.setExecutionExceptionHandler(
        (exception, command, parsed) -> report(exception, command, surroundings));
    line.setParameterExceptionHandler(
        (exception, wrong) -> {
          surroundings.terminal().err().println("error: " + exception.getMessage());
          CommandLine.UnmatchedArgumentException.printSuggestions(exception, line.getErr());
          surroundings
              .terminal()
              .err()
              .println(
                  "See '"
                      + exception.getCommandLine().getCommandSpec().qualifiedName()
                      + " --help'.");
          return ExitCode.BAD_INPUT;
        });
    line.setUsageHelpWidth(surroundings.terminal().columns());
    documentExitCodes(line.getCommandSpec());
    if (arguments.length == 0) {
      line.usage(surroundings.terminal().err());
      return ExitCode.BAD_INPUT;
    }
    return line.execute(arguments);
  }

  private static void documentExitCodes(CommandSpec spec) {
    spec.usageMessage().exitCodeListHeading("%nExit codes:%n");
    spec.usageMessage().exitCodeList(ExitCode.descriptions());
    spec.subcommands().values().forEach(command -> documentExitCodes(command.getCommandSpec()));
  }

  private static int report(Exception exception, CommandLine command, Surroundings surroundings) {
    if (Interrupt.ending()) {
      // Ctrl-C has had its say; what follows from it is no error.
      return ExitCode.CANCELLED;
    }
    boolean json = mixin(command, OutputOptions.class).map(output -> output.json).orElse(false);
    if (exception instanceof StatusRuntimeException status) {
      String address =
          mixin(command, ServerOptions.class).map(ServerOptions::resolvedAddress).orElse("");
      return ErrorReport.write(status, address, json, surroundings.terminal());
    }
    if (exception instanceof CommandException ours) {
      return ErrorReport.write(ours, json, surroundings.terminal());
    }
    surroundings.terminal().err().println("error: " + rootCause(exception));
    if (surroundings.variables().containsKey("WATERSHED_DEBUG")) {
      exception.printStackTrace(surroundings.terminal().err());
    } else {
      surroundings.terminal().err().println("Set WATERSHED_DEBUG=1 to see where it comes from.");
    }
    return ExitCode.FAILED;
  }

  /** Frameworks wrap what went wrong; the innermost exception says it. */
  private static Throwable rootCause(Throwable exception) {
    Throwable cause = exception;
    while (cause.getCause() != null && cause.getCause() != cause) {
      cause = cause.getCause();
    }
    return cause;
  }

  private static <T> Optional<T> mixin(CommandLine command, Class<T> type) {
    return command.getMixins().values().stream()
        .filter(type::isInstance)
        .map(type::cast)
        .findFirst();
  }

  /** Gives commands and their mixins the surroundings where their constructor wants them. */
  private static CommandLine.IFactory factory(Surroundings surroundings) {
    CommandLine.IFactory otherwise = CommandLine.defaultFactory();
    return new CommandLine.IFactory() {
      @Override
      public <K> K create(Class<K> type) throws Exception {
        for (Constructor<?> constructor : type.getDeclaredConstructors()) {
          if (constructor.getParameterCount() == 1
              && constructor.getParameterTypes()[0] == Surroundings.class) {
            constructor.setAccessible(true);
            return type.cast(constructor.newInstance(surroundings));
          }
        }
        return otherwise.create(type);
      }
    };
  }
}
