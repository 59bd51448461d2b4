package dev.watershed.classifier.checkpoint;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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
  private static final String MANIFEST = "manifest.json";

  /** Bytes of all files of a checkpoint, unless others are asked for. */
  private static final long DEFAULT_MAX_BYTES = 8L << 30;

  /** The file that says whose checkpoints these are; no checkpoint's id begins so. */
  private static final String OWNER = ".owner";

  private static final int MAX_OWNER_BYTES = 100;

  private final Path root;
  private final long maxBytes;
  private final CheckpointAssembly assembly;
  private final VerifiedFiles verified = new VerifiedFiles();

  /**
   * Keeps checkpoints below {@code root}, which is created where it is missing, and deletes what
   * killed writers left there.
   *
   * @param maxBytes bytes that the files of one checkpoint may have together
   */
  public FileCheckpointStore(Path root, Clock clock, long maxBytes) throws IOException {
    this.root = Files.createDirectories(root).toRealPath();
    this.maxBytes = maxBytes;
    this.assembly = new CheckpointAssembly(clock, maxBytes);
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
  public void requireWritable() throws IOException {
    if (!Files.isWritable(root)) {
      throw new StoreUnavailableException(
          "This user may not write below "
              + root
              + " (watershed.checkpoints.root); give it the permission, or name another directory.");
    }
  }

  @Override
  public Optional<String> owner() throws IOException {
    try (var in = Files.newInputStream(root.resolve(OWNER))) {
      return Optional.of(new String(in.readNBytes(MAX_OWNER_BYTES), US_ASCII).strip());
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
  }

  @Override
  public String claim(String owner) throws IOException {
    try (IncomingDirectory incoming = incoming()) {
      Path aside = incoming.path().resolve("owner");
      DurableFiles.write(aside, (owner + "\n").getBytes(US_ASCII));
      DurableFiles.publish(aside, root.resolve(OWNER));
      return owner;
    } catch (FileAlreadyExistsException e) {
      return owner().orElse(owner);
    }
  }

  @Override
  public void disown() throws IOException {
    Files.deleteIfExists(root.resolve(OWNER));
  }

  @Override
  public IncomingDirectory incoming() throws IOException {
    return IncomingDirectory.create(root);
  }

  @Override
  public Optional<CheckpointManifest> find(String id) throws IOException {
    Path file = root.resolve(CheckpointManifest.requireId(id)).resolve(MANIFEST);
    try {
      return Files.isRegularFile(file) ? Optional.of(readManifest(file, id)) : Optional.empty();
    } catch (NoSuchFileException e) {
      // It has just been deleted.
      return Optional.empty();
    }
  }

  private static CheckpointManifest readManifest(Path file, String id) throws IOException {
    try (var in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(CheckpointManifestJson.MAX_BYTES + 1);
      return CheckpointManifestJson.manifest(CheckpointManifestJson.parse(bytes, id), id);
    }
  }

  @Override
  public List<CheckpointManifest> list() throws IOException {
    List<String> ids;
    try (Stream<Path> entries = Files.list(root)) {
      ids =
          entries
              .map(path -> path.getFileName().toString())
              .filter(CheckpointManifest::isId)
              .toList();
    }
    var manifests = new ArrayList<CheckpointManifest>();
    for (String id : ids) {
      find(id).ifPresent(manifests::add);
    }
    manifests.sort(CheckpointManifest.OLDEST_FIRST);
    return manifests;
  }

  /** A checkpoint's directory, as {@link #hold} gives it out: it stays where it is. */
  public Path directory(String id) throws IOException {
    CheckpointManifest manifest = find(id).orElseThrow(() -> CheckpointManifest.notFound(id));
    Path directory = root.resolve(id);
    verified.require(manifest, directory);
    return directory;
  }

  @Override
  public Held hold(String id) throws IOException {
    return new Held(directory(id), () -> {});
  }

  @Override
  public Optional<Removed> remove(String id) throws IOException {
    Path directory = root.resolve(CheckpointManifest.requireId(id));
    verified.forget(id);
    try {
      Path aside = IncomingDirectory.setAside(directory);
      return Optional.of(() -> IncomingDirectory.deleteLeft(aside));
    } catch (NoSuchFileException e) {
      return Optional.empty();
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
    CheckpointManifest.requireId(id);
    IncomingDirectory.sweep(root);
    try (IncomingDirectory temporary = IncomingDirectory.create(root)) {
      Path incoming = temporary.path();
      return keep(
          assembly.copy(incoming, id, trainingRun, step, preparedDirectory, inspection, work),
          incoming);
    }
  }

  @Override
  public CheckpointManifest write(
      String id,
      String trainingRun,
      long step,
      ParameterVector weights,
      List<Path> tokenizerFiles,
      List<String> notices,
      Map<String, String> origin)
      throws IOException {
    CheckpointManifest.requireId(id);
    IncomingDirectory.sweep(root);
    try (IncomingDirectory temporary = IncomingDirectory.create(root)) {
      Path incoming = temporary.path();
      return keep(
          assembly.write(incoming, id, trainingRun, step, weights, tokenizerFiles, notices, origin),
          incoming);
    }
  }

  private CheckpointManifest keep(CheckpointManifest manifest, Path incoming) throws IOException {
    Optional<CheckpointManifest> existing = find(manifest.id());
    return existing.isPresent()
        ? existing.get().requireSame(manifest)
        : publish(manifest, incoming);
  }

  /** Gives a whole checkpoint its name, the manifest last. */
  private CheckpointManifest publish(CheckpointManifest manifest, Path incoming)
      throws IOException {
    DurableFiles.write(
        incoming.resolve(MANIFEST),
        CheckpointManifestJson.bytes(CheckpointManifestJson.tree(manifest)));
    DurableFiles.flushDirectory(incoming);
    verified.trust(manifest, incoming);
    try {
      DurableFiles.rename(incoming, root.resolve(manifest.id()));
    } catch (FileSystemException e) {
      // Another writer may have been first; renaming onto a filled directory fails.
      return find(manifest.id()).orElseThrow(() -> e).requireSame(manifest);
    }
    return manifest;
  }
}
