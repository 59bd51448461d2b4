package dev.watershed.trainer.grpc;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.rpc.Code;
import dev.watershed.classifier.checkpoint.Digest;
import dev.watershed.classifier.data.DataRoots;
import dev.watershed.classifier.data.Datasets;
import dev.watershed.classifier.data.UploadedFiles;
import dev.watershed.server.ByteSize;
import dev.watershed.server.DiskConfiguration;
import dev.watershed.server.DiskSpace;
import dev.watershed.server.ErrorInterceptor;
import dev.watershed.server.Errors;
import dev.watershed.server.ValidationInterceptor;
import dev.watershed.server.dataset.InvalidInputs;
import dev.watershed.trainer.v1.DataServiceGrpc;
import dev.watershed.trainer.v1.DeleteUploadedFileRequest;
import dev.watershed.trainer.v1.DescribeSplitRequest;
import dev.watershed.trainer.v1.FileUpload;
import dev.watershed.trainer.v1.ListTasksRequest;
import dev.watershed.trainer.v1.ListUploadedFilesRequest;
import dev.watershed.trainer.v1.ListUploadedFilesResponse;
import dev.watershed.trainer.v1.UploadFileRequest;
import dev.watershed.trainer.v1.UploadFileResponse;
import dev.watershed.trainer.v1.UploadedFile;
import dev.watershed.type.v1.DatasetSplit;
import dev.watershed.type.v1.FileFormat;
import dev.watershed.type.v1.FileSplit;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.StatusException;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.stub.BlockingClientCall;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
final class UploadFileTest {
  private static final long MAX_FILE_BYTES = 3000;
  private static final long MAX_BYTES = 5000;

  private final AtomicLong usable = new AtomicLong(Long.MAX_VALUE);
  private Path home;
  private Path uploads;
  private Server server;
  private ManagedChannel channel;

  @BeforeEach
  void serve(@TempDir Path temporary) throws IOException {
    home = temporary;
    uploads = temporary.resolve("uploads");
    start(uploads);
  }

  private void start(@Nullable Path directory) throws IOException {
    var roots = new DataRoots(List.of(), directory);
    var datasets = new Datasets(roots);
    var files = new UploadedFiles(directory, MAX_FILE_BYTES, MAX_BYTES);
    String name = InProcessServerBuilder.generateName();
    var disk =
        new DiskSpace(new DiskConfiguration(List.of(), new ByteSize(1000)), path -> usable.get());
    var errors = new Errors(List.of(new InvalidInputs()));
    server =
        InProcessServerBuilder.forName(name)
            .addService(
                new DataService(
                    datasets,
                    roots,
                    files,
                    FileDeletionsFor.of(files, roots, datasets, disk, home),
                    disk))
            .intercept(new ValidationInterceptor())
            .intercept(new ErrorInterceptor(errors))
            .build()
            .start();
    channel = InProcessChannelBuilder.forName(name).build();
  }

  @AfterEach
  void stop() throws InterruptedException {
    channel.shutdownNow();
    server.shutdownNow().awaitTermination(10, TimeUnit.SECONDS);
  }

  @Test
  void upload_partsOfAFile_areOneThatSplitsCanName() throws Exception {
    var uploaded = upload("rows/dev.tsv", 22, "text\tlab", "el\n", "", "x\tno\ny\tyes\n");

    String content = "text\tlabel\nx\tno\ny\tyes\n";
    assertThat(uploaded.getUri()).isEqualTo("upload:rows/dev.tsv");
    assertThat(uploaded.getDigest().getSha256())
        .isEqualTo(Digest.of(content.getBytes(UTF_8)).sha256());
    assertThat(uploads.resolve("rows/dev.tsv")).hasContent(content);
    var described =
        DataServiceGrpc.newBlockingStub(channel)
            .describeSplit(
                DescribeSplitRequest.newBuilder()
                    .setSplit(
                        DatasetSplit.newBuilder()
                            .setFile(
                                FileSplit.newBuilder()
                                    .setUri(uploaded.getUri())
                                    .setFormat(FileFormat.FILE_FORMAT_TSV)
                                    .setTextColumn("text")
                                    .setLabelColumn("label")
                                    .setHasHeader(true)))
                    .build());
    assertThat(described.getSplit().getRowCount()).isEqualTo(2);
    assertThat(described.getSplit().getFile()).isEqualTo("rows/dev.tsv");
    assertNothingAside();
  }

