package dev.watershed.classifier.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.watershed.input.HuggingFaceFiles;
import dev.watershed.input.InvalidInputException;
import dev.watershed.input.Quoted;
import dev.watershed.input.UntrustedJson;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Checkpoints as directories {@code <root>/<id>}, each a Hugging Face directory with a {@code
 * manifest.json}. Several processes may share a root.
 *
 * <p>A checkpoint is put together in {@code <root>/.incoming-...}, manifest last, flushed, and
 * renamed: where a directory with its id exists, it is whole. One that is deleted gets such a name
 * again first.
 */
public final class FileCheckpointStore implements CheckpointStore {
  private static final Pattern ID = Pattern.compile("[a-z0-9][a-z0-9._-]{0,127}");
  private static final String MANIFEST = "manifest.json";

  /** No tokenizer that is read comes near: XLM-R's has 17 MB. */
  private static final long MAX_TOKENIZER_FILE_BYTES = 1 << 25;

  private static final long MAX_MANIFEST_BYTES = 1 << 22;

  /** Bytes of all files of a checkpoint, unless others are asked for. */
  private static final long DEFAULT_MAX_BYTES = 8L << 30;

  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  private final Path root;
  private final Clock clock;
  private final long maxBytes;
  private final Map<String, Verified> verified = new ConcurrentHashMap<>();

  /** What matched the digests: the files as they were then. */
  private record Verified(CheckpointManifest manifest, Map<String, FileVersion> versions) {}

  /**
   * Keeps checkpoints below {@code root}, which is created where it is missing, and deletes what
   * killed writers left there.
   *
   * @param maxBytes bytes that the files of one checkpoint may have together
   */
  public FileCheckpointStore(Path root, Clock clock, long maxBytes) throws IOException {
    this.root = Files.createDirectories(root).toRealPath();
    this.clock = clock;
    this.maxBytes = maxBytes;
    IncomingDirectory.sweep(this.root);
  }

  /** Keeps checkpoints of up to 8 GiB. */
  public FileCheckpointStore(Path root, Clock clock) throws IOException {
    this(root, clock, DEFAULT_MAX_BYTES);
  }

  @Override
  public long maxBytes() {
    return maxBytes;
  }

  @Override
  public Path place() {
    return root;
  }

  @Override
  public IncomingDirectory incoming() throws IOException {
    return IncomingDirectory.create(root);
  }

  @Override
  public Optional<CheckpointManifest> find(String id) throws IOException {
    Path file = root.resolve(requireId(id)).resolve(MANIFEST);
    try {
      return Files.isRegularFile(file) ? Optional.of(readManifest(file, id)) : Optional.empty();
    } catch (NoSuchFileException e) {
      // It has just been deleted.
      return Optional.empty();
    }
  }

  @Override
  public List<CheckpointManifest> list() throws IOException {
    List<String> ids;
    try (Stream<Path> entries = Files.list(root)) {
      ids =
          entries
              .map(path -> path.getFileName().toString())
              .filter(name -> ID.matcher(name).matches())
              .toList();
    }
    var manifests = new ArrayList<CheckpointManifest>();
    for (String id : ids) {
      find(id).ifPresent(manifests::add);
    }
    manifests.sort(
        Comparator.comparing(CheckpointManifest::createTime).thenComparing(CheckpointManifest::id));
    return manifests;
  }

  @Override
  public Path directory(String id) throws IOException {
    CheckpointManifest manifest =
        find(id)
            .orElseThrow(
                () ->
                    new InvalidInputException(
                        InvalidInputException.Kind.NOT_FOUND,
                        "CHECKPOINT_NOT_FOUND",
                        "checkpoint",
                        "there is no checkpoint '%s'; list those there are".formatted(id)));
    Path directory = root.resolve(id);
    var now = new Verified(manifest, versions(manifest, directory));
    if (!now.equals(verified.get(id))) {
      verify(manifest, directory);
      verified.put(id, now);
    }
    return directory;
  }

