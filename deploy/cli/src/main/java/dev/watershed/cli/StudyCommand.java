package dev.watershed.cli;

import dev.watershed.analysis.v1.CancelStudyRequest;
import dev.watershed.analysis.v1.CreateStudyRequest;
import dev.watershed.analysis.v1.CreateStudyResponse;
import dev.watershed.analysis.v1.DeleteStudyRequest;
import dev.watershed.analysis.v1.GetStudyRequest;
import dev.watershed.analysis.v1.ListStudiesRequest;
import dev.watershed.analysis.v1.ListStudiesResponse;
import dev.watershed.analysis.v1.Study;
import dev.watershed.analysis.v1.StudyModel;
import dev.watershed.analysis.v1.StudyReport;
import dev.watershed.analysis.v1.StudyServiceGrpc;
import dev.watershed.analysis.v1.StudySpec;
import dev.watershed.analysis.v1.StudyState;
import dev.watershed.analysis.v1.WatchStudyResponse;
import dev.watershed.cli.terminal.ProgressBoard;
import dev.watershed.cli.terminal.TextTable;
import dev.watershed.client.AllPages;
import dev.watershed.input.ResourceName;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Makes studies of models and shows what they found. */
@Command(
    name = "study",
    subcommands = {StudyPlanCommand.class, StudyCompareCommand.class, StudyDifferenceCommand.class},
    description =
        "Plan, create, list, show, follow, cancel, export, compare and delete studies: all pairs of some models on an"
            + " in-domain sample, each model on diagnostics, and the basins that follow.",
    footer = {
      "",
      "Examples:",
      "  watershed study create M1 M2=second M3 M4 --wait --out study-1 \\",
      "      --in-domain builtin:miniature/validation,size=512,seed=1 \\",
      "      --diagnostic builtin:miniature/diagnostic-not-entailed \\",
      "      --diagnostic builtin:miniature/probe-verb,group=strategy",
      "  watershed study create M1 M2 M3 M4 --wait --alphas adaptive --tolerance 0.005 \\",
      "      --in-domain builtin:miniature/validation,size=512,seed=1",
      "  watershed study create M1 M2 M3 M4 --wait --half-width 0.005 --max-examples 20000 \\",
      "      --in-domain task:mnli/train,seed=1",
      "  watershed study create --spec study.json",
      "  watershed study report STUDY",
      "  watershed study export STUDY --out study-1",
      "  watershed study compare STUDY STUDY",
      "  watershed study delete STUDY"
    })
final class StudyCommand {
  /** Which models, and how they are measured. */
  static final class SpecOptions {
    @Parameters(
        paramLabel = "CHECKPOINT[=LABEL]",
        arity = "0..*",
        description = "The models and what figures call them.")
    List<String> models = new ArrayList<>();

    @Option(names = "--name", description = "A name for people.")
    @Nullable String name;

    @Mixin StudyOptions study = new StudyOptions();

    @Option(
        names = "--request-id",
        paramLabel = "ID",
        description = "Makes it safe to repeat the command.")
    String requestId = "";

    private StudySpec spec(CommandContext context, TaskCatalogue tasks) {
      StudySpec.Builder spec = study.spec(context, tasks);
      if (name != null) {
        spec.setDisplayName(name);
      }
      if (!models.isEmpty()) {
        spec.clearModels();
        for (String model : models) {
          addModel(spec, model);
        }
      }
      if (spec.getModelsCount() < 2) {
        throw CommandException.badInput(
            "a study wants at least two models, not " + spec.getModelsCount());
      }
      return spec.build();
    }

    private static void addModel(StudySpec.Builder spec, String text) {
      int equals = text.indexOf('=');
      String checkpoint = equals < 0 ? text : text.substring(0, equals);
      spec.addModels(
          StudyModel.newBuilder()
              .setCheckpoint(NameArguments.checkpoint(checkpoint))
              .setLabel(equals < 0 ? "" : text.substring(equals + 1)));
    }
  }

  private final CommandContext context;

