package dev.watershed.trainer.grpc;

import com.google.protobuf.ByteString;
import com.google.protobuf.util.Timestamps;
import dev.watershed.classifier.data.DataRoots;
import dev.watershed.classifier.data.Datasets;
import dev.watershed.classifier.data.PublishedMapping;
import dev.watershed.classifier.data.Split;
import dev.watershed.classifier.data.TaskSplit;
import dev.watershed.classifier.data.Tasks;
import dev.watershed.classifier.data.UploadedFiles;
import dev.watershed.input.InvalidInputException;
import dev.watershed.server.ClientStream;
import dev.watershed.server.DiskSpace;
import dev.watershed.server.PageToken;
import dev.watershed.server.Pages;
import dev.watershed.server.RefusedException;
import dev.watershed.server.dataset.ClassifierMessages;
import dev.watershed.server.dataset.Samples;
import dev.watershed.trainer.engine.SplitPreview;
import dev.watershed.trainer.run.FileDeletions;
import dev.watershed.trainer.v1.DataServiceGrpc;
import dev.watershed.trainer.v1.DeleteUploadedFileRequest;
import dev.watershed.trainer.v1.DeleteUploadedFileResponse;
import dev.watershed.trainer.v1.DescribeSplitRequest;
import dev.watershed.trainer.v1.DescribeSplitResponse;
import dev.watershed.trainer.v1.ListLabelMappingsRequest;
import dev.watershed.trainer.v1.ListLabelMappingsResponse;
import dev.watershed.trainer.v1.ListTasksRequest;
import dev.watershed.trainer.v1.ListTasksResponse;
import dev.watershed.trainer.v1.ListUploadedFilesRequest;
import dev.watershed.trainer.v1.ListUploadedFilesResponse;
import dev.watershed.trainer.v1.NamedLabelMapping;
import dev.watershed.trainer.v1.Task;
import dev.watershed.trainer.v1.UploadFileRequest;
import dev.watershed.trainer.v1.UploadFileResponse;
import dev.watershed.trainer.v1.UploadedFile;
import dev.watershed.type.v1.LabelMapping;
import dev.watershed.type.v1.LabelMappingEntry;
import dev.watershed.type.v1.LogitReduction;
import dev.watershed.type.v1.Score;
import io.grpc.stub.StreamObserver;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;

/** {@code DataService}: what is known of data by name, and what is in the files. */
@Singleton
public final class DataService extends DataServiceGrpc.DataServiceImplBase {
  private static final int PLACES = 4;

  /** What lists of uploaded files answer. */
  private static final String LISTED = "uploads";

  private final Datasets datasets;
  private final DataRoots roots;
  private final SplitPreview preview;
  private final Places places = new Places(PLACES);

  private final UploadedFiles uploads;
  private final FileDeletions deletions;
  private final DiskSpace disk;
  private final Places taking = new Places(Uploads.PLACES);

  public DataService(
      Datasets datasets,
      DataRoots roots,
      UploadedFiles uploads,
      FileDeletions deletions,
      DiskSpace disk) {
    this.datasets = datasets;
    this.roots = roots;
    this.uploads = uploads;
    this.deletions = deletions;
    this.disk = disk;
    this.preview = new SplitPreview(datasets, roots);
  }

  @Override
  public void listTasks(ListTasksRequest request, StreamObserver<ListTasksResponse> observer) {
    var response = ListTasksResponse.newBuilder().setCatalogueVersion(Tasks.version());
    for (var task : Tasks.all()) {
      Places.throwIfUnwanted();
      response.addTasks(message(task));
    }
    observer.onNext(response.build());
    observer.onCompleted();
  }

  @Override
  public void listLabelMappings(
      ListLabelMappingsRequest request, StreamObserver<ListLabelMappingsResponse> observer) {
    var response = ListLabelMappingsResponse.newBuilder();
    PublishedMapping.all().forEach(mapping -> response.addLabelMappings(message(mapping)));
    observer.onNext(response.build());
    observer.onCompleted();
  }

