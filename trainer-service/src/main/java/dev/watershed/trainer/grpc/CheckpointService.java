package dev.watershed.trainer.grpc;

import com.google.protobuf.ByteString;
import com.google.protobuf.Timestamp;
import dev.watershed.classifier.checkpoint.Architecture;
import dev.watershed.classifier.checkpoint.CheckpointManifest;
import dev.watershed.classifier.checkpoint.CheckpointStore;
import dev.watershed.classifier.checkpoint.Digest;
import dev.watershed.classifier.checkpoint.EncoderConfig;
import dev.watershed.classifier.checkpoint.FileWork;
import dev.watershed.classifier.checkpoint.HuggingFaceCheckpoint;
import dev.watershed.classifier.checkpoint.ParameterNorms;
import dev.watershed.classifier.data.DataRoots;
import dev.watershed.classifier.text.Tokenizers;
import dev.watershed.input.CheckpointName;
import dev.watershed.input.HuggingFaceFiles;
import dev.watershed.input.InvalidInputException;
import dev.watershed.input.Quoted;
import dev.watershed.input.TrainedSteps;
import dev.watershed.server.ClientStream;
import dev.watershed.server.DiskSpace;
import dev.watershed.server.PageToken;
import dev.watershed.server.Pages;
import dev.watershed.server.RefusedException;
import dev.watershed.server.ServerStream;
import dev.watershed.server.dataset.ClassifierMessages;
import dev.watershed.server.dataset.UnknownCheckpoint;
import dev.watershed.trainer.run.Deletions;
import dev.watershed.trainer.v1.Checkpoint;
import dev.watershed.trainer.v1.CheckpointServiceGrpc;
import dev.watershed.trainer.v1.CheckpointView;
import dev.watershed.trainer.v1.DeleteCheckpointRequest;
import dev.watershed.trainer.v1.DeleteCheckpointResponse;
import dev.watershed.trainer.v1.DescribeCheckpointRequest;
import dev.watershed.trainer.v1.DescribeCheckpointResponse;
import dev.watershed.trainer.v1.DownloadCheckpointRequest;
import dev.watershed.trainer.v1.DownloadCheckpointResponse;
import dev.watershed.trainer.v1.EncoderDescription;
import dev.watershed.trainer.v1.GetCheckpointRequest;
import dev.watershed.trainer.v1.GetCheckpointResponse;
import dev.watershed.trainer.v1.Head;
import dev.watershed.trainer.v1.ListCheckpointsRequest;
import dev.watershed.trainer.v1.ListCheckpointsResponse;
import dev.watershed.trainer.v1.RegisterCheckpointRequest;
import dev.watershed.trainer.v1.RegisterCheckpointResponse;
import dev.watershed.trainer.v1.UploadCheckpointRequest;
import dev.watershed.trainer.v1.UploadCheckpointResponse;
import io.grpc.stub.StreamObserver;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeMap;

/** {@code CheckpointService}: the checkpoint store, asked from outside. */
@Singleton
public final class CheckpointService extends CheckpointServiceGrpc.CheckpointServiceImplBase {
  private static final int CHUNK_BYTES = 1 << 20;
  private static final int PLACES = 8;

  /** Of a registration, as they are called in errors. */
  private static final Set<String> FIELDS = Set.of("uri", "labels", "tokenizer_uri");

  private final CheckpointStore store;
  private final DataRoots roots;
  private final Deletions deletions;
  private final DiskSpace disk;
  private final Places places = new Places(PLACES);
  private final Places taking = new Places(Uploads.PLACES);

  public CheckpointService(
      CheckpointStore store, DataRoots roots, Deletions deletions, DiskSpace disk) {
    this.store = store;
    this.roots = roots;
    this.deletions = deletions;
    this.disk = disk;
  }

  @Override
  public void getCheckpoint(
      GetCheckpointRequest request, StreamObserver<GetCheckpointResponse> observer) {
    var checkpoint = message(manifest(request.getName()));
    observer.onNext(GetCheckpointResponse.newBuilder().setCheckpoint(checkpoint).build());
    observer.onCompleted();
  }

  @Override
  public void describeCheckpoint(
      DescribeCheckpointRequest request, StreamObserver<DescribeCheckpointResponse> observer) {
    observer.onNext(describe(manifest(request.getName())));
    observer.onCompleted();
  }

