package dev.watershed.s3;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.watershed.classifier.checkpoint.CheckpointAssembly;
import dev.watershed.classifier.checkpoint.CheckpointManifest;
import dev.watershed.classifier.checkpoint.CheckpointManifestJson;
import dev.watershed.classifier.checkpoint.CheckpointStore;
import dev.watershed.classifier.checkpoint.Digest;
import dev.watershed.classifier.checkpoint.DurableFiles;
import dev.watershed.classifier.checkpoint.FileWork;
import dev.watershed.classifier.checkpoint.IncomingDirectory;
import dev.watershed.classifier.checkpoint.ParameterVector;
import dev.watershed.classifier.checkpoint.StoreUnavailableException;
import dev.watershed.classifier.checkpoint.VerifiedFiles;
import dev.watershed.input.InvalidInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;

/**
 * Checkpoints in S3, and a cache of those that were read on the local disk. Several processes may
 * share a place in S3.
 *
 * <p>A checkpoint is there if and only if {@code manifests/<id>.json} is, which is made once, after
 * all files, under the condition that there is none. The files lie in a folder of their writer's
 * own, {@code files/<id>/<attempt>/}, which the manifest names: who loses, or is killed, disturbs
 * nobody, and what it leaves is deleted by the {@link Sweep}.
 */
public final class S3CheckpointStore implements CheckpointStore {
  private static final Logger log = LoggerFactory.getLogger(S3CheckpointStore.class);

  /** How often a file is fetched before it counts as damaged. */
  private static final int FETCHES = 2;

  /** The object that says whose checkpoints these are. */
  private static final String OWNER = "owner";

  private static final int MAX_OWNER_BYTES = 100;

  private static final int MAX_PUBLISHINGS = 10;

  /** A writer that took longer fails: the sweep takes its files for garbage soon. */
  private static final Duration LONGEST_UPLOAD = Sweep.AGE.dividedBy(2);

  private final S3Location location;
  private final Bucket bucket;
  private final CacheDirectory place;
  private final CheckpointCache cache;
  private final CheckpointAssembly assembly;
  private final VerifiedFiles verified = new VerifiedFiles();
  private final Sweep sweep;
  private final long maxBytes;
  private final LongSupplier nanoTime;

  /** What the last listing read, by id. */
  private volatile Map<String, Known> known = Map.of();

  private record Known(String etag, CheckpointManifest manifest) {}

  private S3CheckpointStore(
      S3Location location,
      Bucket bucket,
      CacheDirectory place,
      CheckpointCache cache,
      Clock clock,
      long maxBytes,
      LongSupplier nanoTime) {
    this.location = location;
    this.bucket = bucket;
    this.place = place;
    this.cache = cache;
    this.assembly = new CheckpointAssembly(clock, maxBytes);
    this.sweep = new Sweep(bucket, location, this::stored, nanoTime);
    this.maxBytes = maxBytes;
    this.nanoTime = nanoTime;
  }

  /**
   * Opens a place in S3 that can be read.
   *
   * @param cache directory on a local disk for what was read and what is put together; several
   *     processes may name the same
   * @param cacheBytes that are kept of what was read, unless more are read at a time
   * @param maxBytes bytes that the files of one checkpoint may have together
   * @throws StoreUnavailableException that says why it cannot be read
   */
  public static S3CheckpointStore open(
      S3Settings settings, Path cache, long cacheBytes, long maxBytes, Clock clock)
      throws IOException {
    return open(settings, null, cache, cacheBytes, maxBytes, clock, System::nanoTime);
  }

  static S3CheckpointStore open(
      S3Settings settings,
      @Nullable AwsCredentialsProvider credentials,
      Path cache,
      long cacheBytes,
      long maxBytes,
      Clock clock,
      LongSupplier nanoTime)
      throws IOException {
    var bucket = new Bucket(settings, credentials);
    CacheDirectory place = null;
    try {
      bucket.list("", 1);
      StoreMark.check(bucket, settings.location());
      place = CacheDirectory.take(cache);
      return new S3CheckpointStore(
          settings.location(),
          bucket,
          place,
          new CheckpointCache(place.path(), cacheBytes, clock),
          clock,
          maxBytes,
          nanoTime);
    } catch (Throwable e) {
      bucket.close();
      if (place != null) {
        place.close();
      }
      throw e;
    }
  }

  @Override
  public long maxBytes() {
    return maxBytes;
  }

  @Override
  public Path place() {
    return cache.directory();
  }

  @Override
  public IncomingDirectory incoming() throws IOException {
    return IncomingDirectory.create(cache.directory());
  }

  @Override
  public void requireWritable() throws IOException {
    StoreMark.make(bucket, location);
    sweep.startIfDue();
  }

  @Override
  public Optional<String> owner() throws IOException {
    return bucket
        .get(OWNER, MAX_OWNER_BYTES)
        .map(content -> new String(content.bytes(), US_ASCII).strip());
  }

