package dev.watershed.classifier.checkpoint;

import dev.watershed.classifier.checkpoint.ParameterLayout.Parameter;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;

/**
 * The identity of a model, taken as its weights go by: architecture, then name, shape and
 * little-endian fp32 bytes of each parameter in the layout's order.
 */
final class ContentDigest implements HuggingFaceCheckpoint.Visitor {
  private final MessageDigest sha256 = Digest.newSha256();
  private long size;

  ContentDigest(Architecture architecture) {
    add(ByteBuffer.wrap(HuggingFaceConfig.canonicalBytes(architecture)));
  }

  @Override
  public void begin(Parameter parameter) {
    String title = "\n" + parameter.name() + " " + parameter.shape() + "\n";
    add(ByteBuffer.wrap(title.getBytes(StandardCharsets.UTF_8)));
  }

  @Override
  public void values(ByteBuffer bytes) {
    add(bytes);
  }

  private void add(ByteBuffer bytes) {
    size += bytes.remaining();
    sha256.update(bytes);
  }

  /** To be called once, at the end. */
  Digest digest() {
    return new Digest(HexFormat.of().formatHex(sha256.digest()), size);
  }
}