  @Test
  void upload_underAPublishedName_isFoundAsTheTask() throws Exception {
    upload("MNLI/train.tsv", -1, "x");

    var tasks =
        DataServiceGrpc.newBlockingStub(channel).listTasks(ListTasksRequest.getDefaultInstance());

    assertThat(tasks.getTasks(0).getName()).isEqualTo("mnli/train");
    assertThat(tasks.getTasks(0).getFile()).isEqualTo("MNLI/train.tsv");
  }

  @Test
  void upload_sameNameAgain_isTheSameOrRefused() throws Exception {
    var first = upload("a.tsv", -1, "one");

    assertThat(upload("a.tsv", -1, "o", "ne")).isEqualTo(first);
    assertThat(upload("a.tsv", 3, "one")).isEqualTo(first);
    for (var refused :
        List.of(
            refusal("a.tsv", -1, "two"),
            refusal("a.tsv", 4, "four"),
            refusal("a.tsv/b", -1),
            refusal("a.tsv/b/c", -1))) {
      assertThat(refused.getCode()).isEqualTo(Code.ALREADY_EXISTS_VALUE);
      assertThat(Refusals.reason(refused)).isEqualTo("UPLOAD_NAME_TAKEN");
    }
    assertThat(uploads.resolve("a.tsv")).hasContent("one");
    assertNothingAside();
  }

  @Test
  void upload_tooLarge_isRefusedEarly() throws Exception {
    var said = refusal("a.tsv", MAX_FILE_BYTES + 1);
    var came = refusal("a.tsv", -1, "x".repeat(2000), "x".repeat(1001));
    upload("b.tsv", -1, "x".repeat(3000));
    var together = refusal("c.tsv", 2001);
    var togetherUnsaid = refusal("c.tsv", -1, "x".repeat(1500), "x".repeat(1000));

    assertThat(Refusals.reason(said)).isEqualTo("FILE_TOO_LARGE");
    assertThat(Refusals.reason(came)).isEqualTo("FILE_TOO_LARGE");
    for (var full : List.of(together, togetherUnsaid)) {
      assertThat(full.getCode()).isEqualTo(Code.RESOURCE_EXHAUSTED_VALUE);
      assertThat(Refusals.reason(full)).isEqualTo("UPLOADS_FULL");
      assertThat(full.getMessage()).contains("5000", "watershed.data.max-uploads");
    }
    assertThat(uploads.resolve("a.tsv")).doesNotExist();
    // What was refused takes no room, and a file that somebody deletes gives its back.
    upload("d.tsv", 2000, "x".repeat(2000));
    Files.delete(uploads.resolve("b.tsv"));
    upload("e.tsv", 3000, "x".repeat(3000));
    assertNothingAside();
  }

  @Test
  void upload_diskWithoutRoom_isRefused() throws Exception {
    usable.set(1500);

    var said = refusal("a.tsv", 501);
    var came = refusal("a.tsv", -1, "x".repeat(501));

    assertThat(Refusals.reason(said)).isEqualTo("DISK_FULL");
    assertThat(Refusals.reason(came)).isEqualTo("DISK_FULL");
    upload("a.tsv", 500, "x".repeat(500));
    assertNothingAside();
  }

  @Test
  void upload_thatBreaksOff_leavesNothing() throws Exception {
    var call = begin("a.tsv", -1, "half");
    // The second file shows that the first is being taken.
    upload("b.tsv", -1, "whole");
    call.cancel("changed my mind", null);
    awaitNothingAside();

    assertThat(uploads.resolve("a.tsv")).doesNotExist();
    var fewer = refusal("a.tsv", 5, "four");
    var more = refusal("a.tsv", 3, "four");
    assertThat(Refusals.reason(fewer)).isEqualTo("UPLOAD_INCOMPLETE");
    assertThat(Refusals.reason(more)).isEqualTo("UPLOAD_INCOMPLETE");
    assertThat(uploads.resolve("a.tsv")).doesNotExist();
    assertNothingAside();
  }

