package dev.watershed.server;

import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.protobuf.StatusProto;
import jakarta.inject.Singleton;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Accepts nothing new while a disk is full: methods that create or register are refused before they
 * begin, all others are answered.
 */
@Singleton
final class DiskInterceptor implements RefusingInterceptor {
  private static final Pattern ADDING =
      Pattern.compile("(Batch)?(Create|Register|Upload|Import)[A-Z].*");

  private final DiskSpace disk;

  DiskInterceptor(DiskSpace disk) {
    this.disk = disk;
  }

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    if (isAdding(call.getMethodDescriptor().getBareMethodName())) {
      var shortage = disk.shortage();
      if (shortage.isPresent()) {
        var told = StatusProto.toStatusRuntimeException(shortage.get().toStatus());
        var trailers = told.getTrailers();
        call.close(told.getStatus(), trailers == null ? new Metadata() : trailers);
        return new ServerCall.Listener<>() {};
      }
    }
    return next.startCall(call, headers);
  }

  private static boolean isAdding(@Nullable String method) {
    return method != null && ADDING.matcher(method).matches();
  }
}
