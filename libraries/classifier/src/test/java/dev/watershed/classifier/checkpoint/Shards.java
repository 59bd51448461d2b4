package dev.watershed.classifier.checkpoint;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.UnaryOperator;

/** Checkpoints in several files. */
public final class Shards {
  private static final ObjectMapper JSON = new ObjectMapper();

  private Shards() {}

  /** Replaces model.safetensors by shards and an index; returns the shards' names. */
  public static List<String> split(Path directory, int count) throws IOException {
    return split(directory, count, name -> name);
  }

  /** Deals the tensors, renamed, one after the other. */
  static List<String> split(Path directory, int count, UnaryOperator<String> rename)
      throws IOException {
    List<List<Safetensors.Content>> contents = new ArrayList<>();
    List<String> names = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      contents.add(new ArrayList<>());
      names.add(String.format(Locale.ROOT, "model-%05d-of-%05d.safetensors", i + 1, count));
    }
    ObjectNode index = JSON.createObjectNode();
    index.putObject("metadata").put("total_size", 1);
    ObjectNode map = index.putObject("weight_map");
    Path single = directory.resolve("model.safetensors");
    try (Safetensors in = Safetensors.open(single)) {
      int next = 0;
      for (Safetensors.Tensor tensor : in.tensors().values()) {
        ByteBuffer bytes = ByteBuffer.allocate((int) (tensor.end() - tensor.begin()));
        in.read(tensor, bytes);
        String name = rename.apply(tensor.name());
        contents.get(next % count).add(new Safetensors.Content(name, tensor.shape(), bytes));
        map.put(name, names.get(next % count));
        next++;
      }
    }
    for (int i = 0; i < count; i++) {
      Safetensors.write(directory.resolve(names.get(i)), Map.of("format", "pt"), contents.get(i));
    }
    Files.write(directory.resolve("model.safetensors.index.json"), JSON.writeValueAsBytes(index));
    Files.delete(single);
    return names;
  }
}
