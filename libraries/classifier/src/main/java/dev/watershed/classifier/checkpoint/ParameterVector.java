package dev.watershed.classifier.checkpoint;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import dev.watershed.classifier.checkpoint.ParameterLayout.Parameter;
import dev.watershed.input.InvalidInputException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;

/**
 * One model's weights: contiguous fp32 memory of the host, or of a GPU once {@link #moveTo moved}
 * there, to be closed. Only the host's can be reached byte by byte.
 *
 * <p>Reading may go on from many threads; whoever writes must be alone.
 */
public final class ParameterVector implements AutoCloseable {
  // Memory is reached through one ByteBuffer; 1.6 times BERT-large fits.
  private static final long MAX_SIZE = Integer.MAX_VALUE / Float.BYTES;
  private static final double HEAD_STD = .02;

  /** Standard deviation of a standard normal distribution cut at two, as JAX has it. */
  private static final double STD_CUT_AT_TWO = .87962566103423978;

  private final ParameterLayout layout;
  private final NDManager manager;
  private final PtNDArray array;

  private ParameterVector(ParameterLayout layout, NDManager manager, PtNDArray array) {
    this.layout = layout;
    this.manager = manager;
    this.array = array;
  }

  private ParameterVector(ParameterLayout layout) {
    requireSupported(layout);
    this.layout = layout;
    this.manager = TorchEngine.get().newBaseManager(Device.cpu());
    this.array = (PtNDArray) manager.zeros(new Shape(layout.size()), DataType.FLOAT32);
  }

  /** Throws where a vector of the layout would be larger than the largest there can be. */
  static void requireSupported(ParameterLayout layout) {
    if (layout.size() > MAX_SIZE) {
      throw InvalidInputException.invalid(
          "MODEL_TOO_LARGE",
          "model",
          String.format(
              Locale.ROOT,
              "the model has %d parameters, at most %d are supported",
              layout.size(),
              MAX_SIZE));
    }
  }

  /** Zeros. */
  public static ParameterVector allocate(ParameterLayout layout) {
    return new ParameterVector(layout);
  }

  /**
   * Matrices and embeddings normal(0, std), biases zero, LayerNorm one and zero. What is drawn for
   * a parameter depends on the seed, its name and its shape alone.
   */
  public static ParameterVector random(ParameterLayout layout, double std, long seed) {
    var vector = new ParameterVector(layout);
    layout.parameters().forEach(p -> vector.draw(p, Normal.whole(std), seed));
    return vector;
  }

  /** Keeps what both layouts share by name and draws the rest; biases are zero. */
  public static ParameterVector withHead(
      ParameterVector encoder,
      ParameterLayout target,
      HeadInitialization initialization,
      long headSeed) {
    List<String> differences =
        HuggingFaceConfig.differences(
            encoder.layout.architecture().encoder(), target.architecture().encoder());
    var vector = new ParameterVector(target);
    for (Parameter p : target.parameters()) {
      Parameter source = encoder.layout.find(p.name());
      if (source == null) {
        vector.draw(p, headDistribution(p, initialization), headSeed);
      } else if (source.shape().equals(p.shape())) {
        vector.bytes(p).put(encoder.bytes(source));
      } else {
        vector.close();
        throw new InvalidInputException(
            InvalidInputException.Kind.MISMATCH,
            "LAYOUT_MISMATCH",
            "model",
            "%s has shape %s in the given weights and %s in the wanted model, which differ in %s"
                .formatted(p.name(), source.shape(), p.shape(), String.join(", ", differences)));
      }
    }
    return vector;
  }

  public ParameterLayout layout() {
    return layout;
  }

  /** The tensor {@code (size)} itself, not a copy. */
  public NDArray array() {
    return array;
  }

  /** Whether the weights lie in the host's memory. */
  public boolean isOnHost() {
    return !array.getDevice().isGpu();
  }

  /** Moves the weights to a GPU: returns the vector there, and closes this one. */
  public ParameterVector moveTo(Device device) {
    ParameterVector moved = copyTo(device);
    close();
    return moved;
  }

  /** A copy in the host's memory, to be closed. */
  public ParameterVector hostCopy() {
    return copyTo(Device.cpu());
  }

  private ParameterVector copyTo(Device device) {
    NDManager target = TorchEngine.get().newBaseManager(device);
    try {
      // Asked for the device where it is, toDevice copies nothing.
      boolean there = array.getDevice().equals(device);
      PtNDArray copy = there ? (PtNDArray) array.duplicate() : array.toDevice(device, true);
      copy.attach(target);
      return new ParameterVector(layout, target, copy);
    } catch (Throwable e) {
      target.close();
      throw e;
    }
  }

  /** Bytes of native memory held. */
  public long nativeBytes() {
    return layout.size() * Float.BYTES;
  }

  /** A copy of one parameter, row-major. */
  public float[] copyOf(String parameter) {
    Parameter p = layout.find(parameter);
    if (p == null) {
      throw new IllegalArgumentException("no parameter " + parameter);
    }
    var copy = new float[Math.toIntExact(p.size())];
    bytes(p).asFloatBuffer().get(copy);
    return copy;
  }

