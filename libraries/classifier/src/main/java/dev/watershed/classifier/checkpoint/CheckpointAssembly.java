package dev.watershed.classifier.checkpoint;

import dev.watershed.input.HuggingFaceFiles;
import dev.watershed.input.InvalidInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Puts checkpoints together in an empty directory of a store's own: all files, flushed, and the
 * manifest that tells of them. Whoever keeps the store publishes them after that.
 */
public final class CheckpointAssembly {
  /** No tokenizer that is read comes near: XLM-R's has 17 MB. */
  private static final long MAX_TOKENIZER_FILE_BYTES = 1 << 25;

  private final Clock clock;
  private final long maxBytes;

  /**
   * @param maxBytes bytes that the files of one checkpoint may have together
   */
  public CheckpointAssembly(Clock clock, long maxBytes) {
    this.clock = clock;
    this.maxBytes = maxBytes;
  }

  /** As {@link CheckpointStore#put} says of a directory that it is given. */
  public CheckpointManifest copy(
      Path into,
      String id,
      String trainingRun,
      long step,
      Path preparedDirectory,
      CheckpointStore.Inspection inspection,
      FileWork work)
      throws IOException {
    HuggingFaceCheckpoint source = openPlain(preparedDirectory);
    Map<String, Long> sizes = sizes(preparedDirectory, source);
    Map<String, Digest> files = copy(preparedDirectory, sizes, into, work);
    HuggingFaceCheckpoint copy = HuggingFaceCheckpoint.open(into);
    var notices = new ArrayList<>(source.notices());
    notices.addAll(inspection.inspect(into, copy.architecture()));
    CheckpointManifest manifest = describe(id, trainingRun, step, copy, files, notices, work);
    requireUnchanged(preparedDirectory, files, work);
    return manifest;
  }

  /** As {@link CheckpointStore#write} says of weights that it is given. */
  public CheckpointManifest write(
      Path into,
      String id,
      String trainingRun,
      long step,
      ParameterVector weights,
      List<Path> tokenizerFiles,
      List<String> notices,
      Map<String, String> origin)
      throws IOException {
    if (!weights.isOnHost()) {
      try (ParameterVector copy = weights.hostCopy()) {
        return write(into, id, trainingRun, step, copy, tokenizerFiles, notices, origin);
      }
    }
    Map<String, Digest> files =
        HuggingFaceCheckpoint.write(into, weights, tokenizerFiles.toArray(Path[]::new));
    Architecture architecture = weights.layout().architecture();
    return new CheckpointManifest(
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
        notices,
        origin);
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
        notices,
        Map.of());
  }

  private Instant now() {
    return clock.instant().truncatedTo(ChronoUnit.MICROS);
  }
}