  @Override
  public void listCheckpoints(
      ListCheckpointsRequest request, StreamObserver<ListCheckpointsResponse> observer) {
    String question = "checkpoints of " + request.getTrainingRun();
    String after = PageToken.read(request.getPageToken(), question, "");
    int limit = Pages.size(request.getPageSize());
    var matching =
        manifests().stream()
            .filter(
                checkpoint ->
                    request.getTrainingRun().isEmpty()
                        || checkpoint.trainingRun().equals(request.getTrainingRun()))
            .sorted(Comparator.comparing(CheckpointService::position))
            .filter(checkpoint -> position(checkpoint).compareTo(after) > 0)
            .limit(limit + 1L)
            .toList();
    boolean full = request.getView() == CheckpointView.CHECKPOINT_VIEW_FULL;
    var page =
        Pages.fitting(
            matching.stream()
                .limit(limit)
                .map(checkpoint -> full ? message(checkpoint) : basic(checkpoint))
                .toList());
    var response = ListCheckpointsResponse.newBuilder().addAllCheckpoints(page);
    if (matching.size() > page.size()) {
      response.setNextPageToken(PageToken.write(question, position(matching.get(page.size() - 1))));
    }
    observer.onNext(response.build());
    observer.onCompleted();
  }

  @Override
  public void registerCheckpoint(
      RegisterCheckpointRequest request, StreamObserver<RegisterCheckpointResponse> observer) {
    var registered = message(register(request));
    observer.onNext(RegisterCheckpointResponse.newBuilder().setCheckpoint(registered).build());
    observer.onCompleted();
  }

  @Override
  public void deleteCheckpoint(
      DeleteCheckpointRequest request, StreamObserver<DeleteCheckpointResponse> observer) {
    boolean deleted = deletions.deleteCheckpoint(CheckpointName.of(request.getName()).id());
    if (!deleted && !request.getAllowMissing()) {
      throw UnknownCheckpoint.refused(request.getName(), store);
    }
    observer.onNext(DeleteCheckpointResponse.getDefaultInstance());
    observer.onCompleted();
  }

  @Override
  public StreamObserver<UploadCheckpointRequest> uploadCheckpoint(
      StreamObserver<UploadCheckpointResponse> observer) {
    return ClientStream.read(
        observer,
        stream ->
            UploadCheckpointResponse.newBuilder()
                .setCheckpoint(message(taking.in(() -> take(stream))))
                .build());
  }

  private CheckpointManifest take(ClientStream<UploadCheckpointRequest> stream)
      throws IOException, InterruptedException {
    var first = stream.next().orElse(UploadCheckpointRequest.getDefaultInstance());
    Uploads.requireBegun(first.hasCheckpoint(), "checkpoint");
    var said = first.getCheckpoint();
    long size = said.hasSizeBytes() ? said.getSizeBytes() : -1;
    try (var parts = new CheckpointParts(store, disk, size)) {
      add(first, parts);
      for (var next = stream.next(); next.isPresent(); next = stream.next()) {
        Uploads.requireNotBegun(next.get().hasCheckpoint(), "checkpoint");
        add(next.get(), parts);
      }
      parts.endFile();
      Uploads.requireComplete(size, parts.sizeBytes());
      var trained = TrainedSteps.of(said.getDirectoryName(), parts.state());
      return places.in(
          () ->
              keep(
                  said.getCheckpointId(),
                  said.getLabelsList(),
                  parts.path(),
                  trained,
                  new ArrayList<>()));
    } catch (InvalidInputException e) {
      throw told(e, said.getCheckpointId(), "checkpoint");
    }
  }

  private static void add(UploadCheckpointRequest request, CheckpointParts parts)
      throws IOException {
    for (var part : request.getPartsList()) {
      parts.add(part.getFileName(), part.getContent());
    }
  }

  @Override
  public void downloadCheckpoint(
      DownloadCheckpointRequest request, StreamObserver<DownloadCheckpointResponse> observer) {
    ServerStream.pump(
        observer,
        stream -> {
          var manifest = manifest(request.getName());
          store.read(
              manifest,
              directory -> {
                for (var file : new TreeMap<>(manifest.files()).entrySet()) {
                  send(directory, file.getKey(), file.getValue(), stream);
                }
                return manifest;
              });
        });
  }

