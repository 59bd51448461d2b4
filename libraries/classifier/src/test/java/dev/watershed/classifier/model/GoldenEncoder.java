package dev.watershed.classifier.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.watershed.classifier.checkpoint.HuggingFaceCheckpoint;
import dev.watershed.classifier.text.EncodedExample;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Two random models of a family and what another implementation computed from them in float64. */
public record GoldenEncoder(Path directory, JsonNode expected) {
  static final Path ROOT = root();

  /** Tests run in the directory of their module; those of others know this one's place. */
  private static Path root() {
    Path own = Path.of("src/test/resources/golden/encoder");
    return Files.exists(own) ? own : Path.of("../../libraries/classifier").resolve(own);
  }

  public static GoldenEncoder of(String family) throws IOException {
    Path directory = ROOT.resolve(family);
    return new GoldenEncoder(
        directory, new ObjectMapper().readTree(directory.resolve("expected.json").toFile()));
  }

  public HuggingFaceCheckpoint a() throws IOException {
    return HuggingFaceCheckpoint.open(directory.resolve("a"));
  }

  public HuggingFaceCheckpoint b() throws IOException {
    return HuggingFaceCheckpoint.open(directory.resolve("b"));
  }

  /** The examples without their padding. */
  public List<EncodedExample> examples() {
    var examples = new ArrayList<EncodedExample>();
    for (int i = 0; i < expected.get("labels").size(); i++) {
      int length = 0;
      for (JsonNode real : expected.get("attention_mask").get(i)) {
        length += real.asInt();
      }
      var ids = new int[length];
      var types = new int[length];
      for (int t = 0; t < length; t++) {
        ids[t] = expected.get("input_ids").get(i).get(t).asInt();
        types[t] = expected.get("token_type_ids").get(i).get(t).asInt();
      }
      examples.add(new EncodedExample(ids, types, expected.get("labels").get(i).asInt(), false));
    }
    return examples;
  }

  public int[] labels() {
    return examples().stream().mapToInt(EncodedExample::label).toArray();
  }

  public static double[] doubles(float[] values) {
    var doubles = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      doubles[i] = values[i];
    }
    return doubles;
  }
}
