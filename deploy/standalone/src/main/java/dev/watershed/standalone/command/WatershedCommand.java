package dev.watershed.standalone.command;

import dev.watershed.classifier.NativeLibraryException;
import dev.watershed.input.InvalidInputException;
import dev.watershed.input.Quoted;
import dev.watershed.server.Version;
import dev.watershed.standalone.process.StartException;
import dev.watershed.standalone.terminal.Terminal;
import io.grpc.StatusRuntimeException;
import java.io.PrintWriter;
import java.lang.reflect.Constructor;
import java.util.ArrayList;
import java.util.List;
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
      InfoCommand.class,
      RunsCommand.class,
      CheckpointsCommand.class,
      EvaluateCommand.class,
      StudyCommand.class,
      TasksCommand.class,
      DataCommand.class,
      DynamicsCommand.class,
      MetricsCommand.class,
      ClusterCommand.class,
      BenchCommand.class,
      HelpCommand.class
    })
public final class WatershedCommand {
  /** The version that results carry in their provenance. */
  static final class VersionOfBuild implements IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {"watershed " + Version.CURRENT};
    }
  }

  /** What stands where bytes could not be read as text. */
  private static final char REPLACEMENT = '\uFFFD';

  private WatershedCommand() {}

  /** Runs one command and returns its exit code. */
  public static int run(Surroundings surroundings, String... arguments) {
    CommandLine line = line(surroundings);
    line.setOut(new PrintWriter(surroundings.terminal().out(), true));
    line.setErr(new PrintWriter(surroundings.terminal().err(), true));
    line.setColorScheme(
        CommandLine.Help.defaultColorScheme(
            surroundings.terminal().colouredOut()
                ? CommandLine.Help.Ansi.ON
                : CommandLine.Help.Ansi.OFF));
    boolean json = List.of(arguments).contains("--json");
    line.setExecutionExceptionHandler(
        (exception, command, parsed) -> report(exception, command, json, surroundings));
    line.setParameterExceptionHandler(
        (exception, wrong) -> misused(exception, json, surroundings.terminal(), line.getErr()));
    line.setUsageHelpWidth(surroundings.terminal().columns());
    documentExitCodes(line.getCommandSpec());
    if (arguments.length == 0) {
      line.usage(surroundings.terminal().err());
      return ExitCode.BAD_INPUT;
    }
    for (String argument : arguments) {
      if (!Quoted.isPlain(argument)) {
        return ErrorReport.write(
            ExitCode.BAD_INPUT, unprintable(argument), "", json, surroundings.terminal());
      }
    }
    try {
      return line.execute(arguments);
    } catch (Error e) {
      return unforeseen(e, json, surroundings);
    }
  }

  /** The parser says of what type a value is not; people think of numbers. */
  private static String withHint(String message) {
    if (message.matches("(?s).*'[-+]?\\d*,\\d+(e[-+]?\\d+)?' is not a (double|float)")) {
      return message + " (a decimal has a point, not a comma)";
    }
    return message
        .replaceAll("is not an (int|long)$", "is not a whole number")
        .replaceAll("is not a (double|float)$", "is not a number");
  }

  /** All commands, with nothing said of where they write and how they fail. */
  static CommandLine line(Surroundings surroundings) {
    CommandLine line = new CommandLine(new WatershedCommand(), factory(surroundings));
    line.setCaseInsensitiveEnumValuesAllowed(true);
    NumberConverters.register(line);
    TrainHelp.arrange(line);
    return line;
  }

  private static String unprintable(String argument) {
    String shown = "the argument '" + Quoted.of(argument) + "' ";
    return argument.indexOf(REPLACEMENT) >= 0
        ? shown
            + "holds a character that was lost on the way here: the locale (LC_ALL, LC_CTYPE, LANG)"
            + " has no UTF-8. Set LC_ALL=C.UTF-8"
        : shown + "holds a control character or one that is invisible";
  }

  private static int misused(
      CommandLine.ParameterException exception, boolean json, Terminal terminal, PrintWriter err) {
    String message = withHint(String.valueOf(exception.getMessage()));
    String help =
        "See '" + exception.getCommandLine().getCommandSpec().qualifiedName() + " --help'.";
    if (json) {
      return ErrorReport.write(ExitCode.BAD_INPUT, message, help, true, terminal);
    }
    terminal.err().println("error: " + message);
    CommandLine.UnmatchedArgumentException.printSuggestions(exception, err);
    terminal.err().println(help);
    return ExitCode.BAD_INPUT;
  }

  private static void documentExitCodes(CommandSpec spec) {
    spec.usageMessage().exitCodeListHeading("%nExit codes:%n");
    spec.usageMessage().exitCodeList(ExitCode.descriptions());
    spec.subcommands().values().forEach(command -> documentExitCodes(command.getCommandSpec()));
  }

  private static int report(
      Exception exception, CommandLine command, boolean json, Surroundings surroundings) {
    if (Interrupt.ending()) {
      // Ctrl-C has had its say; what follows from it is no error.
      return ExitCode.CANCELLED;
    }
    for (Throwable cause : causes(exception)) {
      if (cause instanceof StatusRuntimeException status) {
        String address =
            mixin(command, ServerOptions.class).map(ServerOptions::resolvedAddress).orElse("");
        return ErrorReport.write(status, address, json, surroundings.terminal());
      }
      if (cause instanceof CommandException ours) {
        return ErrorReport.write(ours, json, surroundings.terminal());
      }
      if (cause instanceof StartException || cause instanceof NativeLibraryException) {
        return ErrorReport.write(
            CommandException.badInput(String.valueOf(cause.getMessage())),
            json,
            surroundings.terminal());
      }
      if (cause instanceof InvalidInputException input) {
        return ErrorReport.write(
            ExitCode.BAD_INPUT,
            FieldWords.inText(String.valueOf(input.getMessage())),
            "",
            json,
            surroundings.terminal());
      }
    }
    return unforeseen(exception, json, surroundings);
  }

  /** Frameworks wrap what went wrong; the innermost exception says it. */
  private static int unforeseen(Throwable thrown, boolean json, Surroundings surroundings) {
    boolean trace = surroundings.variables().containsKey("WATERSHED_DEBUG");
    int exitCode =
        ErrorReport.write(
            ExitCode.FAILED,
            Failures.sentence(causes(thrown).getLast()),
            trace ? "" : "Set WATERSHED_DEBUG=1 to see where it comes from.",
            json,
            surroundings.terminal());
    if (trace) {
      thrown.printStackTrace(surroundings.terminal().err());
    }
    return exitCode;
  }

  /** The exception and its causes, outermost first. */
  private static List<Throwable> causes(Throwable thrown) {
    List<Throwable> causes = new ArrayList<>();
    for (Throwable cause = thrown;
        cause != null && !causes.contains(cause);
        cause = cause.getCause()) {
      causes.add(cause);
    }
    return causes;
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