  @Override
  public String claim(String owner) throws IOException {
    // Whether it was made now is not certain: what is there then counts.
    var unused = bucket.create(OWNER, (owner + "\n").getBytes(US_ASCII));
    return owner().orElse(owner);
  }

  @Override
  public void disown() throws IOException {
    bucket.delete(OWNER);
  }

  private Optional<StoredManifest> stored(String id) throws IOException {
    return bucket
        .get(StoredManifest.name(id), CheckpointManifestJson.MAX_BYTES)
        .map(content -> StoredManifest.read(content.bytes(), id));
  }

  @Override
  public Optional<CheckpointManifest> find(String id) throws IOException {
    return stored(CheckpointManifest.requireId(id)).map(StoredManifest::manifest);
  }

  /** Reads what is new since the last time; a manifest that goes meanwhile is not there. */
  @Override
  public List<CheckpointManifest> list() throws IOException {
    Map<String, Known> before = known;
    var now = new HashMap<String, Known>();
    var unread = new ArrayList<Transfers.Piece<Boolean>>();
    var read = new HashMap<String, Known>();
    for (Bucket.Listed object : bucket.list(StoredManifest.folder(), Integer.MAX_VALUE).objects()) {
      String id = StoredManifest.id(object.name());
      Known one = before.get(id);
      if (one != null && one.etag().equals(object.etag())) {
        now.put(id, one);
      } else if (!id.isEmpty()) {
        unread.add(() -> read(id, read));
      }
    }
    bucket.transfers().all(unread, FileWork.UNINTERRUPTED);
    synchronized (read) {
      now.putAll(read);
    }
    known = Map.copyOf(now);
    return now.values().stream()
        .map(Known::manifest)
        .sorted(CheckpointManifest.OLDEST_FIRST)
        .toList();
  }

  private boolean read(String id, Map<String, Known> into) throws IOException {
    var content = bucket.get(StoredManifest.name(id), CheckpointManifestJson.MAX_BYTES);
    if (content.isEmpty()) {
      return false;
    }
    var one =
        new Known(content.get().etag(), StoredManifest.read(content.get().bytes(), id).manifest());
    synchronized (into) {
      into.put(id, one);
    }
    return true;
  }

  @Override
  public Held hold(String id) throws IOException {
    StoredManifest stored =
        stored(CheckpointManifest.requireId(id)).orElseThrow(() -> CheckpointManifest.notFound(id));
    try {
      return hold(stored);
    } catch (InvalidInputException e) {
      if (e.kind() != InvalidInputException.Kind.CORRUPT) {
        throw e;
      }
      // What was kept here may be damaged where what is in S3 is not.
      log.warn("{}; it is fetched anew", e.getMessage());
      cache.drop(stored.cached());
      return hold(stored);
    }
  }

  private Held hold(StoredManifest stored) throws IOException {
    Held held =
        cache.hold(stored.cached(), stored.sizeBytes(), directory -> fetch(stored, directory));
    try {
      verified.require(stored.manifest(), held.directory());
      return held;
    } catch (Throwable e) {
      held.close();
      throw e;
    }
  }

  private void fetch(StoredManifest stored, Path directory) throws IOException {
    fetch(stored, stored.manifest().files(), directory);
    for (int fetches = 1; ; fetches++) {
      try {
        verified.require(stored.manifest(), directory);
        break;
      } catch (InvalidInputException e) {
        if (fetches == FETCHES) {
          throw e;
        }
        log.warn("{} sent other bytes than were stored; they are fetched again", location);
        fetch(stored, damaged(stored, directory), directory);
      }
    }
    DurableFiles.flush(directory);
  }

  private static Map<String, Digest> damaged(StoredManifest stored, Path directory)
      throws IOException {
    var damaged = new HashMap<String, Digest>();
    for (Map.Entry<String, Digest> file : stored.manifest().files().entrySet()) {
      if (!Digest.of(directory.resolve(file.getKey())).equals(file.getValue())) {
        damaged.put(file.getKey(), file.getValue());
      }
    }
    return damaged;
  }

  private void fetch(StoredManifest stored, Map<String, Digest> files, Path directory)
      throws IOException {
    var pieces = new ArrayList<Transfers.Piece<Boolean>>();
    for (Map.Entry<String, Digest> entry : files.entrySet()) {
      Path file = directory.resolve(entry.getKey());
      Files.write(file, new byte[0]);
      long size = entry.getValue().sizeBytes();
      for (long offset = 0; offset < size; offset += Bucket.PART_BYTES) {
        long from = offset;
        pieces.add(
            () ->
                fetch(
                    stored, entry.getKey(), from, Math.min(Bucket.PART_BYTES, size - from), file));
      }
    }
    bucket.transfers().all(pieces, FileWork.UNINTERRUPTED);
  }