  @Test
  void upload_whoseDeadlinePasses_leavesNothing() throws Exception {
    var call =
        DataServiceGrpc.newBlockingV2Stub(channel)
            .withDeadlineAfter(300, TimeUnit.MILLISECONDS)
            .uploadFile();
    call.write(message("a.tsv", -1, "half"));

    awaitNothingAside();

    assertThat(uploads.resolve("a.tsv")).doesNotExist();
  }

  @Test
  void upload_namesThatLeadElsewhere_areRefused() throws Exception {
    for (String name : List.of("../a", "/a", "a//b", "a/../../b", ".hidden", "a/b/c/d/e/f", "")) {
      var refused = refusal(name, -1, "x");

      assertThat(refused.getCode()).as(name).isEqualTo(Code.INVALID_ARGUMENT_VALUE);
      assertThat(Refusals.fields(refused)).as(name).containsExactly("file.name");
    }
    assertNothingAside();
  }

  @Test
  void upload_messagesOutOfOrder_areRefused() throws Exception {
    var none = DataServiceGrpc.newBlockingV2Stub(channel).uploadFile();
    var headless = DataServiceGrpc.newBlockingV2Stub(channel).uploadFile();
    headless.write(UploadFileRequest.newBuilder().setContent(ByteString.copyFromUtf8("x")).build());
    var twice = begin("a.tsv", -1, "x");
    twice.write(message("b.tsv", -1, "y"));

    for (var call : List.of(none, headless, twice)) {
      var refused = Refusals.of(() -> answer(call));
      assertThat(refused.getCode()).isEqualTo(Code.INVALID_ARGUMENT_VALUE);
      assertThat(Refusals.reason(refused)).isEqualTo("UPLOAD_MALFORMED");
    }
    assertNothingAside();
  }

  @Test
  void start_leftoversOfAKilledProcess_areDeleted() throws Exception {
    upload("a.tsv", -1, "x");
    stop();
    Files.createDirectory(uploads.resolve(".incoming-dead"));
    Files.writeString(uploads.resolve(".incoming-dead/file"), "half");

    start(uploads);

    assertNothingAside();
    assertThat(uploads.resolve("a.tsv")).hasContent("x");
  }

  @Test
  void upload_serverWithoutAFolder_saysSo() throws Exception {
    stop();
    start(null);

    var refused = refusal("a.tsv", -1, "x");

    assertThat(refused.getCode()).isEqualTo(Code.FAILED_PRECONDITION_VALUE);
    assertThat(Refusals.reason(refused)).isEqualTo("UPLOADS_OFF");
  }

  @Test
  void list_pages_giveEveryWholeFileOnceByName() throws Exception {
    for (String name : List.of("b.tsv", "MNLI/train.tsv", "a.tsv")) {
      upload(name, -1, name);
    }
    var half = begin("half.tsv", -1, "half");
    upload("whole.tsv", -1, "");

    var first = list(3, "");
    var second = list(3, first.getNextPageToken());

    assertThat(first.getFilesList())
        .extracting(UploadedFile::getName)
        .containsExactly("MNLI/train.tsv", "a.tsv", "b.tsv");
    assertThat(first.getFiles(0).getUri()).isEqualTo("upload:MNLI/train.tsv");
    assertThat(first.getFiles(0).getSizeBytes()).isEqualTo("MNLI/train.tsv".length());
    assertThat(first.getFiles(0).hasCreateTime()).isTrue();
    assertThat(second.getFilesList())
        .extracting(UploadedFile::getName)
        .containsExactly("whole.tsv");
    assertThat(second.getNextPageToken()).isEmpty();
    half.cancel("enough", null);
  }