  /** L2 norm of the difference, summed in double. */
  public double euclideanDistance(ParameterVector other) {
    requireSameLayout(other);
    if (!isOnHost()) {
      return distanceOnDevice(other);
    }
    FloatBuffer a = floats();
    FloatBuffer b = other.floats();
    // Four sums, for speed only; their order is fixed.
    double s0 = 0;
    double s1 = 0;
    double s2 = 0;
    double s3 = 0;
    int n = a.remaining();
    int i = 0;
    for (; i + 3 < n; i += 4) {
      double d0 = (double) a.get(i) - b.get(i);
      double d1 = (double) a.get(i + 1) - b.get(i + 1);
      double d2 = (double) a.get(i + 2) - b.get(i + 2);
      double d3 = (double) a.get(i + 3) - b.get(i + 3);
      s0 += d0 * d0;
      s1 += d1 * d1;
      s2 += d2 * d2;
      s3 += d3 * d3;
    }
    for (; i < n; i++) {
      double d = (double) a.get(i) - b.get(i);
      s0 += d * d;
    }
    return Math.sqrt(s0 + s1 + s2 + s3);
  }

  private double distanceOnDevice(ParameterVector other) {
    try (NDManager scope = manager.newSubManager()) {
      NDArray difference = array.sub(other.array);
      difference.attach(scope);
      NDArray squares = difference.toType(DataType.FLOAT64, false).square();
      squares.attach(scope);
      return Math.sqrt(squares.sum().getDouble());
    }
  }

  /** Content digest: architecture, then name, shape and little-endian fp32 bytes of each tensor. */
  public Digest digest() {
    var digest = new ContentDigest(layout.architecture());
    for (Parameter p : layout.parameters()) {
      digest.begin(p);
      digest.values(bytes(p));
    }
    return digest.digest();
  }

  @Override
  public void close() {
    manager.close();
  }

  /** Throws unless the two may be combined element by element. */
  public void requireSameLayout(ParameterVector other) {
    if (!layout.architecture().isInterchangeableWith(other.layout.architecture())) {
      throw new InvalidInputException(
          InvalidInputException.Kind.MISMATCH,
          "LAYOUT_MISMATCH",
          "model",
          "the models cannot be combined, they differ in "
              + String.join(", ", layout.architecture().differences(other.layout.architecture())));
    }
  }

  /** One parameter's own memory, little-endian; writing writes the vector. */
  ByteBuffer bytes(Parameter p) {
    return bytes()
        .slice(Math.toIntExact(p.offset() * Float.BYTES), Math.toIntExact(p.size() * Float.BYTES))
        .order(ByteOrder.LITTLE_ENDIAN);
  }

  /** The vector's own memory in the host, little-endian; writing writes the vector. */
  public ByteBuffer bytes() {
    if (!isOnHost()) {
      throw new IllegalStateException("the weights lie on a GPU; make a host copy");
    }
    return array.toByteBuffer(true).order(ByteOrder.LITTLE_ENDIAN);
  }

  private FloatBuffer floats() {
    return bytes().asFloatBuffer();
  }

  void draw(Parameter p, Normal distribution, long seed) {
    draw(bytes(p).asFloatBuffer(), p, distribution, seed);
  }

  static void draw(FloatBuffer to, Parameter p, Normal distribution, long seed) {
    switch (p.kind()) {
      case MATRIX -> drawNormal(to, distribution, new SplittableRandom(seedOf(p.name(), seed)));
      case NORM_WEIGHT -> {
        while (to.hasRemaining()) {
          to.put(1f);
        }
      }
      case BIAS -> {
        while (to.hasRemaining()) {
          to.put(0f);
        }
      }
    }
  }

  /**
   * A normal distribution about zero.
   *
   * @param std standard deviation, before it is cut
   * @param limit what lies so far from zero, or further, is drawn anew
   */
  record Normal(double std, double limit) {
    static Normal whole(double std) {
      return new Normal(std, Double.POSITIVE_INFINITY);
    }

    static Normal cutAtTwo(double std) {
      return new Normal(std, 2 * std);
    }
  }

  private static Normal headDistribution(Parameter p, HeadInitialization initialization) {
    return switch (initialization) {
      case NORMAL -> Normal.whole(HEAD_STD);
      case TRUNCATED_NORMAL -> Normal.cutAtTwo(HEAD_STD);
      case LECUN_NORMAL ->
          p.group().equals(ParameterLayout.HEAD) && p.shape().size() == 2
              ? Normal.cutAtTwo(1 / (StrictMath.sqrt(p.shape().get(1)) * STD_CUT_AT_TWO))
              : Normal.whole(HEAD_STD);
    };
  }

  /** Marsaglia's polar method, so that the draws do not depend on the library's own choice. */
  private static void drawNormal(FloatBuffer to, Normal distribution, SplittableRandom random) {
    while (to.hasRemaining()) {
      double u = 2 * random.nextDouble() - 1;
      double v = 2 * random.nextDouble() - 1;
      double s = u * u + v * v;
      if (s < 1 && s > 0) {
        double scale = distribution.std() * StrictMath.sqrt(-2 * StrictMath.log(s) / s);
        put(u * scale, distribution, to);
        put(v * scale, distribution, to);
      }
    }
  }

  private static void put(double drawn, Normal distribution, FloatBuffer to) {
    if (to.hasRemaining() && Math.abs(drawn) < distribution.limit()) {
      to.put((float) drawn);
    }
  }

  /** A parameter's own seed, so that adding one elsewhere does not change its draw. */
  private static long seedOf(String name, long seed) {
    byte[] key = (name + " " + seed).getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.wrap(Digest.newSha256().digest(key)).getLong();
  }
}
