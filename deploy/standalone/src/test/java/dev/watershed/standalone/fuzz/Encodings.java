package dev.watershed.standalone.fuzz;

import io.grpc.Codec;
import io.grpc.Compressor;
import io.grpc.CompressorRegistry;
import java.io.OutputStream;

/** Compressions that do not do what they say. */
final class Encodings {
  /** Says gzip and is not. */
  static final String BROKEN_GZIP = "gzip";

  /** No server has heard of it. */
  static final String UNKNOWN = "lzw";

  private Encodings() {}

  /** What a client is to use. */
  static CompressorRegistry registry() {
    var registry = CompressorRegistry.newEmptyInstance();
    registry.register(Codec.Identity.NONE);
    registry.register(named(BROKEN_GZIP));
    registry.register(named(UNKNOWN));
    return registry;
  }

  private static Compressor named(String name) {
    return new Compressor() {
      @Override
      public String getMessageEncoding() {
        return name;
      }

      @Override
      public OutputStream compress(OutputStream out) {
        return out;
      }
    };
  }
}