  @Test
  void delete_file_takesItsFoldersAndGivesItsRoomBack() throws Exception {
    var before = tree();
    upload("a/b/c.tsv", -1, "x".repeat(3000));
    upload("a/d.tsv", -1, "x".repeat(2000));
    assertThat(Refusals.reason(refusal("e.tsv", 1, "x"))).isEqualTo("UPLOADS_FULL");

    delete("a/b/c.tsv", false);

    assertThat(uploads.resolve("a/b")).doesNotExist();
    assertThat(uploads.resolve("a/d.tsv")).exists();
    // Any content may have the name now.
    upload("a/b/c.tsv", -1, "y".repeat(3000));
    delete("a/b/c.tsv", false);
    delete("a/d.tsv", false);
    assertThat(tree()).isEqualTo(before);
    assertThat(list(0, "").getFilesList()).isEmpty();
  }

  @Test
  void delete_whatIsNotThere_isNotFoundUnlessThatIsAsWell() throws Exception {
    upload("a/b.tsv", -1, "x");

    for (String name : List.of("none.tsv", "a", "a/b.tsv/c")) {
      var refused = Refusals.of(() -> delete(name, false));
      assertThat(refused.getCode()).as(name).isEqualTo(Code.NOT_FOUND_VALUE);
      assertThat(Refusals.reason(refused)).as(name).isEqualTo("UPLOADED_FILE_NOT_FOUND");
      delete(name, true);
    }
    assertThat(Refusals.fields(Refusals.of(() -> delete("../a", false)))).containsExactly("name");
    assertThat(uploads.resolve("a/b.tsv")).hasContent("x");
  }

  private List<Path> tree() throws IOException {
    try (var files = Files.walk(uploads)) {
      return files.sorted().toList();
    }
  }

  private ListUploadedFilesResponse list(int size, String token) {
    return DataServiceGrpc.newBlockingStub(channel)
        .listUploadedFiles(
            ListUploadedFilesRequest.newBuilder().setPageSize(size).setPageToken(token).build());
  }

  private void delete(String name, boolean allowMissing) {
    var unused =
        DataServiceGrpc.newBlockingStub(channel)
            .deleteUploadedFile(
                DeleteUploadedFileRequest.newBuilder()
                    .setName(name)
                    .setAllowMissing(allowMissing)
                    .build());
  }

  private com.google.rpc.Status refusal(String name, long size, String... parts) {
    return Refusals.of(() -> upload(name, size, parts));
  }

  private UploadFileResponse upload(String name, long size, String... parts) throws Exception {
    var call = begin(name, size, "");
    for (String part : parts) {
      write(call, UploadFileRequest.newBuilder().setContent(ByteString.copyFromUtf8(part)).build());
    }
    return answer(call);
  }

  private BlockingClientCall<UploadFileRequest, UploadFileResponse> begin(
      String name, long size, String content) throws Exception {
    var call = DataServiceGrpc.newBlockingV2Stub(channel).uploadFile();
    write(call, message(name, size, content));
    return call;
  }

  /** What ends a call is told by its answer. */
  private static <Q> void write(BlockingClientCall<Q, ?> call, Q message)
      throws InterruptedException {
    try {
      call.write(message);
    } catch (StatusException e) {
      assertThat(e.getStatus().isOk()).isFalse();
    }
  }

  private static <A> A answer(BlockingClientCall<?, A> call) throws InterruptedException {
    try {
      call.halfClose();
      return call.read();
    } catch (StatusException e) {
      throw e.getStatus().asRuntimeException(e.getTrailers());
    }
  }

  private static UploadFileRequest message(String name, long size, String content) {
    var file = FileUpload.newBuilder().setName(name);
    if (size >= 0) {
      file.setSizeBytes(size);
    }
    return UploadFileRequest.newBuilder()
        .setFile(file)
        .setContent(ByteString.copyFromUtf8(content))
        .build();
  }

  private void assertNothingAside() throws IOException {
    try (var files = Files.list(uploads)) {
      assertThat(files.map(Path::getFileName).map(Path::toString))
          .noneMatch(name -> name.startsWith("."));
    }
  }

  /** A call that its client ended ends on the server a little later. */
  private void awaitNothingAside() throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (System.nanoTime() < end) {
      try (var files = Files.list(uploads)) {
        if (files.noneMatch(file -> file.getFileName().toString().startsWith("."))) {
          return;
        }
      }
      Thread.onSpinWait();
    }
    assertNothingAside();
  }
}