  private DescribeCheckpointResponse describe(CheckpointManifest manifest) {
    try {
      return places.in(
          () ->
              store.read(
                  manifest,
                  directory -> {
                    var checkpoint = HuggingFaceCheckpoint.open(directory);
                    var norms = ParameterNorms.of(checkpoint, Places::throwIfUnwanted);
                    return message(manifest, checkpoint.architecture(), norms);
                  }));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private CheckpointManifest register(RegisterCheckpointRequest request) {
    try {
      var directory = roots.resolve(request.getUri());
      if (!Files.isDirectory(directory)) {
        throw InvalidInputException.invalid(
            "NO_DIRECTORY",
            "uri",
            "'"
                + Quoted.of(request.getUri())
                + "' is a file; give the directory that holds it with its config.json");
      }
      return places.in(() -> register(request, directory));
    } catch (InvalidInputException e) {
      throw FIELDS.contains(e.parameter()) ? e : told(e, request.getCheckpointId(), "uri");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Of an id that is taken, or with the field that the files came in. */
  private static RuntimeException told(InvalidInputException e, String id, String field) {
    if (e.reason().equals("CHECKPOINT_ID_TAKEN")) {
      return RefusedException.alreadyExists(
          e.reason(), new CheckpointName(id).toString(), String.valueOf(e.getMessage()));
    }
    return e.parameter().equals(field) ? e : e.within(field);
  }

  private CheckpointManifest register(RegisterCheckpointRequest request, Path directory)
      throws IOException {
    FileWork work = Places::throwIfUnwanted;
    var labels = request.getLabelsList();
    boolean lacksTokenizer =
        !request.getTokenizerUri().isEmpty() && !HuggingFaceFiles.hasTokenizer(directory);
    try (var plain =
        labels.isEmpty() && !lacksTokenizer
            ? PlainDirectory.of(directory, roots, store, work)
            : PlainDirectory.temporary(directory, roots, store, work)) {
      var notices = new ArrayList<String>();
      if (lacksTokenizer) {
        notices.add(bringTokenizer(request.getTokenizerUri(), plain, work));
      } else if (!request.getTokenizerUri().isEmpty()) {
        notices.add("the checkpoint has a tokenizer of its own, which was kept");
      }
      return keep(request.getCheckpointId(), labels, plain.path(), trained(directory), notices);
    }
  }

  /**
   * Puts a directory into the store.
   *
   * @param labels to be named so; then the directory is ours to change
   * @param notices what is known to be said of it
   */
  private CheckpointManifest keep(
      String id, List<String> labels, Path directory, TrainedSteps trained, List<String> notices)
      throws IOException {
    var all = new ArrayList<String>();
    if (!labels.isEmpty()) {
      all.add(
          "labels were named at registration: %s (%s in the registered config.json)"
              .formatted(
                  shown(labels), shown(HuggingFaceCheckpoint.nameLabels(directory, labels))));
    }
    all.addAll(notices);
    all.addAll(trained.notices());
    return store.put(
        id,
        "",
        trained.step().orElse(0),
        directory,
        (copy, architecture) -> {
          all.addAll(Tokenizers.inspect(copy, architecture.encoder()));
          return all;
        },
        Places::throwIfUnwanted);
  }

  /** Returns what is to be said of it. */
  private String bringTokenizer(String uri, PlainDirectory plain, FileWork work)
      throws IOException {
    try {
      Path from = roots.resolve(uri);
      plain.bringTokenizer(from, roots, store.maxBytes(), work);
      return "it came without a tokenizer and was given that of "
          + Quoted.of(roots.relativize(from))
          + " at registration";
    } catch (InvalidInputException e) {
      throw new InvalidInputException(
          e.kind(), e.reason(), "tokenizer_uri", String.valueOf(e.getMessage()));
    }
  }

  private TrainedSteps trained(Path directory) throws IOException {
    Path state = directory.resolve(TrainedSteps.STATE);
    return TrainedSteps.of(
        String.valueOf(directory.getFileName()),
        Files.exists(state) ? roots.resolve(state.toString()) : null);
  }

  private static String shown(List<String> labels) {
    return Quoted.of(String.join(", ", labels));
  }

  /** The last part is sent only once the whole is known to be right. */
  private static void send(
      Path directory, String name, Digest digest, ServerStream<DownloadCheckpointResponse> stream)
      throws IOException, InterruptedException {
    var sha256 = sha256();
    try (var input = Files.newInputStream(directory.resolve(name))) {
      long offset = 0;
      boolean last;
      do {
        var chunk = input.readNBytes(CHUNK_BYTES);
        sha256.update(chunk);
        long end = offset + chunk.length;
        last = chunk.length < CHUNK_BYTES || end >= digest.sizeBytes();
        if (last
            && (end != digest.sizeBytes()
                || !HexFormat.of().formatHex(sha256.digest()).equals(digest.sha256()))) {
          throw RefusedException.dataLoss(
              "CHECKPOINT_CORRUPT",
              name,
              "The stored file " + name + " does not match its digest; restore the checkpoint.");
        }
        stream.send(
            DownloadCheckpointResponse.newBuilder()
                .setFileName(name)
                .setFileSizeBytes(digest.sizeBytes())
                .setOffsetBytes(offset)
                .setContent(ByteString.copyFrom(chunk))
                .build());
        offset = end;
      } while (!last);
    }
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  private CheckpointManifest manifest(String name) {
    try {
      return store
          .find(CheckpointName.of(name).id())
          .orElseThrow(() -> UnknownCheckpoint.refused(name, store));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private List<CheckpointManifest> manifests() {
    try {
      return store.list();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Orders by time, then by id; time in nanoseconds with leading zeros sorts as text. */
  private static String position(CheckpointManifest checkpoint) {
    var time = checkpoint.createTime();
    return String.format(
        Locale.ROOT, "%019d.%09d %s", time.getEpochSecond(), time.getNano(), checkpoint.id());
  }

  private static DescribeCheckpointResponse message(
      CheckpointManifest manifest, Architecture architecture, ParameterNorms norms) {
    var response =
        DescribeCheckpointResponse.newBuilder()
            .setCheckpoint(message(manifest))
            .setEncoder(message(architecture.encoder()));
    new TreeMap<>(manifest.files())
        .forEach(
            (name, digest) ->
                response
                    .addFilesBuilder()
                    .setName(name)
                    .setDigest(ClassifierMessages.digest(digest)));
    for (var tensor : norms.tensors()) {
      response
          .addTensorsBuilder()
          .setName(tensor.parameter().name())
          .addAllShape(tensor.parameter().shape())
          .setOffset(tensor.parameter().offset())
          .setL2Norm(tensor.l2Norm());
    }
    for (var group : norms.groups()) {
      response
          .addGroupsBuilder()
          .setName(group.name())
          .setParameterCount(group.parameterCount())
          .setL2Norm(group.l2Norm());
    }
    return response.build();
  }

  private static EncoderDescription message(EncoderConfig encoder) {
    return EncoderDescription.newBuilder()
        .setFamily(encoder.family().hfName())
        .setVocabularySize(encoder.vocabularySize())
        .setHiddenSize(encoder.hiddenSize())
        .setLayerCount(encoder.layerCount())
        .setAttentionHeadCount(encoder.attentionHeadCount())
        .setIntermediateSize(encoder.intermediateSize())
        .setMaxTokens(encoder.maxTokens())
        .setTypeVocabularySize(encoder.typeVocabularySize())
        .setLayerNormEpsilon(encoder.layerNormEpsilon())
        .setActivation(encoder.activation().hfName())
        .setHiddenDropout(encoder.hiddenDropout())
        .setAttentionDropout(encoder.attentionDropout())
        .setClassifierDropout(encoder.classifierDropout())
        .build();
  }

  private static Checkpoint basic(CheckpointManifest manifest) {
    return message(manifest).toBuilder().clearLabels().clearNotices().build();
  }

  private static Checkpoint message(CheckpointManifest manifest) {
    return Checkpoint.newBuilder()
        .setName(new CheckpointName(manifest.id()).toString())
        .setDigest(ClassifierMessages.digest(manifest.digest()))
        .setFamily(manifest.family())
        .setHead(
            switch (manifest.head()) {
              case NONE -> Head.HEAD_NONE;
              case CLASSIFICATION -> Head.HEAD_CLASSIFICATION;
              case MASKED_LANGUAGE_MODEL -> Head.HEAD_MASKED_LANGUAGE_MODEL;
            })
        .addAllLabels(manifest.labels())
        .setParameterCount(manifest.parameterCount())
        .setTrainingRun(manifest.trainingRun())
        .setStep(manifest.step())
        .setCreateTime(
            Timestamp.newBuilder()
                .setSeconds(manifest.createTime().getEpochSecond())
                .setNanos(manifest.createTime().getNano()))
        .setSizeBytes(manifest.files().values().stream().mapToLong(Digest::sizeBytes).sum())
        .addAllNotices(manifest.notices())
        .build();
  }
}
