package dev.watershed.classifier.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import dev.watershed.classifier.checkpoint.Safetensors.Tensor;
import dev.watershed.input.HuggingFaceFiles;
import dev.watershed.input.InvalidInputException;
import dev.watershed.input.Quoted;
import dev.watershed.input.UntrustedJson;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The tensors of a directory, wherever they lie: in {@code model.safetensors}, or in the shards
 * that {@code model.safetensors.index.json} names. Where there are both, the single file is read,
 * as Hugging Face's libraries do.
 *
 * <p>Nothing of the index is believed: shards are plain file names in the same directory, each
 * tensor lies in exactly one of them, and where the index says.
 */
final class WeightFiles implements AutoCloseable {

  private static final int MAX_SHARDS = 256;
  static final long MAX_INDEX_BYTES = 1 << 22;

  /** Files that hold weights in formats that are not read, and what is to be said of each. */
  private static final Map<String, String> FOREIGN = foreign();

  private static Map<String, String> foreign() {
    var foreign = new LinkedHashMap<String, String>();
    String pickle = "a pickle, which can run code and is not read";
    foreign.put("pytorch_model.bin", pickle);
    foreign.put("pytorch_model.bin.index.json", "the index of pickles, which can run code");
    foreign.put("tf_model.h5", "TensorFlow's format, which is not read");
    foreign.put("flax_model.msgpack", "Flax's format, which is not read");
    return foreign;
  }

  private final Path directory;
  private final List<String> names = new ArrayList<>();
  private final Map<String, FileVersion> versions = new LinkedHashMap<>();
  private final Map<String, Safetensors> open = new LinkedHashMap<>();
  private final Map<String, Tensor> tensors = new LinkedHashMap<>();
  private final Map<String, String> fileOf = new LinkedHashMap<>();
  private final List<String> notices = new ArrayList<>();

  private WeightFiles(Path directory) {
    this.directory = directory;
  }

  /**
   * Opens the weights of a directory and checks headers and index against each other.
   *
   * @param className the Hugging Face class that config.json names, for advice; null for none
   * @throws InvalidInputException naming the file or tensor that is missing or wrong
   */
  static WeightFiles open(Path directory, @Nullable String className) throws IOException {
    var files = new WeightFiles(directory);
    try {
      boolean single = Files.exists(directory.resolve(HuggingFaceFiles.WEIGHTS));
      boolean index = Files.exists(directory.resolve(HuggingFaceFiles.INDEX));
      if (single) {
        files.openSingle();
        if (index) {
          files.notices.add(
              "both %s and %s are there; %s was read, as Hugging Face's libraries do"
                  .formatted(
                      HuggingFaceFiles.WEIGHTS, HuggingFaceFiles.INDEX, HuggingFaceFiles.WEIGHTS));
        }
      } else if (index) {
        files.openShards();
      } else {
        throw missing(directory, className);
      }
      return files;
    } catch (Throwable e) {
      files.close();
      throw e;
    }
  }

  private void openSingle() throws IOException {
    names.add(HuggingFaceFiles.WEIGHTS);
    add(HuggingFaceFiles.WEIGHTS, Set.of());
  }

  private void openShards() throws IOException {
    DurableFiles.requirePlain(directory, HuggingFaceFiles.INDEX);
    names.add(HuggingFaceFiles.INDEX);
    versions.put(HuggingFaceFiles.INDEX, FileVersion.of(directory.resolve(HuggingFaceFiles.INDEX)));
    Map<String, Set<String>> byShard = readIndex();
    for (String shard : byShard.keySet()) {
      if (!Files.exists(directory.resolve(shard))) {
        throw InvalidInputException.invalid(
            "SHARD_MISSING",
            shard,
            String.format(
                Locale.ROOT,
                "%s names the shard %s, which is not there; copy all %d shards beside it",
                HuggingFaceFiles.INDEX,
                shard,
                byShard.size()));
      }
    }
    for (Map.Entry<String, Set<String>> shard : byShard.entrySet()) {
      names.add(shard.getKey());
      add(shard.getKey(), shard.getValue());
    }
  }

  /**
   * @param promised tensors that the index says lie in this file
   */
  private void add(String file, Set<String> promised) throws IOException {
    Path path = directory.resolve(file);
    DurableFiles.requirePlain(directory, file);
    versions.put(file, FileVersion.of(path));
    Safetensors in = Safetensors.open(path);
    open.put(file, in);
    for (String tensor : promised) {
      if (!in.tensors().containsKey(tensor)) {
        throw InvalidInputException.invalid(
            "TENSOR_MISSING",
            Quoted.of(tensor),
            "%s says that tensor %s lies in %s, which does not hold it; copy index and shards of one checkpoint"
                .formatted(HuggingFaceFiles.INDEX, Quoted.of(tensor), file));
      }
    }
    var unnamed = new TreeSet<String>();
    for (Tensor tensor : in.tensors().values()) {
      String other = fileOf.put(tensor.name(), file);
      if (other != null) {
        throw InvalidInputException.invalid(
            "TENSOR_AMBIGUOUS",
            Quoted.of(tensor.name()),
            "tensor %s lies in both %s and %s; save the checkpoint again"
                .formatted(Quoted.of(tensor.name()), other, file));
      }
      tensors.put(tensor.name(), tensor);
      if (!promised.isEmpty() && !promised.contains(tensor.name())) {
        unnamed.add(Quoted.of(tensor.name()));
      }
    }
    if (!unnamed.isEmpty()) {
      notices.add(
          String.format(
              Locale.ROOT,
              "%s holds %d tensors that the index does not name, such as %s; they were read too",
              file,
              unnamed.size(),
              unnamed.first()));
    }
  }

