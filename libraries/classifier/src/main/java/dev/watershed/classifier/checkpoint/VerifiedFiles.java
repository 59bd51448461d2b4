package dev.watershed.classifier.checkpoint;

import dev.watershed.input.InvalidInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Which directories of checkpoints were compared with their digests. They are read to be sure the
 * first time, and again when one of their files is another version. Safe for use by many threads.
 */
public final class VerifiedFiles {
  private final Map<String, Verified> verified = new ConcurrentHashMap<>();

  /** What matched the digests: the files as they were then. */
  private record Verified(CheckpointManifest manifest, Map<String, FileVersion> versions) {}

  /**
   * Throws unless a directory holds what the manifest tells of.
   *
   * @throws InvalidInputException CORRUPT where a file is missing or does not match
   */
  public void require(CheckpointManifest manifest, Path directory) throws IOException {
    var now = new Verified(manifest, versions(manifest, directory));
    if (!now.equals(verified.get(manifest.id()))) {
      verify(manifest, directory);
      verified.put(manifest.id(), now);
    }
  }

  /** Takes it that a directory, just written, holds what the manifest tells of. */
  public void trust(CheckpointManifest manifest, Path directory) throws IOException {
    verified.put(manifest.id(), new Verified(manifest, versions(manifest, directory)));
  }

  /** Keeps nothing of a checkpoint. */
  public void forget(String id) {
    verified.remove(id);
  }

  private static Map<String, FileVersion> versions(CheckpointManifest manifest, Path directory)
      throws IOException {
    var versions = new HashMap<String, FileVersion>();
    for (String name : manifest.files().keySet()) {
      Path file = directory.resolve(name);
      if (!Files.isRegularFile(file)) {
        throw CheckpointManifest.corrupt(manifest.id(), name + " is missing");
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
        throw CheckpointManifest.corrupt(
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
}
