package dev.watershed.cli;

import dev.watershed.cli.terminal.Terminal;
import dev.watershed.client.ClientException;
import dev.watershed.client.ServerAwayException;
import dev.watershed.input.InvalidInputException;
import dev.watershed.input.Quoted;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.lang.reflect.Constructor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Properties;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.stream.Stream;
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
      DeltasCommand.class,
      MetricsCommand.class,
      ClusterCommand.class,
      CompareCommand.class,
      CompareGroupsCommand.class,
      HelpCommand.class
    })
public final class WatershedCommand {
  /** The version that results carry in their provenance. */
  static final class VersionOfBuild implements IVersionProvider {
    @Override
    public String[] getVersion() throws IOException {
      Properties properties = new Properties();
      try (InputStream in = WatershedCommand.class.getResourceAsStream("version.properties")) {
        properties.load(Objects.requireNonNull(in));
      }
      return new String[] {"watershed " + properties.getProperty("version")};
    }
  }

  /** In this order they are helped with; those that are not here need the services' jars. */
  private static final List<String> ORDER =
      List.of(
          "quickstart",
          "serve",
          "train",
          "recipes",
          "info",
          "runs",
          "checkpoints",
          "evaluate",
          "study",
          "tasks",
          "data",
          "dynamics",
          "deltas",
          "metrics",
          "cluster",
          "compare",
          "compare-groups",
          "bench",
          "help");

  private static final Set<String> WITH_SERVICES = Set.of("quickstart", "serve", "bench");

  /** What stands where bytes could not be read as text. */
  private static final char REPLACEMENT = '\uFFFD';

  private WatershedCommand() {}

