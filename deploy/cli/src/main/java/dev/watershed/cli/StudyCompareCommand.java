package dev.watershed.cli;

import dev.watershed.analysis.v1.CompareStudiesRequest;
import dev.watershed.analysis.v1.CompareStudiesResponse;
import dev.watershed.analysis.v1.StudyServiceGrpc;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Two studies' models as those of two recipes. */
@Command(
    name = "compare",
    description = {
      "Compare the models of two studies as those of two recipes, or of two lengths of pretraining:"
          + " do those of one lie closer together? Both must be measured on one sample at the same"
          + " alphas.",
      "The units are models: means over pairs, intervals by leaving out each model in turn, Welch's"
          + " t. Studies whose models have the same labels, such as the same seeds, are compared pair"
          + " by pair. Five models a group say almost nothing; halving the gap takes about twelve."
    },
    footer = {
      "",
      "Examples:",
      "  watershed study compare STUDY-OF-ONE-RECIPE STUDY-OF-ANOTHER",
      "  watershed study compare STUDY1 STUDY2 --unpaired --csv"
    })
final class StudyCompareCommand implements Callable<Integer> {
  @Mixin private ServerOptions server;
  @Mixin private OutputOptions output;
  @Mixin private TableOptions table = new TableOptions();

  @Parameters(index = "0", paramLabel = "FIRST", description = "A study that has succeeded.")
  private String first = "";

  @Parameters(index = "1", paramLabel = "SECOND", description = "Another.")
  private String second = "";

  @Option(
      names = "--unpaired",
      description = "Equal labels mean nothing: take the groups for independent.")
  private boolean unpaired;

  StudyCompareCommand(CommandContext context) {
    this.server = new ServerOptions(context);
    this.output = new OutputOptions(context);
  }

  @Override
  public Integer call() {
    table.requireAlone(output);
    CompareStudiesResponse found =
        StudyServiceGrpc.newBlockingStub(server.channel())
            .compareStudies(
                CompareStudiesRequest.newBuilder()
                    .setFirst(NameArguments.study(first))
                    .setSecond(NameArguments.study(second))
                    .setUnpaired(unpaired)
                    .build());
    if (table.wanted()) {
      GroupsText.rows(found.getComparisonsList()).forEach(row -> output.line(table.row(row)));
    } else if (output.json()) {
      output.message(found);
    } else {
      GroupsText.lines(found.getComparisonsList()).forEach(output::line);
      output.line("");
      output.line(found.getFinding());
      found.getWarningsList().forEach(one -> output.line("warning: " + one.getMessage()));
    }
    return ExitCode.OK;
  }
}