  StudyCommand(CommandContext context) {
    this.context = context;
  }

  @Command(description = "Create a study; follow it with --wait.")
  int create(
      @Mixin ServerOptions server,
      @Mixin OutputOptions output,
      @Mixin SpecOptions options,
      @Option(names = "--wait", description = "Follow it to its end. Ctrl-C detaches.")
          boolean wait,
      @Option(
              names = "--out",
              paramLabel = "DIR",
              description = "With --wait: write the report's files here.")
          Path out,
      @Mixin TableFiles tables) {
    tables.requireFiles(out);
    if (out != null && !wait) {
      throw CommandException.badInput("--out needs --wait; later use 'watershed study export'");
    }
    CreateStudyRequest request =
        CreateStudyRequest.newBuilder()
            .setSpec(options.spec(context, server.tasks()))
            .setRequestId(options.requestId)
            .build();
    CreateStudyResponse created = lookup(server).createStudy(request);
    created.getNoticesList().forEach(notice -> output.remark("notice: " + notice));
    Study study = created.getStudy();
    if (!wait) {
      show(List.of(study), output);
      if (!output.json) {
        output.remark(
            "Follow it with 'watershed study watch " + ResourceName.id(study.getName()) + "'.");
      }
      return ExitCode.OK;
    }
    Study ended = follow(server, output, study.getName(), update -> {});
    if (ended.getState() != StudyState.STUDY_STATE_SUCCEEDED) {
      show(List.of(ended), output);
      return exitCode(ended);
    }
    StudyReport report = report(server, ended.getName());
    if (out != null) {
      export(server, ended.getName(), out, tables);
    }
    showReport(report, output);
    return ExitCode.OK;
  }

  @Command(description = "List studies, oldest first.")
  int list(@Mixin ServerOptions server, @Mixin OutputOptions output) {
    ListStudiesRequest.Builder request = ListStudiesRequest.newBuilder().setPageSize(1000);
    List<Study> studies =
        AllPages.of(
            token -> lookup(server).listStudies(request.setPageToken(token).build()),
            ListStudiesResponse::getStudiesList,
            ListStudiesResponse::getNextPageToken);
    if (output.json) {
      output.message(ListStudiesResponse.newBuilder().addAllStudies(studies));
    } else {
      show(studies, output);
    }
    return ExitCode.OK;
  }

  @Command(description = "Show one study.")
  int get(
      @Mixin ServerOptions server,
      @Mixin OutputOptions output,
      @Parameters(paramLabel = "STUDY") String name) {
    GetStudyRequest request =
        GetStudyRequest.newBuilder().setName(NameArguments.study(name)).build();
    show(List.of(lookup(server).getStudy(request).getStudy()), output);
    return ExitCode.OK;
  }

  @Command(
      description = {
        "Follow a study to its end. Ctrl-C detaches; the study goes on.",
        "With --json every change is one line."
      })
  int watch(
      @Mixin ServerOptions server,
      @Mixin OutputOptions output,
      @Parameters(paramLabel = "STUDY") String name) {
    Study ended =
        follow(
            server,
            output,
            NameArguments.study(name),
            study -> {
              if (output.json) {
                output.streamed(WatchStudyResponse.newBuilder().setStudy(study));
              }
            });
    if (!output.json) {
      show(List.of(ended), output);
    }
    return exitCode(ended);
  }

  @Command(description = "Stop a study; the points it has are kept.")
  int cancel(
      @Mixin ServerOptions server,
      @Mixin OutputOptions output,
      @Parameters(paramLabel = "STUDY") String name) {
    CancelStudyRequest request =
        CancelStudyRequest.newBuilder().setName(NameArguments.study(name)).build();
    show(List.of(lookup(server).cancelStudy(request).getStudy()), output);
    return ExitCode.OK;
  }

