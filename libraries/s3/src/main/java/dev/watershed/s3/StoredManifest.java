package dev.watershed.s3;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.watershed.classifier.checkpoint.CheckpointManifest;
import dev.watershed.classifier.checkpoint.CheckpointManifestJson;
import dev.watershed.classifier.checkpoint.Digest;
import java.io.IOException;
import java.util.UUID;
import java.util.regex.Pattern;

/**
 * A manifest and where its files are.
 *
 * @param attempt of the writer, whose files nobody else touches: a random UUID
 */
record StoredManifest(CheckpointManifest manifest, String attempt) {
  private static final String FOLDER = "manifests/";
  private static final String ENDING = ".json";
  private static final String ATTEMPT = "attempt";
  private static final Pattern UUIDS = Pattern.compile("[0-9a-f-]{36}");

  /** A manifest whose files are to be written. */
  static StoredManifest of(CheckpointManifest manifest) {
    return new StoredManifest(manifest, UUID.randomUUID().toString());
  }

  static StoredManifest read(byte[] bytes, String id) {
    JsonNode json = CheckpointManifestJson.parse(bytes, id);
    String attempt = json.path(ATTEMPT).asText("");
    if (!UUIDS.matcher(attempt).matches()) {
      throw CheckpointManifest.corrupt(id, "its manifest does not say where its files are");
    }
    return new StoredManifest(CheckpointManifestJson.manifest(json, id), attempt);
  }

  byte[] bytes() throws IOException {
    ObjectNode json = CheckpointManifestJson.tree(manifest);
    json.put(ATTEMPT, attempt);
    return CheckpointManifestJson.bytes(json);
  }

  /** What all manifests' names begin with. */
  static String folder() {
    return FOLDER;
  }

  static String name(String id) {
    return FOLDER + id + ENDING;
  }

  /** The id in a name; empty where it is not one of a manifest. */
  static String id(String name) {
    String id =
        name.startsWith(FOLDER) && name.endsWith(ENDING)
            ? name.substring(FOLDER.length(), name.length() - ENDING.length())
            : "";
    return CheckpointManifest.isId(id) ? id : "";
  }

  /** The name of a file's object. */
  String file(String file) {
    return Attempt.folder() + manifest.id() + "/" + attempt + "/" + file;
  }

  /** Bytes of all files. */
  long sizeBytes() {
    return manifest.files().values().stream().mapToLong(Digest::sizeBytes).sum();
  }

  /** What the files are called in a cache; no id holds a comma. */
  String cached() {
    return manifest.id() + "," + attempt;
  }
}
