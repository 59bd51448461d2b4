package dev.watershed.classifier.checkpoint;

import dev.watershed.classifier.checkpoint.ParameterLayout.Parameter;
import dev.watershed.classifier.checkpoint.Safetensors.Tensor;
import dev.watershed.input.HuggingFaceFiles;
import dev.watershed.input.InvalidInputException;
import dev.watershed.input.Quoted;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A Hugging Face directory: {@code config.json}, weights in one safetensors file or in shards with
 * an index, and a tokenizer.
 *
 * <p>Understood besides the names written today: LayerNorm's {@code gamma} and {@code beta}, files
 * of a bare encoder (names without {@code bert.}), half-precision weights.
 */
public final class HuggingFaceCheckpoint {
  private static final int MAX_NAMES_SHOWN = 5;
  private static final long POOLER_SEED = 0;
  private static final double POOLER_STD = .02;
  private static final int BLOCK_BYTES = 1 << 20;

  private final Path directory;
  private final @Nullable String className;
  private final List<String> weightFiles;
  private final Map<String, FileVersion> versions;
  private final ParameterLayout layout;
  private final Map<String, String> fileNames;
  private final List<String> notices;

  private HuggingFaceCheckpoint(
      Path directory,
      @Nullable String className,
      WeightFiles weights,
      ParameterLayout layout,
      Map<String, String> fileNames,
      List<String> notices) {
    this.directory = directory;
    this.className = className;
    this.weightFiles = weights.names();
    this.versions = weights.versions();
    this.layout = layout;
    this.fileNames = fileNames;
    this.notices = List.copyOf(notices);
  }

  /**
   * Reads configuration and tensor header, checks that every parameter is there in its shape.
   *
   * @throws InvalidInputException naming what is missing or wrong
   */
  public static HuggingFaceCheckpoint open(Path directory) throws IOException {
    DurableFiles.requirePlain(directory, HuggingFaceFiles.CONFIG);
    HuggingFaceConfig config = HuggingFaceConfig.read(directory.resolve(HuggingFaceFiles.CONFIG));
    try (WeightFiles weights = WeightFiles.open(directory, config.className())) {
      return match(config, directory, weights);
    }
  }

  private static HuggingFaceCheckpoint match(
      HuggingFaceConfig config, Path directory, WeightFiles weights) throws IOException {
    Family family = config.encoder().family();
    var notices = new ArrayList<>(weights.notices());
    String prefix = commonPrefix(weights.tensors().keySet(), family);
    if (!prefix.isEmpty()) {
      notices.add(
          "all names of tensors begin with '"
              + Quoted.of(prefix)
              + "', as a wrapper around the model leaves them; they were read without it");
    }
    var canonical = new HashMap<String, String>();
    for (String name : weights.tensors().keySet()) {
      String bare = name.substring(prefix.length());
      String previous = canonical.putIfAbsent(canonicalName(bare, family), name);
      if (previous != null) {
        throw InvalidInputException.invalid(
            "TENSOR_AMBIGUOUS",
            Quoted.of(name),
            "there are both %s and %s, which are one parameter; keep one"
                .formatted(Quoted.of(previous), Quoted.of(name)));
      }
    }
    Architecture architecture = architecture(config, canonical.keySet(), notices);
    if (architecture.head() == Head.MASKED_LANGUAGE_MODEL) {
      config.requireTiedDecoder();
    }
    ParameterLayout layout = ParameterLayout.of(architecture);
    ParameterVector.requireSupported(layout);
    var fileNames = new HashMap<String, String>();
    for (Parameter parameter : layout.parameters()) {
      String name = fileName(parameter.name(), canonical);
      if (name == null && isUnreadPooler(parameter, layout)) {
        continue;
      }
      requireShape(parameter, name == null ? null : weights.tensors().get(name), weights);
      fileNames.put(parameter.name(), name);
    }
    architecture
        .lookalikes()
        .ifPresent(
            two ->
                notices.add(
                    "the labels "
                        + two
                        + " differ in upper and lower case only, which labels of data are compared without:"
                        + " give them other names at registration to evaluate on data"));
    if (family == Family.BERT && !fileNames.containsKey("bert.pooler.dense.weight")) {
      notices.add(
          "bert.pooler.dense is missing and was drawn normal(0, .02) from seed 0, so that all"
              + " fine-tunes of this model share it");
    }
    requireTied(weights, canonical, fileNames, family);
    noticeIgnored(weights, fileNames, notices);
    return new HuggingFaceCheckpoint(
        directory, config.className(), weights, layout, fileNames, notices);
  }

