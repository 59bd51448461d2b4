package dev.watershed.cli;

import dev.watershed.cli.terminal.TextTable;
import dev.watershed.trainer.v1.DataServiceGrpc;
import dev.watershed.trainer.v1.ListTasksRequest;
import dev.watershed.trainer.v1.ListTasksResponse;
import dev.watershed.trainer.v1.Task;
import dev.watershed.type.v1.DatasetSplit;
import dev.watershed.type.v1.TaskSplit;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Tells which tasks the server knows by name, and what their files hold. */
@Command(
    name = "tasks",
    description =
        "List the tasks known by name, for data such as task:mnli/train, and look at their files."
            + " Asks the server, below whose data roots the files lie.",
    footer = {
      "",
      "Examples:",
      "  watershed tasks",
      "  watershed tasks show mnli/validation-matched",
      "  watershed tasks show hans/lexical-overlap/non-entailment data/heuristics_evaluation_set.txt"
    })
final class TasksCommand implements Callable<Integer> {
  private final CommandContext context;

  @Mixin private ServerOptions server;
  @Mixin private OutputOptions output;

  TasksCommand(CommandContext context) {
    this.context = context;
    this.server = new ServerOptions(context);
    this.output = new OutputOptions(context);
  }

  @Override
  public Integer call() {
    return list(server, output);
  }

  @Command(
      description =
          "List the tasks: names, labels, scores, the files found and the files looked for.")
  int list(@Mixin ServerOptions server, @Mixin OutputOptions output) {
    ListTasksResponse known =
        DataServiceGrpc.newBlockingStub(server.channel())
            .withDeadlineAfter(ServerOptions.LOOKUP_SECONDS, TimeUnit.SECONDS)
            .listTasks(ListTasksRequest.getDefaultInstance());
    if (output.json) {
      output.message(known);
      return ExitCode.OK;
    }
    TextTable table = new TextTable("task", "score", "labels", "found");
    for (Task task : known.getTasksList()) {
      table.row(
          task.getName(),
          DataArgument.scoreWord(task.getScore()),
          text(task.getLabelsList()),
          task.getFile().isEmpty() ? "-" : task.getFile());
    }
    output.table(table);
    known.getTasksList().stream()
        .filter(task -> !task.getProblem().isEmpty())
        .forEach(task -> output.line("notice  " + task.getName() + ": " + task.getProblem()));
    output.line("");
    output.line("Files looked for, and the directories below a data root they are looked for in:");
    known.getTasksList().stream()
        .map(
            task ->
                "  %s: %s in %s"
                    .formatted(
                        task.getName().replaceFirst("^hans/.*", "hans"),
                        text(
                            Stream.concat(
                                    task.getOwnFilesList().stream(), task.getFilesList().stream())
                                .toList()),
                        text(task.getDirectoriesList())))
        .distinct()
        .forEach(output::line);
    return ExitCode.OK;
  }

  @Command(
      description =
          "Have the server read a task's file and tell its layout, its rows and labels, and the"
              + " first rows.")
  int show(
      @Mixin ServerOptions server,
      @Mixin OutputOptions output,
      @Parameters(paramLabel = "NAME", description = "The task, for example mnli/train.")
          String name,
      @Parameters(
              paramLabel = "PATH",
              arity = "0..1",
              description =
                  "Its file below a data root, or a directory that holds it under a published name;"
                      + " default: looked for in every data root.")
          @Nullable String path,
      @Option(names = "--rows", defaultValue = "3", description = SplitText.ROWS) int rows) {
    TaskSplit.Builder task = TaskSplit.newBuilder().setName(name);
    if (path != null) {
      task.setUri(SplitArgument.located(path, context.workingDirectory()));
    }
    SplitText.show(server, output, DatasetSplit.newBuilder().setTask(task).build(), rows);
    return ExitCode.OK;
  }

  private static String text(List<String> names) {
    return String.join(", ", names);
  }
}
