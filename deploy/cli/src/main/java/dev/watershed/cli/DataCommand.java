package dev.watershed.cli;

import com.google.protobuf.util.Timestamps;
import dev.watershed.cli.terminal.TextTable;
import dev.watershed.client.AllPages;
import dev.watershed.input.Quoted;
import dev.watershed.trainer.v1.DataServiceGrpc;
import dev.watershed.trainer.v1.DeleteUploadedFileRequest;
import dev.watershed.trainer.v1.FileUpload;
import dev.watershed.trainer.v1.ListLabelMappingsRequest;
import dev.watershed.trainer.v1.ListUploadedFilesRequest;
import dev.watershed.trainer.v1.ListUploadedFilesResponse;
import dev.watershed.trainer.v1.NamedLabelMapping;
import dev.watershed.trainer.v1.UploadFileRequest;
import dev.watershed.trainer.v1.UploadFileResponse;
import dev.watershed.trainer.v1.UploadedFile;
import dev.watershed.type.v1.LabelMappingEntry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Looks at data as the server reads them, and brings it some. */
@Command(
    name = "data",
    description =
        "Look at data as the server reads them, send it files and delete them, and list the label"
            + " mappings it knows.",
    footer = {
      "",
      "Examples:",
      "  watershed data show file:dev.tsv,text=sentence,label=label",
      "  watershed data show task:mnli/train,subset=0..0.08,subset-seed=42 --rows 5",
      "  watershed data upload dev.tsv",
      "  watershed data upload glue_data/MNLI/train.tsv --name MNLI/train.tsv",
      "  watershed data list",
      "  watershed data delete dev.tsv",
      "  watershed data mappings"
    })
final class DataCommand {
  private static final String UPLOAD = "upload:";

  private final CommandContext context;

  DataCommand(CommandContext context) {
    this.context = context;
  }

  @Command(description = "Tell the rows, labels and digest of data, and its first rows.")
  int show(
      @Mixin ServerOptions server,
      @Mixin OutputOptions output,
      @Parameters(paramLabel = "DATA", description = DataArgument.SPLIT_SYNTAX) String data,
      @Option(names = "--rows", defaultValue = "3", description = SplitText.ROWS) int rows) {
    var split = DataArgument.parse(data, context.workingDirectory(), server.tasks()).split();
    SplitText.show(server, output, split, rows);
    return ExitCode.OK;
  }

  @Command(
      description = {
        "Send a file to the server, for one whose disk is not this one's. What it answers stands for"
            + " the file in data: file:upload:NAME,text=..., task:mnli/train=upload:NAME.",
        "A file is never changed: the same again changes nothing, another needs another name."
      })
  int upload(
      @Mixin ServerOptions server,
      @Mixin OutputOptions output,
      @Parameters(paramLabel = "FILE") Path file,
      @Option(
              names = "--name",
              paramLabel = "NAME",
              description =
                  "What it is called there (its own name). With slashes, MNLI/train.tsv, a task's file"
                      + " gets the name under which task:mnli/train finds it.")
          @Nullable String name) {
    Path here = context.workingDirectory().resolve(file);
    if (!Files.isRegularFile(here)) {
      throw CommandException.badInput("there is no file " + file + " here");
    }
    String called = name != null ? name : String.valueOf(here.getFileName());
    if (!called.matches("[A-Za-z0-9_][A-Za-z0-9._/-]*")) {
      throw CommandException.badInput(
          "the file cannot be called '"
              + Quoted.of(called)
              + "' there: a name has letters, digits, dots, dashes and underscores, and up to five"
              + " parts with slashes between them; say another with --name");
    }
    var call = DataServiceGrpc.newBlockingV2Stub(server.channel()).uploadFile();
    UploadFileResponse uploaded;
    try (var upload = new Upload<>(call, output.terminal())) {
      upload.send(
          UploadFileRequest.newBuilder()
              .setFile(FileUpload.newBuilder().setName(called).setSizeBytes(size(here)))
              .build());
      upload.send(called, here, part -> UploadFileRequest.newBuilder().setContent(part).build());
      uploaded = upload.answer();
    }
    if (output.json) {
      output.message(uploaded);
    } else {
      output.line("uri     " + uploaded.getUri());
      output.line("digest  " + uploaded.getDigest().getSha256());
      output.line("bytes   " + uploaded.getDigest().getSizeBytes());
    }
    return ExitCode.OK;
  }