  @Override
  public Optional<Removed> remove(String id) throws IOException {
    Path directory = root.resolve(requireId(id));
    verified.remove(id);
    try {
      Path aside = IncomingDirectory.setAside(directory);
      return Optional.of(() -> IncomingDirectory.deleteLeft(aside));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
  }

  private static Map<String, FileVersion> versions(CheckpointManifest manifest, Path directory)
      throws IOException {
    var versions = new HashMap<String, FileVersion>();
    for (String name : manifest.files().keySet()) {
      Path file = directory.resolve(name);
      if (!Files.isRegularFile(file)) {
        throw corrupt(manifest.id(), name + " is missing");
      }
      versions.put(name, FileVersion.of(file));
    }
    return versions;
  }

  private static void verify(CheckpointManifest manifest, Path directory) throws IOException {
    for (Map.Entry<String, Digest> entry : manifest.files().entrySet()) {
      Digest found = Digest.of(directory.resolve(entry.getKey()));
      Digest noted = entry.getValue();
      if (!found.equals(noted)) {
        throw corrupt(
            manifest.id(),
            String.format(
                Locale.ROOT,
                "%s has %d bytes with SHA-256 %s, %d with %s were stored",
                entry.getKey(),
                found.sizeBytes(),
                found.sha256(),
                noted.sizeBytes(),
                noted.sha256()));
      }
    }
  }

  @Override
  public CheckpointManifest put(
      String id,
      String trainingRun,
      long step,
      Path preparedDirectory,
      Inspection inspection,
      FileWork work)
      throws IOException {
    requireId(id);
    IncomingDirectory.sweep(root);
    try (IncomingDirectory temporary = IncomingDirectory.create(root)) {
      Path incoming = temporary.path();
      HuggingFaceCheckpoint source = openPlain(preparedDirectory);
      Map<String, Long> sizes = sizes(preparedDirectory, source);
      Map<String, Digest> files = copy(preparedDirectory, sizes, incoming, work);
      HuggingFaceCheckpoint copy = HuggingFaceCheckpoint.open(incoming);
      var notices = new ArrayList<>(source.notices());
      notices.addAll(inspection.inspect(incoming, copy.architecture()));
      CheckpointManifest manifest = describe(id, trainingRun, step, copy, files, notices, work);
      requireUnchanged(preparedDirectory, files, work);
      Optional<CheckpointManifest> existing = find(id);
      if (existing.isPresent()) {
        return requireSame(existing.get(), manifest);
      }
      return publish(manifest, incoming);
    }
  }

  @Override
  public CheckpointManifest write(
      String id,
      String trainingRun,
      long step,
      ParameterVector weights,
      List<Path> tokenizerFiles,
      List<String> notices)
      throws IOException {
    requireId(id);
    if (!weights.isOnHost()) {
      try (ParameterVector copy = weights.hostCopy()) {
        return write(id, trainingRun, step, copy, tokenizerFiles, notices);
      }
    }
    IncomingDirectory.sweep(root);
    try (IncomingDirectory temporary = IncomingDirectory.create(root)) {
      Map<String, Digest> files =
          HuggingFaceCheckpoint.write(
              temporary.path(), weights, tokenizerFiles.toArray(Path[]::new));
      Architecture architecture = weights.layout().architecture();
      CheckpointManifest manifest =
          new CheckpointManifest(
              id,
              weights.digest(),
              architecture.encoder().family().hfName(),
              architecture.head(),
              architecture.labels(),
              weights.layout().size(),
              trainingRun,
              step,
              now(),
              files,
              notices);
      Optional<CheckpointManifest> existing = find(id);
      return existing.isPresent()
          ? requireSame(existing.get(), manifest)
          : publish(manifest, temporary.path());
    }
  }

  /** Gives a whole checkpoint its name, the manifest last. */
  private CheckpointManifest publish(CheckpointManifest manifest, Path incoming)
      throws IOException {
    DurableFiles.write(incoming.resolve(MANIFEST), toJson(manifest));
    DurableFiles.flushDirectory(incoming);
    var versions = versions(manifest, incoming);
    try {
      DurableFiles.rename(incoming, root.resolve(manifest.id()));
    } catch (FileSystemException e) {
      // Another writer may have been first; renaming onto a filled directory fails.
      return requireSame(find(manifest.id()).orElseThrow(() -> e), manifest);
    }
    verified.put(manifest.id(), new Verified(manifest, versions));
    return manifest;
  }

  /** Refuses links before anything is read through one. */
  private static HuggingFaceCheckpoint openPlain(Path directory) throws IOException {
    for (String name : HuggingFaceFiles.FIXED) {
      DurableFiles.requirePlain(directory, name);
    }
    return HuggingFaceCheckpoint.open(directory);
  }

  /** The files that are copied, with their sizes; what is too large is refused before any is. */
  private Map<String, Long> sizes(Path directory, HuggingFaceCheckpoint source) throws IOException {
    var sizes = new LinkedHashMap<String, Long>();
    for (String name : HuggingFaceFiles.TOKENIZER) {
      if (Files.exists(directory.resolve(name))) {
        sizes.put(name, requireAtMost(directory, name, MAX_TOKENIZER_FILE_BYTES));
      }
    }
    sizes.put(
        HuggingFaceFiles.CONFIG,
        requireAtMost(directory, HuggingFaceFiles.CONFIG, HuggingFaceConfig.MAX_BYTES));
    for (String name : source.weightFiles()) {
      boolean index = name.equals(HuggingFaceFiles.INDEX);
      sizes.put(
          name, requireAtMost(directory, name, index ? WeightFiles.MAX_INDEX_BYTES : maxBytes));
    }
    long all = sizes.values().stream().mapToLong(Long::longValue).sum();
    if (all > maxBytes) {
      throw InvalidInputException.invalid(
          "CHECKPOINT_TOO_LARGE",
          "",
          String.format(
              Locale.ROOT,
              "the checkpoint's files have %d bytes together, at most %d are kept"
                  + " (watershed.checkpoints.max-bytes)",
              all,
              maxBytes));
    }
    return sizes;
  }

  private static long requireAtMost(Path directory, String name, long most) throws IOException {
    long size = Files.size(directory.resolve(name));
    if (size > most) {
      throw InvalidInputException.invalid(
          "FILE_TOO_LARGE",
          name,
          String.format(
              Locale.ROOT,
              "%s has %d bytes, at most %d are read; is it the right file?",
              name,
              size,
              most));
    }
    return size;
  }

  private static Map<String, Digest> copy(
      Path from, Map<String, Long> sizes, Path to, FileWork work) throws IOException {
    var digests = new LinkedHashMap<String, Digest>();
    for (Map.Entry<String, Long> file : sizes.entrySet()) {
      String name = file.getKey();
      digests.put(
          name, DurableFiles.copy(from.resolve(name), to.resolve(name), file.getValue(), work));
    }
    return digests;
  }

  /** So that all files were copied as they were at one time. */
  private static void requireUnchanged(Path directory, Map<String, Digest> copied, FileWork work)
      throws IOException {
    for (Map.Entry<String, Digest> entry : copied.entrySet()) {
      Path file = directory.resolve(entry.getKey());
      if (!Files.isRegularFile(file)) {
        throw WeightFiles.changed(entry.getKey(), "it is gone");
      }
      Digest now = Digest.of(file, work);
      if (!now.equals(entry.getValue())) {
        throw WeightFiles.changed(
            entry.getKey(),
            String.format(
                Locale.ROOT,
                "%d bytes with SHA-256 %s were copied, now it has %d with %s",
                entry.getValue().sizeBytes(),
                entry.getValue().sha256(),
                now.sizeBytes(),
                now.sha256()));
      }
    }
  }

  private CheckpointManifest describe(
      String id,
      String trainingRun,
      long step,
      HuggingFaceCheckpoint checkpoint,
      Map<String, Digest> files,
      List<String> notices,
      FileWork work)
      throws IOException {
    Architecture architecture = checkpoint.architecture();
    return new CheckpointManifest(
        id,
        checkpoint.digest(work),
        architecture.encoder().family().hfName(),
        architecture.head(),
        architecture.labels(),
        checkpoint.layout().size(),
        trainingRun,
        step,
        now(),
        files,
        notices);
  }

  private Instant now() {
    return clock.instant().truncatedTo(ChronoUnit.MICROS);
  }

  /** Same weights, same tokenizer: nothing to do. */
  private static CheckpointManifest requireSame(
      CheckpointManifest existing, CheckpointManifest wanted) {
    if (existing.digest().equals(wanted.digest())
        && tokenizerFiles(existing).equals(tokenizerFiles(wanted))) {
      return existing;
    }
    throw new InvalidInputException(
        InvalidInputException.Kind.MISMATCH,
        "CHECKPOINT_ID_TAKEN",
        "checkpoint_id",
        "checkpoint '%s' exists with other content (%s, not %s); choose another id"
            .formatted(wanted.id(), existing.digest().sha256(), wanted.digest().sha256()));
  }

  private static Map<String, Digest> tokenizerFiles(CheckpointManifest manifest) {
    var files = new TreeMap<>(manifest.files());
    files.keySet().retainAll(HuggingFaceFiles.TOKENIZER);
    return files;
  }

  private static String requireId(String id) {
    if (!ID.matcher(id).matches()) {
      throw InvalidInputException.invalid(
          "CHECKPOINT_ID_INVALID",
          "checkpoint_id",
          "'%s' is no checkpoint id: 1 to 128 of a-z 0-9 . _ -, beginning with a letter or digit"
              .formatted(Quoted.of(id)));
    }
    return id;
  }

  private static byte[] toJson(CheckpointManifest m) throws IOException {
    ObjectNode json = JSON.createObjectNode();
    json.put("id", m.id());
    json.set("digest", toJson(m.digest()));
    json.put("family", m.family());
    json.put("head", m.head().name());
    m.labels().forEach(json.putArray("labels")::add);
    json.put("parameter_count", m.parameterCount());
    json.put("training_run", m.trainingRun());
    json.put("step", m.step());
    json.put("create_time", m.createTime().toString());
    ObjectNode files = json.putObject("files");
    new TreeMap<>(m.files()).forEach((name, digest) -> files.set(name, toJson(digest)));
    m.notices().forEach(json.putArray("notices")::add);
    return JSON.writeValueAsBytes(json);
  }

  private static ObjectNode toJson(Digest digest) {
    return JSON.createObjectNode()
        .put("sha256", digest.sha256())
        .put("size_bytes", digest.sizeBytes());
  }

  private static CheckpointManifest readManifest(Path file, String id) throws IOException {
    if (Files.size(file) > MAX_MANIFEST_BYTES) {
      throw corrupt(id, MANIFEST + " is larger than any that is written");
    }
    JsonNode json =
        UntrustedJson.tree(
            Files.readAllBytes(file), what -> corrupt(id, MANIFEST + " cannot be read: " + what));
    try {
      var files = new LinkedHashMap<String, Digest>();
      for (Map.Entry<String, JsonNode> entry : json.required("files").properties()) {
        if (!HuggingFaceFiles.isFile(entry.getKey())) {
          throw corrupt(id, MANIFEST + " names an unknown file");
        }
        files.put(entry.getKey(), digest(entry.getValue()));
      }
      return new CheckpointManifest(
          id,
          digest(json.required("digest")),
          json.required("family").asText(),
          Head.valueOf(json.required("head").asText()),
          texts(json.required("labels")),
          json.required("parameter_count").asLong(),
          json.required("training_run").asText(),
          json.required("step").asLong(),
          Instant.parse(json.required("create_time").asText()),
          files,
          texts(json.required("notices")));
    } catch (IllegalArgumentException | DateTimeException e) {
      throw corrupt(id, MANIFEST + " lacks an entry, or holds one that is none");
    }
  }

  private static Digest digest(JsonNode json) {
    return new Digest(json.required("sha256").asText(), json.required("size_bytes").asLong());
  }

  private static List<String> texts(JsonNode array) {
    return array.valueStream().map(JsonNode::asText).toList();
  }

  private static InvalidInputException corrupt(String id, String what) {
    return new InvalidInputException(
        InvalidInputException.Kind.CORRUPT,
        "CHECKPOINT_CORRUPT",
        "checkpoint",
        "checkpoint '%s' is damaged: %s; restore it or register it anew".formatted(id, what));
  }
}
