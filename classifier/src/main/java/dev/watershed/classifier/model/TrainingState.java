package dev.watershed.classifier.model;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import dev.watershed.classifier.InvalidInputException;
import dev.watershed.classifier.checkpoint.DurableFiles;
import dev.watershed.classifier.checkpoint.ParameterLayout;
import dev.watershed.classifier.checkpoint.ParameterVector;
import dev.watershed.classifier.checkpoint.Safetensors;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
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
  private final NDManager manager;
  private final NDArray firstMoment;
  private final NDArray secondMoment;
  private long step;

  private TrainingState(ParameterVector weights) {
    this.weights = weights;
    this.manager = Engine.getEngine("PyTorch").newBaseManager();
    var shape = new Shape(weights.layout().size());
    this.firstMoment = manager.zeros(shape, DataType.FLOAT32);
    this.secondMoment = manager.zeros(shape, DataType.FLOAT32);
  }

  /** Zero moments, step 0. Takes {@code weights} over: closing the state closes them. */
  public static TrainingState start(ParameterVector weights) {
    return new TrainingState(weights);
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
    firstMoment.set(new NDIndex(":"), 0);
    secondMoment.set(new NDIndex(":"), 0);
  }

  void stepTaken() {
    step++;
  }

  NDArray firstMoment() {
    return firstMoment;
  }

  NDArray secondMoment() {
    return secondMoment;
  }

  /** Writes aside, flushes and renames: the file is whole or not there. Holds a checksum. */
  public void save(Path file) throws IOException {
    Path aside = file.resolveSibling(file.getFileName() + ".incomplete");
    List<Integer> shape = List.of(Math.toIntExact(weights.layout().size()));
    Safetensors.write(
        aside,
        Map.of(
            "step",
            Long.toString(step),
            "architecture",
            weights.layout().architecture().toString(),
            "sha256",
            checksum()),
        List.of(
            new Safetensors.Content(NAMES.get(0), shape, bytes(0)),
            new Safetensors.Content(NAMES.get(1), shape, bytes(1)),
            new Safetensors.Content(NAMES.get(2), shape, bytes(2))));
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
      var state = new TrainingState(ParameterVector.allocate(layout));
      try {
        state.read(in, file);
        return state;
      } catch (Throwable e) {
        state.close();
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

  private void read(Safetensors in, Path file) throws IOException {
    List<Integer> shape = List.of(Math.toIntExact(weights.layout().size()));
    for (int i = 0; i < NAMES.size(); i++) {
      Safetensors.Tensor tensor = in.tensors().get(NAMES.get(i));
      if (tensor == null || !tensor.shape().equals(shape)) {
        throw error(
            InvalidInputException.Kind.CORRUPT, "STATE_CORRUPT", file, "lacks " + NAMES.get(i));
      }
      in.read(tensor, bytes(i));
    }
    try {
      step = Long.parseLong(in.metadata().getOrDefault("step", ""));
    } catch (NumberFormatException e) {
      step = -1;
    }
    if (step < 0 || !checksum().equals(in.metadata().get("sha256"))) {
      throw error(
          InvalidInputException.Kind.CORRUPT, "STATE_CORRUPT", file, "has a wrong checksum");
    }
  }

  private ByteBuffer bytes(int tensor) {
    return switch (tensor) {
      case 0 -> weights.bytes();
      case 1 -> firstMoment.toByteBuffer(true).order(ByteOrder.LITTLE_ENDIAN);
      default -> secondMoment.toByteBuffer(true).order(ByteOrder.LITTLE_ENDIAN);
    };
  }

  private String checksum() {
    try {
      var sha256 = MessageDigest.getInstance("SHA-256");
      sha256.update(("step " + step + "\n").getBytes(StandardCharsets.UTF_8));
      for (int i = 0; i < NAMES.size(); i++) {
        sha256.update(bytes(i));
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
    manager.close();
    weights.close();
  }
}