  @Command(description = "List the files that were sent, by name.")
  int list(@Mixin ServerOptions server, @Mixin OutputOptions output) {
    ListUploadedFilesRequest.Builder request =
        ListUploadedFilesRequest.newBuilder().setPageSize(1000);
    List<UploadedFile> files =
        AllPages.of(
            token ->
                DataServiceGrpc.newBlockingStub(server.channel())
                    .withDeadlineAfter(ServerOptions.LOOKUP_SECONDS, TimeUnit.SECONDS)
                    .listUploadedFiles(request.setPageToken(token).build()),
            ListUploadedFilesResponse::getFilesList,
            ListUploadedFilesResponse::getNextPageToken);
    if (output.json) {
      output.message(ListUploadedFilesResponse.newBuilder().addAllFiles(files));
      return ExitCode.OK;
    }
    TextTable table = new TextTable("file", "bytes", "sent");
    for (UploadedFile file : files) {
      table.row(
          file.getUri(),
          String.valueOf(file.getSizeBytes()),
          Timestamps.toString(file.getCreateTime()));
    }
    output.table(table);
    return ExitCode.OK;
  }

  @Command(
      description =
          "Delete files that were sent. One that a run reads which has not ended is refused; studies"
              + " are no hindrance. What is refused does not keep the others from it. There is no way"
              + " back.")
  int delete(
      @Mixin ServerOptions server,
      @Mixin OutputOptions output,
      @Parameters(
              paramLabel = "NAME",
              arity = "1..*",
              description = "What 'data list' calls it, with or without upload: before it.")
          List<String> names) {
    return DeleteSeries.run(
        names.stream().map(DataCommand::uri).distinct().toList(),
        uri -> {
          var unused =
              DataServiceGrpc.newBlockingStub(server.channel())
                  .deleteUploadedFile(
                      DeleteUploadedFileRequest.newBuilder()
                          .setName(uri.substring(UPLOAD.length()))
                          .build());
          return List.of();
        },
        output);
  }

  private static String uri(String name) {
    return name.startsWith(UPLOAD) ? name : UPLOAD + name;
  }

  static long size(Path file) {
    try {
      return Files.size(file);
    } catch (IOException e) {
      throw CommandException.badInput("cannot read " + file + ": " + Failures.sentence(e));
    }
  }

  @Command(description = "List the published mappings of one task's labels to another's models.")
  int mappings(@Mixin ServerOptions server, @Mixin OutputOptions output) {
    var known =
        DataServiceGrpc.newBlockingStub(server.channel())
            .withDeadlineAfter(ServerOptions.LOOKUP_SECONDS, TimeUnit.SECONDS)
            .listLabelMappings(ListLabelMappingsRequest.getDefaultInstance());
    if (output.json) {
      output.message(known);
      return ExitCode.OK;
    }
    TextTable table = new TextTable("mapping", "labels", "description", "source");
    for (NamedLabelMapping named : known.getLabelMappingsList()) {
      table.row(
          named.getName(),
          named.getMapping().getEntriesList().stream()
              .map(DataCommand::entry)
              .collect(Collectors.joining(", ")),
          named.getDescription(),
          named.getSource());
    }
    output.table(table);
    return ExitCode.OK;
  }

  private static String entry(LabelMappingEntry entry) {
    return entry.getDataLabel() + " = " + String.join(" + ", entry.getModelLabelsList());
  }
}