  /** Tensor names by shard, in order of the shards' names. */
  private Map<String, Set<String>> readIndex() throws IOException {
    Path file = directory.resolve(HuggingFaceFiles.INDEX);
    if (Files.size(file) > MAX_INDEX_BYTES) {
      throw invalidIndex("it is larger than " + MAX_INDEX_BYTES + " bytes");
    }
    JsonNode map =
        UntrustedJson.tree(Files.readAllBytes(file), WeightFiles::invalidIndex).path("weight_map");
    if (!map.isObject() || map.isEmpty()) {
      throw invalidIndex("it has no weight_map from tensors to files");
    }
    var byShard = new TreeMap<String, Set<String>>();
    for (Map.Entry<String, JsonNode> entry : map.properties()) {
      String shard = entry.getValue().asText("");
      if (!entry.getValue().isTextual() || !HuggingFaceFiles.isShard(shard)) {
        throw invalidIndex(
            "tensor %s is said to lie in '%s'; a shard is a plain name ending in .safetensors"
                .formatted(Quoted.of(entry.getKey()), Quoted.of(shard)));
      }
      byShard.computeIfAbsent(shard, unused -> new TreeSet<>()).add(entry.getKey());
      if (byShard.size() > MAX_SHARDS) {
        throw invalidIndex(
            String.format(
                Locale.ROOT,
                "it names more than %d shards; save the model in larger ones",
                MAX_SHARDS));
      }
    }
    return byShard;
  }

  /** Names of the files read, the index included. */
  List<String> names() {
    return List.copyOf(names);
  }

  /** The files as they were when they were opened. */
  Map<String, FileVersion> versions() {
    return Map.copyOf(versions);
  }

  /** By name. */
  Map<String, Tensor> tensors() {
    return tensors;
  }

  List<String> notices() {
    return List.copyOf(notices);
  }

  /** The file that holds a tensor. */
  String fileOf(Tensor tensor) {
    return fileOf.getOrDefault(tensor.name(), HuggingFaceFiles.WEIGHTS);
  }

  /** What to name where a tensor is missing. */
  String described() {
    return names.size() == 1
        ? HuggingFaceFiles.WEIGHTS
        : String.format(Locale.ROOT, "the %d shards", open.size());
  }

  /** Reads a tensor from an element on, as {@link Safetensors#read}. */
  void read(Tensor tensor, long first, ByteBuffer to) throws IOException {
    try {
      holder(tensor).read(tensor, first, to);
    } catch (EOFException e) {
      throw changed(fileOf(tensor), "it is shorter than it was when it was opened");
    }
  }

  /** Whether two tensors of equal shape hold the same values. */
  boolean sameValues(Tensor a, Tensor b) throws IOException {
    return holder(a).sameValues(a, holder(b), b);
  }

  private Safetensors holder(Tensor tensor) {
    Safetensors holder = open.get(fileOf(tensor));
    if (holder == null) {
      throw new IllegalArgumentException("no tensor of these files: " + tensor.name());
    }
    return holder;
  }

  /**
   * Throws where a file is not as it was.
   *
   * @throws InvalidInputException CORRUPT with reason FILE_CHANGED
   */
  static void requireUnchanged(Path directory, Map<String, FileVersion> before) throws IOException {
    for (Map.Entry<String, FileVersion> entry : before.entrySet()) {
      Path file = directory.resolve(entry.getKey());
      if (!Files.exists(file)) {
        throw changed(entry.getKey(), "it is gone");
      }
      FileVersion now = FileVersion.of(file);
      if (!now.equals(entry.getValue())) {
        throw changed(
            entry.getKey(),
            String.format(
                Locale.ROOT,
                "it had %d bytes and was modified at %s, now it has %d and was modified at %s",
                entry.getValue().sizeBytes(),
                entry.getValue().modified(),
                now.sizeBytes(),
                now.modified()));
      }
    }
  }

  static InvalidInputException changed(String file, String how) {
    return new InvalidInputException(
        InvalidInputException.Kind.CORRUPT,
        "FILE_CHANGED",
        file,
        "%s changed while it was read: %s; try again when nothing writes to it"
            .formatted(file, how));
  }

  private static InvalidInputException missing(Path directory, @Nullable String className) {
    String advice = "a checkpoint is a directory with config.json and " + HuggingFaceFiles.WEIGHTS;
    for (Map.Entry<String, String> foreign : FOREIGN.entrySet()) {
      if (Files.exists(directory.resolve(foreign.getKey()))) {
        advice =
            "%s is %s; convert it once, in that directory: %s"
                .formatted(
                    foreign.getKey(), foreign.getValue(), conversion(foreign.getKey(), className));
        break;
      }
    }
    return InvalidInputException.invalid(
        "WEIGHTS_MISSING",
        HuggingFaceFiles.WEIGHTS,
        "there is no %s; %s".formatted(HuggingFaceFiles.WEIGHTS, advice));
  }

  private static String conversion(String file, @Nullable String className) {
    boolean known = className != null && className.matches("[A-Za-z0-9]{1,80}");
    String from =
        file.startsWith("tf_")
            ? ", from_tf=True"
            : file.startsWith("flax_") ? ", from_flax=True" : "";
    return "python3 -c \"from transformers import %s as M; M.from_pretrained('.'%s).save_pretrained('.', safe_serialization=True)\""
        .formatted(known ? className : "AutoModel", from);
  }

  private static InvalidInputException invalidIndex(String what) {
    return InvalidInputException.invalid(
        "INDEX_INVALID",
        HuggingFaceFiles.INDEX,
        "%s cannot be used: %s".formatted(HuggingFaceFiles.INDEX, what));
  }

  @Override
  public void close() throws IOException {
    IOException failure = null;
    for (Safetensors file : open.values()) {
      try {
        file.close();
      } catch (IOException e) {
        failure = e;
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
