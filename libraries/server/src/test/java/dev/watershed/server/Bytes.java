package dev.watershed.server;

import dev.watershed.analysis.v1.StudyServiceGrpc;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.MethodDescriptor;
import io.grpc.stub.ClientCalls;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.concurrent.TimeUnit;

/** Calls a method with bytes that are no message. */
final class Bytes implements MethodDescriptor.Marshaller<byte[]> {
  private static final byte[] BROKEN = {(byte) 0x0a, (byte) 0xff, (byte) 0xff, 0x01};

  static byte[] call(Channel channel) {
    var method = StudyServiceGrpc.getGetStudyMethod().toBuilder(new Bytes(), new Bytes()).build();
    return ClientCalls.blockingUnaryCall(
        channel, method, CallOptions.DEFAULT.withDeadlineAfter(10, TimeUnit.SECONDS), BROKEN);
  }

  @Override
  public InputStream stream(byte[] bytes) {
    return new ByteArrayInputStream(bytes);
  }

  @Override
  public byte[] parse(InputStream stream) {
    try {
      return stream.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
