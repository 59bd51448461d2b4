package dev.watershed.jobs;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.Message;
import java.io.IOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * A call that creates jobs, so that its repetition can be told from a new one.
 *
 * @param requestId the caller's name for it; empty where the call is not to be repeated
 * @param digest SHA-256 of its body, hexadecimal
 */
public record CreateCall(String requestId, String digest) {
  /** The digest of a request is over its type and its canonical bytes. */
  public static CreateCall of(String requestId, Message request) {
    try {
      var bytes = new byte[request.getSerializedSize()];
      var output = CodedOutputStream.newInstance(bytes);
      output.useDeterministicSerialization();
      request.writeTo(output);
      var sha256 = MessageDigest.getInstance("SHA-256");
      sha256.update(request.getDescriptorForType().getFullName().getBytes(UTF_8));
      return new CreateCall(requestId, HexFormat.of().formatHex(sha256.digest(bytes)));
    } catch (IOException | NoSuchAlgorithmException e) {
      throw new IllegalStateException("cannot happen in memory and with every JDK", e);
    }
  }

  boolean isRepeatable() {
    return !requestId.isEmpty();
  }
}