  @Command(
      description = {
        "Delete studies that have ended, with their points and reports. Points that other studies took"
            + " over stay theirs.",
        "What is refused does not keep the others from it. There is no way back."
      })
  int delete(
      @Mixin ServerOptions server,
      @Mixin OutputOptions output,
      @Parameters(paramLabel = "STUDY", arity = "1..*") List<String> names,
      @Option(names = "--force", description = "Cancel those that have not ended.") boolean force) {
    return DeleteSeries.run(
        names.stream().map(NameArguments::study).distinct().toList(),
        name -> {
          // A large study has millions of points: no deadline.
          var unused =
              StudyServiceGrpc.newBlockingStub(server.channel())
                  .deleteStudy(
                      DeleteStudyRequest.newBuilder().setName(name).setForce(force).build());
          return List.of();
        },
        output);
  }

  @Command(description = "Show what a study found: models, clusters, the matrix, the fits.")
  int report(
      @Mixin ServerOptions server,
      @Mixin OutputOptions output,
      @Parameters(paramLabel = "STUDY") String name) {
    showReport(report(server, NameArguments.study(name)), output);
    return ExitCode.OK;
  }

  @Command(
      description =
          "Write a study's report.html, JSON, and tables as CSV and Parquet to a directory.")
  int export(
      @Mixin ServerOptions server,
      @Mixin OutputOptions output,
      @Parameters(paramLabel = "STUDY") String name,
      @Option(names = "--out", paramLabel = "DIR", required = true) Path out,
      @Mixin TableFiles tables) {
    for (Path file : export(server, NameArguments.study(name), out, tables)) {
      output.line(
          output.json ? "{\"file\":" + Json.quoted(file.toString()) + "}" : file.toString());
    }
    return ExitCode.OK;
  }

  private Study follow(
      ServerOptions server, OutputOptions output, String name, Consumer<Study> show) {
    try (ProgressBoard board = new ProgressBoard(output.terminal());
        Interrupt interrupt =
            new Interrupt(
                output.terminal(),
                "Detached; the study goes on. Stop it with 'watershed study cancel "
                    + ResourceName.id(name)
                    + "'.",
                () -> {})) {
      return StudyFollower.follow(server.channel(), name, board, show);
    }
  }

  private List<Path> export(ServerOptions server, String name, Path out, TableFiles tables) {
    return tables.written(
        StudyExport.write(server.channel(), name, context.workingDirectory().resolve(out)));
  }

  private static StudyReport report(ServerOptions server, String name) {
    return WholeReport.of(server.channel(), name);
  }

  private static StudyServiceGrpc.StudyServiceBlockingStub lookup(ServerOptions server) {
    return StudyServiceGrpc.newBlockingStub(server.channel())
        .withDeadlineAfter(ServerOptions.LOOKUP_SECONDS, TimeUnit.SECONDS);
  }

  private static void showReport(StudyReport report, OutputOptions output) {
    if (output.json) {
      output.message(report);
    } else {
      ReportText.lines(report, output.terminal()).forEach(output::line);
    }
  }

  private static void show(List<Study> studies, OutputOptions output) {
    if (output.json) {
      studies.forEach(output::message);
      return;
    }
    TextTable table = new TextTable("study", "name", "models", "state", "points", "of");
    for (Study study : studies) {
      table.row(
          ResourceName.id(study.getName()),
          study.getSpec().getDisplayName(),
          String.valueOf(study.getModelCount()),
          StudyFollower.word(study.getState()),
          String.valueOf(study.getProgress().getCompletedPoints()),
          String.valueOf(study.getProgress().getTotalPoints()));
    }
    output.table(table);
    for (Study study : studies) {
      if (study.hasError()) {
        output.line(ResourceName.id(study.getName()) + ":");
        ErrorReport.lines(study.getError()).forEach(line -> output.line("  " + line));
      }
    }
  }

  private static int exitCode(Study ended) {
    return switch (ended.getState()) {
      case STUDY_STATE_SUCCEEDED -> ExitCode.OK;
      case STUDY_STATE_CANCELLED -> ExitCode.CANCELLED;
      default -> ExitCode.FAILED;
    };
  }
}
