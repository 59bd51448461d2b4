package dev.watershed.classifier.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.index.NDIndex;
import dev.watershed.classifier.checkpoint.DurableFiles;
import dev.watershed.classifier.checkpoint.ParameterLayout;
import dev.watershed.classifier.checkpoint.ParameterVector;
import dev.watershed.classifier.checkpoint.Safetensors;
import dev.watershed.input.InvalidInputException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/**
 * Weights, both moments of AdamW and the number of steps taken: all that resuming needs.
 *
 * <p>Saved as a safetensors file with tensors {@code weights}, {@code first_moment} and {@code
 * second_moment}, each {@code (parameter)} in the layout's order.
 */
public final class TrainingState implements AutoCloseable {
  private static final List<String> NAMES = List.of("weights", "first_moment", "second_moment");

  private final ParameterVector weights;
  private final ParameterVector firstMoment;
  private final ParameterVector secondMoment;
  private long step;

  private TrainingState(
      ParameterVector weights, ParameterVector firstMoment, ParameterVector secondMoment) {
    this.weights = weights;
    this.firstMoment = firstMoment;
    this.secondMoment = secondMoment;
  }

  /** Zero moments, step 0. Takes {@code weights} over: closing the state closes them. */
  public static TrainingState start(ParameterVector weights) {
    ParameterLayout layout = weights.layout();
    return new TrainingState(
        Torch.place(weights), Torch.newVector(layout), Torch.newVector(layout));
  }

  /** The live weights; each step changes them. */
  public ParameterVector weights() {
    return weights;
  }

  /** Steps taken. */
  public long step() {
    return step;
  }

  void clearMoments() {
    firstMoment().set(new NDIndex(":"), 0);
    secondMoment().set(new NDIndex(":"), 0);
  }

  void stepTaken() {
    step++;
  }

  NDArray firstMoment() {
    return firstMoment.array();
  }

  NDArray secondMoment() {
    return secondMoment.array();
  }

  /** Writes aside, flushes and renames: the file is whole or not there. Holds a checksum. */
  public void save(Path file) throws IOException {
    List<ParameterVector> vectors = List.of(weights, firstMoment, secondMoment);
    if (weights.isOnHost()) {
      write(file, vectors, step);
      return;
    }
    var copies = new ArrayList<ParameterVector>();
    try {
      for (ParameterVector vector : vectors) {
        copies.add(vector.hostCopy());
      }
      write(file, copies, step);
    } finally {
      copies.forEach(ParameterVector::close);
    }
  }

  private static void write(Path file, List<ParameterVector> vectors, long step)
      throws IOException {
    Path aside = file.resolveSibling(file.getFileName() + ".incomplete");
    ParameterLayout layout = vectors.getFirst().layout();
    List<Integer> shape = List.of(Math.toIntExact(layout.size()));
    var contents = new ArrayList<Safetensors.Content>();
    for (int i = 0; i < NAMES.size(); i++) {
      contents.add(new Safetensors.Content(NAMES.get(i), shape, vectors.get(i).bytes()));
    }
    Safetensors.write(
        aside,
        Map.of(
            "step",
            Long.toString(step),
            "architecture",
            layout.architecture().toString(),
            "sha256",
            checksum(vectors, step)),
        contents);
    DurableFiles.rename(aside, file);
  }

  /**
   * Reads a saved state.
   *
   * @throws InvalidInputException CORRUPT where the file is damaged, MISMATCH where it was made for
   *     another layout, NOT_FOUND where it is not there
   */
  public static TrainingState load(Path file, ParameterLayout layout) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw error(InvalidInputException.Kind.NOT_FOUND, "STATE_MISSING", file, "does not exist");
    }
    try (Safetensors in = Safetensors.open(file)) {
      if (!layout.architecture().toString().equals(in.metadata().get("architecture"))) {
        throw error(
            InvalidInputException.Kind.MISMATCH,
            "STATE_MISMATCH",
            file,
            "was made for another architecture, not " + layout.architecture());
      }
      var vectors = new ArrayList<ParameterVector>();
      try {
        for (int i = 0; i < NAMES.size(); i++) {
          vectors.add(ParameterVector.allocate(layout));
        }
        long step = read(in, vectors, file);
        vectors.replaceAll(Torch::place);
        var state = new TrainingState(vectors.get(0), vectors.get(1), vectors.get(2));
        state.step = step;
        return state;
      } catch (Throwable e) {
        vectors.forEach(ParameterVector::close);
        throw e;
      }
    } catch (InvalidInputException e) {
      if (e.kind() == InvalidInputException.Kind.MISMATCH) {
        throw e;
      }
      throw error(
          InvalidInputException.Kind.CORRUPT,
          "STATE_CORRUPT",
          file,
          "is damaged: " + e.getMessage());
    }
  }

  /** Returns the step. */
  private static long read(Safetensors in, List<ParameterVector> vectors, Path file)
      throws IOException {
    List<Integer> shape = List.of(Math.toIntExact(vectors.getFirst().layout().size()));
    for (int i = 0; i < NAMES.size(); i++) {
      Safetensors.Tensor tensor = in.tensors().get(NAMES.get(i));
      if (tensor == null || !tensor.shape().equals(shape)) {
        throw error(
            InvalidInputException.Kind.CORRUPT, "STATE_CORRUPT", file, "lacks " + NAMES.get(i));
      }
      in.read(tensor, vectors.get(i).bytes());
    }
    long step;
    try {
      step = Long.parseLong(in.metadata().getOrDefault("step", ""));
    } catch (NumberFormatException e) {
      step = -1;
    }
    if (step < 0 || !checksum(vectors, step).equals(in.metadata().get("sha256"))) {
      throw error(
          InvalidInputException.Kind.CORRUPT, "STATE_CORRUPT", file, "has a wrong checksum");
    }
    return step;
  }

  private static String checksum(List<ParameterVector> vectors, long step) {
    try {
      var sha256 = MessageDigest.getInstance("SHA-256");
      sha256.update(("step " + step + "\n").getBytes(StandardCharsets.UTF_8));
      for (ParameterVector vector : vectors) {
        sha256.update(vector.bytes());
      }
      return HexFormat.of().formatHex(sha256.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every JDK has SHA-256", e);
    }
  }

  private static InvalidInputException error(
      InvalidInputException.Kind kind, String reason, Path file, String what) {
    return new InvalidInputException(
        kind, reason, "state", "training state %s %s".formatted(file, what));
  }

  @Override
  public void close() {
    weights.close();
    firstMoment.close();
    secondMoment.close();
  }
}