  /**
   * What stands before every name alike and belongs to none: {@code module.} of data parallelism,
   * {@code _orig_mod.} of a compiled model, the attribute of a class that held the model, or
   * several of them. Told from the name that every encoder has; empty where names stand as they
   * should.
   */
  private static String commonPrefix(Set<String> names, Family family) {
    String bare = "embeddings.word_embeddings.weight";
    String full = family.hfName() + "." + bare;
    for (String name : names) {
      if (!name.endsWith(bare)) {
        continue;
      }
      String end = name.endsWith(full) ? full : bare;
      String prefix = name.substring(0, name.length() - end.length());
      boolean whole = prefix.isEmpty() || prefix.endsWith(".");
      if (whole && names.stream().allMatch(other -> other.startsWith(prefix))) {
        return prefix;
      }
    }
    return "";
  }

  private static boolean isUnreadPooler(Parameter parameter, ParameterLayout layout) {
    return parameter.offset() >= layout.trainedSize();
  }

  private static Tensor requireShape(
      Parameter parameter, @Nullable Tensor tensor, WeightFiles weights) {
    if (tensor == null) {
      throw InvalidInputException.invalid(
          "TENSOR_MISSING",
          parameter.name(),
          String.format(
              Locale.ROOT,
              "there is no tensor %s in %s; config.json calls for it. There are %d others, such as %s",
              parameter.name(),
              weights.described(),
              weights.tensors().size(),
              weights.tensors().keySet().stream()
                  .limit(MAX_NAMES_SHOWN)
                  .map(Quoted::of)
                  .collect(Collectors.joining(", "))));
    }
    if (!tensor.shape().equals(parameter.shape())) {
      throw InvalidInputException.invalid(
          "TENSOR_MISSHAPEN",
          parameter.name(),
          "tensor %s of %s has shape %s, config.json calls for %s"
              .formatted(
                  parameter.name(), weights.fileOf(tensor), tensor.shape(), parameter.shape()));
    }
    if (!tensor.isFloat()) {
      throw InvalidInputException.invalid(
          "TENSOR_TYPE",
          parameter.name(),
          "tensor %s of %s has type %s; save it as F32, F16 or BF16"
              .formatted(parameter.name(), weights.fileOf(tensor), tensor.type()));
    }
    return tensor;
  }

  /** The spelling of today: LayerNorm weight and bias, the family's prefix. */
  private static String canonicalName(String name, Family family) {
    String canonical = name;
    if (canonical.endsWith(".gamma")) {
      canonical = canonical.substring(0, canonical.length() - "gamma".length()) + "weight";
    } else if (canonical.endsWith(".beta")) {
      canonical = canonical.substring(0, canonical.length() - "beta".length()) + "bias";
    }
    boolean bare =
        canonical.startsWith("embeddings.")
            || canonical.startsWith("encoder.layer.")
            || canonical.startsWith("pooler.");
    return bare ? family.hfName() + "." + canonical : canonical;
  }

  private static @Nullable String fileName(String parameter, Map<String, String> canonical) {
    String name = canonical.get(parameter);
    if (name == null && parameter.equals("cls.predictions.bias")) {
      return canonical.get("cls.predictions.decoder.bias");
    }
    if (name == null && parameter.equals("lm_head.bias")) {
      return canonical.get("lm_head.decoder.bias");
    }
    return name;
  }

  private static Architecture architecture(
      HuggingFaceConfig config, Set<String> names, List<String> notices) {
    String className = config.className();
    Head head;
    if (className == null) {
      head = headOf(names);
    } else if (className.endsWith("ForSequenceClassification")) {
      head = Head.CLASSIFICATION;
    } else if (className.endsWith("ForMaskedLM") || className.endsWith("ForPreTraining")) {
      head = Head.MASKED_LANGUAGE_MODEL;
    } else {
      head = Head.NONE;
      if (!className.endsWith("Model")) {
        notices.add(
            "the head of %s is not supported; only the encoder is read"
                .formatted(Quoted.of(className)));
      }
    }
    List<String> labels = head == Head.CLASSIFICATION ? config.labels() : List.of();
    return new Architecture(config.encoder(), head, labels);
  }

  private static Head headOf(Set<String> names) {
    if (names.contains("classifier.weight") || names.contains("classifier.out_proj.weight")) {
      return Head.CLASSIFICATION;
    }
    boolean predicts =
        names.contains("cls.predictions.transform.dense.weight")
            || names.contains("lm_head.dense.weight");
    return predicts ? Head.MASKED_LANGUAGE_MODEL : Head.NONE;
  }