  private boolean fetch(StoredManifest stored, String name, long offset, long length, Path file)
      throws IOException {
    if (!bucket.read(stored.file(name), offset, length, file)) {
      throw CheckpointManifest.corrupt(stored.manifest().id(), name + " is missing in " + location);
    }
    return true;
  }

  @Override
  public Optional<Removed> remove(String id) throws IOException {
    CheckpointManifest.requireId(id);
    Optional<StoredManifest> stored;
    try {
      stored = stored(id);
    } catch (InvalidInputException e) {
      // A damaged manifest can go like any other; its files are the sweep's.
      bucket.delete(StoredManifest.name(id));
      return Optional.of(() -> {});
    }
    if (stored.isEmpty()) {
      return Optional.empty();
    }
    bucket.delete(StoredManifest.name(id));
    verified.forget(id);
    return Optional.of(
        () -> {
          cache.drop(stored.get().cached());
          deleteFiles(stored.get());
        });
  }

  private void deleteFiles(StoredManifest stored) throws IOException {
    var pieces = new ArrayList<Transfers.Piece<Boolean>>();
    for (String file : stored.manifest().files().keySet()) {
      pieces.add(
          () -> {
            bucket.delete(stored.file(file));
            return true;
          });
    }
    bucket.transfers().all(pieces, FileWork.UNINTERRUPTED);
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
    try (IncomingDirectory temporary = incoming()) {
      Path incoming = temporary.path();
      return keep(
          assembly.copy(incoming, id, trainingRun, step, preparedDirectory, inspection, work),
          incoming,
          work);
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
    try (IncomingDirectory temporary = incoming()) {
      Path incoming = temporary.path();
      return keep(
          assembly.write(incoming, id, trainingRun, step, weights, tokenizerFiles, notices, origin),
          incoming,
          FileWork.UNINTERRUPTED);
    }
  }

  private CheckpointManifest keep(CheckpointManifest manifest, Path incoming, FileWork work)
      throws IOException {
    Optional<CheckpointManifest> existing = find(manifest.id());
    if (existing.isPresent()) {
      return existing.get().requireSame(manifest);
    }
    sweep.startIfDue();
    StoredManifest ours = StoredManifest.of(manifest);
    long begin = nanoTime.getAsLong();
    try {
      for (Map.Entry<String, Digest> file : manifest.files().entrySet()) {
        bucket.upload(
            ours.file(file.getKey()), incoming.resolve(file.getKey()), file.getValue(), work);
      }
    } catch (Throwable e) {
      deleteLost(ours);
      throw e;
    }
    if (nanoTime.getAsLong() - begin > LONGEST_UPLOAD.toNanos()) {
      deleteLost(ours);
      throw new StoreUnavailableException(
          "checkpoint '"
              + manifest.id()
              + "' took more than "
              + LONGEST_UPLOAD.toHours()
              + " hours to be written to "
              + location
              + ". Try again over a faster network.");
    }
    return publish(ours);
  }

  /** Makes the manifest, and looks whose it became wherever that is not sure. */
  private CheckpointManifest publish(StoredManifest ours) throws IOException {
    String id = ours.manifest().id();
    for (int i = 0; i < MAX_PUBLISHINGS; i++) {
      StoreUnavailableException failure = null;
      try {
        if (bucket.create(StoredManifest.name(id), ours.bytes())) {
          return ours.manifest();
        }
      } catch (StoreUnavailableException e) {
        failure = e;
      }
      Optional<StoredManifest> there = there(id, failure);
      if (there.isPresent() && there.get().attempt().equals(ours.attempt())) {
        return ours.manifest();
      }
      if (there.isPresent()) {
        deleteLost(ours);
        return there.get().manifest().requireSame(ours.manifest());
      }
      if (failure != null) {
        // The request may arrive yet, so that the files stay; where it does not, the sweep's.
        throw failure;
      }
      // It was another's, and has been deleted meanwhile.
    }
    deleteLost(ours);
    throw new StoreUnavailableException(
        "checkpoint '" + id + "' was made and deleted by others all the time. Try again.");
  }

  private Optional<StoredManifest> there(String id, @Nullable StoreUnavailableException failure)
      throws IOException {
    try {
      return stored(id);
    } catch (IOException e) {
      if (failure == null) {
        throw e;
      }
      failure.addSuppressed(e);
      throw failure;
    }
  }

  /** Files that no manifest will name. */
  private void deleteLost(StoredManifest lost) {
    try {
      deleteFiles(lost);
    } catch (IOException e) {
      log.debug("Files of {} stay for the sweep: {}", lost.manifest().id(), e.toString());
    }
  }

  @Override
  public void close() {
    sweep.close();
    bucket.close();
    try {
      place.close();
    } catch (IOException e) {
      log.debug("{}: {}", place.path(), e.toString());
    }
  }
}