  @Override
  public void describeSplit(
      DescribeSplitRequest request, StreamObserver<DescribeSplitResponse> observer) {
    try {
      observer.onNext(
          places.in(
              () ->
                  Samples.within(
                      "split",
                      () ->
                          preview.of(
                              request.getSplit(),
                              request.getFirstRowCount(),
                              Places::throwIfUnwanted))));
      observer.onCompleted();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public StreamObserver<UploadFileRequest> uploadFile(StreamObserver<UploadFileResponse> observer) {
    return ClientStream.read(observer, stream -> taking.in(() -> take(stream)));
  }

  @Override
  public void listUploadedFiles(
      ListUploadedFilesRequest request, StreamObserver<ListUploadedFilesResponse> observer) {
    String after = PageToken.read(request.getPageToken(), LISTED, "");
    int limit = Pages.size(request.getPageSize());
    try {
      var rest =
          uploads.list(Places::throwIfUnwanted).stream()
              .filter(file -> file.name().compareTo(after) > 0)
              .toList();
      var page = Pages.fitting(rest.stream().limit(limit).map(DataService::message).toList());
      var response = ListUploadedFilesResponse.newBuilder().addAllFiles(page);
      if (rest.size() > page.size()) {
        response.setNextPageToken(PageToken.write(LISTED, page.getLast().getName()));
      }
      observer.onNext(response.build());
      observer.onCompleted();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void deleteUploadedFile(
      DeleteUploadedFileRequest request, StreamObserver<DeleteUploadedFileResponse> observer) {
    String name = request.getName();
    if (!deletions.delete(name) && !request.getAllowMissing()) {
      throw RefusedException.notFound(
          "UPLOADED_FILE_NOT_FOUND",
          "uploads/" + name,
          "There is no uploaded file \"" + name + "\"; list the uploaded files.");
    }
    observer.onNext(DeleteUploadedFileResponse.getDefaultInstance());
    observer.onCompleted();
  }

  private static UploadedFile message(UploadedFiles.Listed file) {
    return UploadedFile.newBuilder()
        .setName(file.name())
        .setUri(file.uri())
        .setSizeBytes(file.sizeBytes())
        .setCreateTime(Timestamps.fromMillis(file.time().toEpochMilli()))
        .build();
  }

  private UploadFileResponse take(ClientStream<UploadFileRequest> stream)
      throws IOException, InterruptedException {
    var first = stream.next().orElse(UploadFileRequest.getDefaultInstance());
    Uploads.requireBegun(first.hasFile(), "file");
    var said = first.getFile();
    long size = said.hasSizeBytes() ? said.getSizeBytes() : -1;
    try (var incoming = uploads.begin(said.getName(), size)) {
      disk.requireRoom(incoming.directory(), Math.max(0, size));
      add(first.getContent(), incoming);
      for (var next = stream.next(); next.isPresent(); next = stream.next()) {
        Uploads.requireNotBegun(next.get().hasFile(), "file");
        add(next.get().getContent(), incoming);
      }
      Uploads.requireComplete(size, incoming.sizeBytes());
      var uploaded = incoming.complete(Places::throwIfUnwanted);
      return UploadFileResponse.newBuilder()
          .setUri(uploaded.uri())
          .setDigest(ClassifierMessages.digest(uploaded.digest()))
          .build();
    } catch (InvalidInputException e) {
      if (e.reason().equals("UPLOAD_NAME_TAKEN")) {
        throw RefusedException.alreadyExists(
            e.reason(), "uploads/" + said.getName(), String.valueOf(e.getMessage()));
      }
      throw e.parameter().equals("file") ? e : e.within("file");
    }
  }

  private void add(ByteString content, UploadedFiles.Incoming incoming) throws IOException {
    disk.requireRoom(incoming.directory(), content.size());
    for (var piece : content.asReadOnlyByteBufferList()) {
      incoming.write(piece);
    }
  }

  private Task message(dev.watershed.classifier.data.Task task) {
    var message =
        Task.newBuilder()
            .setName(task.name())
            .addAllLabels(task.labels())
            .addAllOnlyLabels(task.onlyLabels())
            .setScore(
                switch (task.score()) {
                  case ACCURACY -> Score.SCORE_ACCURACY;
                  case F1 -> Score.SCORE_F1;
                  case MATTHEWS_CORRELATION -> Score.SCORE_MATTHEWS_CORRELATION;
                })
            .addAllDirectories(task.directories())
            .addAllFiles(task.files())
            .addAllOwnFiles(task.ownFiles());
    PublishedMapping.all().stream()
        .filter(mapping -> mapping.isOf(task))
        .forEach(mapping -> message.addLabelMappings(mapping.name()));
    try {
      datasets
          .file(new Split(new TaskSplit(task.name(), ""), List.of()))
          .ifPresent(file -> message.setFile(roots.relativize(file)));
    } catch (InvalidInputException e) {
      if (!e.reason().equals("TASK_FILE_NOT_FOUND")) {
        message.setProblem(String.valueOf(e.getMessage()));
      }
    }
    return message.build();
  }

  private static NamedLabelMapping message(PublishedMapping published) {
    var tasks = Tasks.all().stream().filter(published::isOf).toList();
    var mapping =
        LabelMapping.newBuilder()
            .setReduction(
                switch (published.reduction()) {
                  case MAX -> LogitReduction.LOGIT_REDUCTION_MAX;
                  case SUM -> LogitReduction.LOGIT_REDUCTION_SUM;
                  case SUM_LOGITS -> LogitReduction.LOGIT_REDUCTION_SUM_LOGITS;
                });
    for (var label : tasks.getFirst().labels()) {
      mapping.addEntries(
          LabelMappingEntry.newBuilder()
              .setDataLabel(label)
              .addAllModelLabels(published.modelLabels().getOrDefault(label, List.of())));
    }
    return NamedLabelMapping.newBuilder()
        .setName(published.name())
        .setDescription(published.description())
        .setSource(published.source())
        .addAllTasks(tasks.stream().map(dev.watershed.classifier.data.Task::name).toList())
        .setMapping(mapping)
        .build();
  }
}