  /** A decoder or decoder bias stored beside what it is tied to must hold the same values. */
  private static void requireTied(
      WeightFiles file, Map<String, String> canonical, Map<String, String> used, Family family)
      throws IOException {
    String head = family == Family.BERT ? "cls.predictions" : "lm_head";
    if (used.containsKey(head + ".bias")) {
      requireEqual(
          file,
          canonical.get(head + ".decoder.weight"),
          used.get(family.hfName() + ".embeddings.word_embeddings.weight"));
      requireEqual(file, canonical.get(head + ".decoder.bias"), used.get(head + ".bias"));
    }
  }

  private static void requireEqual(
      WeightFiles file, @Nullable String decoder, @Nullable String tiedTo) throws IOException {
    if (decoder == null || tiedTo == null || decoder.equals(tiedTo)) {
      return;
    }
    Tensor a = file.tensors().get(decoder);
    Tensor b = file.tensors().get(tiedTo);
    if (a == null || b == null || !a.shape().equals(b.shape()) || !file.sameValues(a, b)) {
      throw InvalidInputException.invalid(
          "DECODER_NOT_TIED",
          decoder,
          "%s differs from %s; only masked language models whose decoder is tied are supported"
              .formatted(decoder, tiedTo));
    }
  }

  private static void noticeIgnored(
      WeightFiles file, Map<String, String> used, List<String> notices) {
    var known = new HashSet<>(used.values());
    var ignored = new TreeSet<String>();
    for (Tensor tensor : file.tensors().values()) {
      boolean buffer = tensor.name().endsWith("embeddings.position_ids");
      boolean tied = tensor.name().contains(".decoder.");
      if (!known.contains(tensor.name()) && !buffer && !tied) {
        ignored.add(Quoted.of(tensor.name()));
      }
    }
    if (!ignored.isEmpty()) {
      String shown = String.join(", ", ignored.stream().limit(MAX_NAMES_SHOWN).toList());
      int more = ignored.size() - MAX_NAMES_SHOWN;
      notices.add(
          "ignored tensors: "
              + shown
              + (more > 0 ? String.format(Locale.ROOT, " and %d more", more) : ""));
    }
  }

  /** Names of the files that hold the weights, the index of shards among them. */
  List<String> weightFiles() {
    return weightFiles;
  }

  public Architecture architecture() {
    return layout.architecture();
  }

  public ParameterLayout layout() {
    return layout;
  }

  /** What was noticed and passed over, for example unknown extra heads. */
  public List<String> notices() {
    return notices;
  }

  /** Sees all weights once, in the order of the layout. */
  interface Visitor {
    /** A parameter begins. */
    void begin(Parameter parameter);

    /**
     * Its next values.
     *
     * @param bytes little-endian fp32, a multiple of four floats unless they are its last; holds
     *     others afterwards
     */
    void values(ByteBuffer bytes);
  }

  /**
   * Shows the weights to {@code visitor}, in the memory of a block.
   *
   * @throws InvalidInputException as {@link #read}
   */
  void visit(Visitor visitor, FileWork work) throws IOException {
    whileUnchanged(
        weights -> {
          ByteBuffer block = ByteBuffer.allocateDirect(BLOCK_BYTES);
          for (Parameter parameter : layout.parameters()) {
            visitor.begin(parameter);
            visit(parameter, weights, block, visitor, work);
          }
        });
  }