  /** Runs one command and returns its exit code. */
  public static int run(CommandContext context, String... arguments) {
    CommandLine line = line(context);
    line.setOut(new PrintWriter(context.terminal().out(), true));
    line.setErr(new PrintWriter(context.terminal().err(), true));
    line.setColorScheme(
        CommandLine.Help.defaultColorScheme(
            context.terminal().colouredOut()
                ? CommandLine.Help.Ansi.ON
                : CommandLine.Help.Ansi.OFF));
    boolean json = List.of(arguments).contains("--json");
    line.setExecutionExceptionHandler(
        (exception, command, parsed) -> report(exception, command, json, context));
    line.setParameterExceptionHandler(
        (exception, wrong) -> misused(exception, json, context.terminal(), line.getErr()));
    line.setUsageHelpWidth(context.terminal().columns());
    documentExitCodes(line.getCommandSpec());
    if (arguments.length == 0) {
      line.usage(context.terminal().err());
      return ExitCode.BAD_INPUT;
    }
    for (String argument : arguments) {
      if (!Quoted.isPlain(argument)) {
        return ErrorReport.write(
            ExitCode.BAD_INPUT, unprintable(argument), "", json, context.terminal());
      }
    }
    try {
      return line.execute(arguments);
    } catch (Error e) {
      return unforeseen(e, json, context);
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
  public static CommandLine line(CommandContext context) {
    CommandLine line = new CommandLine(new WatershedCommand(), factory(context));
    Map<String, CommandLine> commands = new HashMap<>(line.getSubcommands());
    more()
        .flatMap(others -> others.commands().stream())
        .map(command -> new CommandLine(command, factory(context)))
        .forEach(added -> commands.put(added.getCommandName(), added));
    List.copyOf(line.getSubcommands().keySet()).forEach(line.getCommandSpec()::removeSubcommand);
    ORDER.stream()
        .filter(commands::containsKey)
        .forEach(name -> line.addSubcommand(name, commands.get(name)));
    line.setCaseInsensitiveEnumValuesAllowed(true);
    NumberConverters.register(line);
    TrainHelp.arrange(line);
    return line;
  }

  private static Stream<MoreCommands> more() {
    return ServiceLoader.load(MoreCommands.class).stream().map(ServiceLoader.Provider::get);
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
    boolean elsewhere =
        exception instanceof CommandLine.UnmatchedArgumentException unmatched
            && WITH_SERVICES.contains(unmatched.getUnmatched().get(0));
    if (elsewhere) {
      message =
          message
              + ". It runs the services themselves, which this client does not have: use the"
              + " 'watershed' of the whole distribution";
    }
    String help =
        "See '" + exception.getCommandLine().getCommandSpec().qualifiedName() + " --help'.";
    if (json) {
      return ErrorReport.write(ExitCode.BAD_INPUT, message, help, true, terminal);
    }
    terminal.err().println("error: " + message);
    if (!elsewhere) {
      CommandLine.UnmatchedArgumentException.printSuggestions(exception, err);
    }
    terminal.err().println(help);
    return ExitCode.BAD_INPUT;
  }

  private static void documentExitCodes(CommandSpec spec) {
    spec.usageMessage().exitCodeListHeading("%nExit codes:%n");
    spec.usageMessage().exitCodeList(ExitCode.descriptions());
    spec.subcommands().values().forEach(command -> documentExitCodes(command.getCommandSpec()));
  }

  private static int report(
      Exception exception, CommandLine command, boolean json, CommandContext context) {
    if (Interrupt.ending()) {
      // Ctrl-C has had its say; what follows from it is no error.
      return ExitCode.CANCELLED;
    }
    for (Throwable cause : causes(exception)) {
      if (cause instanceof StatusRuntimeException status) {
        String address =
            mixin(command, ServerOptions.class).map(ServerOptions::resolvedAddress).orElse("");
        return ErrorReport.write(status, address, json, context.terminal());
      }
      if (cause instanceof CommandException ours) {
        return ErrorReport.write(ours, json, context.terminal());
      }
      Optional<String> wrong =
          cause instanceof ClientException
              ? Optional.of(String.valueOf(cause.getMessage()))
              : more().flatMap(others -> others.badInput(cause).stream()).findFirst();
      if (wrong.isPresent()) {
        return ErrorReport.write(CommandException.badInput(wrong.get()), json, context.terminal());
      }
      if (cause instanceof ServerAwayException away) {
        return ErrorReport.write(
            new CommandException(ExitCode.UNREACHABLE, String.valueOf(away.getMessage())),
            json,
            context.terminal());
      }
      if (cause instanceof InvalidInputException input) {
        return ErrorReport.write(
            ExitCode.BAD_INPUT,
            FieldWords.inText(String.valueOf(input.getMessage())),
            "",
            json,
            context.terminal());
      }
    }
    return unforeseen(exception, json, context);
  }

  /** Frameworks wrap what went wrong; the innermost exception says it. */
  private static int unforeseen(Throwable thrown, boolean json, CommandContext context) {
    boolean trace = context.variables().containsKey("WATERSHED_DEBUG");
    int exitCode =
        ErrorReport.write(
            ExitCode.FAILED,
            Failures.sentence(causes(thrown).getLast()),
            trace ? "" : "Set WATERSHED_DEBUG=1 to see where it comes from.",
            json,
            context.terminal());
    if (trace) {
      thrown.printStackTrace(context.terminal().err());
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

  /** Gives commands and their mixins the context where their constructor wants them. */
  private static CommandLine.IFactory factory(CommandContext context) {
    CommandLine.IFactory otherwise = CommandLine.defaultFactory();
    return new CommandLine.IFactory() {
      @Override
      public <K> K create(Class<K> type) throws Exception {
        for (Constructor<?> constructor : type.getDeclaredConstructors()) {
          if (constructor.getParameterCount() == 1
              && constructor.getParameterTypes()[0] == CommandContext.class) {
            constructor.setAccessible(true);
            return type.cast(constructor.newInstance(context));
          }
        }
        return otherwise.create(type);
      }
    };
  }
}
