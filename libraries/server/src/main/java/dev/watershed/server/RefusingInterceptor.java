package dev.watershed.server;

import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.protobuf.StatusProto;
import java.util.Optional;

/** Refuses calls of a server by their name or headers, with a full status, before they are read. */
public interface RefusingInterceptor extends ServerInterceptor {
  /** Returns why a call is refused; empty where it is not. */
  Optional<RefusedException> refusal(MethodDescriptor<?, ?> method, Metadata headers);

  @Override
  default <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    var refusal = refusal(call.getMethodDescriptor(), headers);
    if (refusal.isEmpty()) {
      return next.startCall(call, headers);
    }
    var told = StatusProto.toStatusRuntimeException(RefusalStatus.of(refusal.get()));
    var trailers = told.getTrailers();
    call.close(told.getStatus(), trailers == null ? new Metadata() : trailers);
    return new ServerCall.Listener<>() {};
  }
}