  private void visit(
      Parameter parameter, WeightFiles weights, ByteBuffer block, Visitor visitor, FileWork work)
      throws IOException {
    String name = fileNames.get(parameter.name());
    if (name == null) {
      ByteBuffer drawn =
          ByteBuffer.allocate(Math.toIntExact(parameter.size() * Float.BYTES))
              .order(ByteOrder.LITTLE_ENDIAN);
      ParameterVector.draw(
          drawn.asFloatBuffer(), parameter, ParameterVector.Normal.whole(POOLER_STD), POOLER_SEED);
      visitor.values(drawn);
      return;
    }
    Tensor tensor = requireShape(parameter, weights.tensors().get(name), weights);
    int most = block.capacity() / Float.BYTES;
    for (long first = 0; first < parameter.size(); first += most) {
      work.throwIfUnwanted();
      int n = (int) Math.min(most, parameter.size() - first);
      ByteBuffer values = block.slice(0, n * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
      weights.read(tensor, first, values);
      visitor.values(values);
    }
  }

  /** The content digest, as {@link ParameterVector#digest} has it. */
  Digest digest(FileWork work) throws IOException {
    var digest = new ContentDigest(architecture());
    visit(digest, work);
    return digest.digest();
  }

  /**
   * Reads the weights; the caller closes them.
   *
   * @throws InvalidInputException where a weight is NaN or infinite; CORRUPT where a file changed
   *     since it was opened
   */
  public ParameterVector read() throws IOException {
    ParameterVector vector = ParameterVector.allocate(layout);
    try {
      whileUnchanged(
          weights -> {
            for (Parameter parameter : layout.parameters()) {
              String name = fileNames.get(parameter.name());
              if (name == null) {
                vector.draw(parameter, ParameterVector.Normal.whole(POOLER_STD), POOLER_SEED);
              } else {
                Tensor tensor = requireShape(parameter, weights.tensors().get(name), weights);
                weights.read(tensor, 0, vector.bytes(parameter));
              }
            }
          });
      return vector;
    } catch (Throwable e) {
      vector.close();
      throw e;
    }
  }

  @FunctionalInterface
  private interface Reading {
    void read(WeightFiles weights) throws IOException;
  }

  private void whileUnchanged(Reading reading) throws IOException {
    WeightFiles.requireUnchanged(directory, versions);
    try (WeightFiles weights = WeightFiles.open(directory, className)) {
      reading.read(weights);
    } catch (InvalidInputException e) {
      WeightFiles.requireUnchanged(directory, versions); // which explains it better
      throw e;
    }
    WeightFiles.requireUnchanged(directory, versions);
  }

  /**
   * Gives the labels of a checkpoint in {@code directory} other names: replaces its config.json.
   *
   * @param names as many as there are labels, in the order of the logits
   * @return the names that it had
   * @throws InvalidInputException LABELS_INVALID where it is no classifier, has another number of
   *     labels, or one of the names is none
   */
  public static List<String> nameLabels(Path directory, List<String> names) throws IOException {
    Architecture architecture = open(directory).architecture();
    List<String> before = architecture.labels();
    if (before.size() != names.size()) {
      throw InvalidInputException.invalid(
          "LABELS_INVALID",
          "labels",
          before.isEmpty()
              ? "the checkpoint has no classification head, and so no labels to name"
              : "the checkpoint has "
                  + before.size()
                  + " labels, "
                  + names.size()
                  + " names were given; give one for each, in the order of the logits");
    }
    architecture.withClassificationHead(names); // which checks them
    Path config = directory.resolve(HuggingFaceFiles.CONFIG);
    HuggingFaceConfig read = HuggingFaceConfig.read(config);
    Files.delete(
        config); // The file may have another name elsewhere, and is not to be changed there.
    read.writeNamed(config, names);
    return before;
  }

  /**
   * Writes {@code config.json}, {@code model.safetensors} and copies of {@code tokenizerFiles} into
   * {@code directory}, which is created where it is missing. Files are flushed to the disk.
   *
   * @return the digest of each by its name
   */
  public static Map<String, Digest> write(
      Path directory, ParameterVector weights, Path... tokenizerFiles) throws IOException {
    if (!weights.isOnHost()) {
      try (ParameterVector copy = weights.hostCopy()) {
        return write(directory, copy, tokenizerFiles);
      }
    }
    Files.createDirectories(directory);
    var digests = new LinkedHashMap<String, Digest>();
    digests.put(
        HuggingFaceFiles.CONFIG,
        HuggingFaceConfig.write(
            directory.resolve(HuggingFaceFiles.CONFIG), weights.layout().architecture()));
    var contents = new ArrayList<Safetensors.Content>();
    for (Parameter parameter : weights.layout().parameters()) {
      ByteBuffer bytes = weights.bytes(parameter);
      contents.add(new Safetensors.Content(parameter.name(), parameter.shape(), bytes));
    }
    digests.put(
        HuggingFaceFiles.WEIGHTS,
        Safetensors.writeDigested(
            directory.resolve(HuggingFaceFiles.WEIGHTS), Map.of("format", "pt"), contents));
    for (Path file : tokenizerFiles) {
      Path name = file.getFileName();
      if (name == null || !HuggingFaceFiles.TOKENIZER.contains(name.toString())) {
        throw new IllegalArgumentException(
            "%s is no tokenizer file, known are %s".formatted(file, HuggingFaceFiles.TOKENIZER));
      }
      digests.put(name.toString(), DurableFiles.copy(file, directory.resolve(name)));
    }
    return digests;
  }
}
