package dev.watershed.classifier.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.watershed.input.HuggingFaceFiles;
import dev.watershed.input.InvalidInputException;
import dev.watershed.input.UntrustedJson;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Manifests as stores keep them: {@code manifest.json}. */
public final class CheckpointManifestJson {
  /** No manifest that is written is larger. */
  public static final int MAX_BYTES = 1 << 22;

  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  private CheckpointManifestJson() {}

  /** A manifest as a tree, to which a store may add what it notes besides. */
  public static ObjectNode tree(CheckpointManifest manifest) {
    ObjectNode json = JSON.createObjectNode();
    json.put("id", manifest.id());
    json.set("digest", tree(manifest.digest()));
    json.put("family", manifest.family());
    json.put("head", manifest.head().name());
    manifest.labels().forEach(json.putArray("labels")::add);
    json.put("parameter_count", manifest.parameterCount());
    json.put("training_run", manifest.trainingRun());
    json.put("step", manifest.step());
    json.put("create_time", manifest.createTime().toString());
    ObjectNode files = json.putObject("files");
    new TreeMap<>(manifest.files()).forEach((name, digest) -> files.set(name, tree(digest)));
    manifest.notices().forEach(json.putArray("notices")::add);
    ObjectNode origin = json.putObject("origin");
    new TreeMap<>(manifest.origin()).forEach(origin::put);
    return json;
  }

  private static ObjectNode tree(Digest digest) {
    return JSON.createObjectNode()
        .put("sha256", digest.sha256())
        .put("size_bytes", digest.sizeBytes());
  }

  /** The text of a tree. */
  public static byte[] bytes(JsonNode tree) throws IOException {
    return JSON.writeValueAsBytes(tree);
  }

  /**
   * Reads the text of a tree.
   *
   * @param id of the checkpoint whose it is
   * @throws InvalidInputException CORRUPT where it is none
   */
  public static JsonNode parse(byte[] bytes, String id) {
    if (bytes.length > MAX_BYTES) {
      throw corrupt(id, "is larger than any that is written");
    }
    return UntrustedJson.tree(bytes, what -> corrupt(id, "cannot be read: " + what));
  }

  /**
   * The manifest in a tree.
   *
   * @throws InvalidInputException CORRUPT where there is none
   */
  public static CheckpointManifest manifest(JsonNode json, String id) {
    try {
      var files = new LinkedHashMap<String, Digest>();
      for (Map.Entry<String, JsonNode> entry : json.required("files").properties()) {
        if (!HuggingFaceFiles.isFile(entry.getKey())) {
          throw corrupt(id, "names an unknown file");
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
          texts(json.required("notices")),
          origin(json.path("origin")));
    } catch (IllegalArgumentException | DateTimeException e) {
      throw corrupt(id, "lacks an entry, or holds one that is none");
    }
  }

  private static Digest digest(JsonNode json) {
    return new Digest(json.required("sha256").asText(), json.required("size_bytes").asLong());
  }

  /** Manifests of before it was noted have none. */
  private static Map<String, String> origin(JsonNode json) {
    var origin = new TreeMap<String, String>();
    json.properties().forEach(fact -> origin.put(fact.getKey(), fact.getValue().asText()));
    return origin;
  }

  private static List<String> texts(JsonNode array) {
    return array.valueStream().map(JsonNode::asText).toList();
  }

  private static InvalidInputException corrupt(String id, String what) {
    return CheckpointManifest.corrupt(id, "its manifest " + what);
  }
}
