package dev.watershed.trainer.grpc;

import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import com.google.rpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/** What a refused call was told. */
final class Refusals {
  private Refusals() {}

  static Status of(ThrowingCallable call) {
    return StatusProto.fromThrowable(catchThrowableOfType(StatusRuntimeException.class, call));
  }

  static ErrorInfo info(Status status) {
    return detail(status, ErrorInfo.class);
  }

  static String reason(Status status) {
    return info(status).getReason();
  }

  static List<String> fields(Status status) {
    return detail(status, BadRequest.class).getFieldViolationsList().stream()
        .map(BadRequest.FieldViolation::getField)
        .toList();
  }

  static long retryAfterSeconds(Status status) {
    return detail(status, RetryInfo.class).getRetryDelay().getSeconds();
  }

  private static <D extends Message> D detail(Status status, Class<D> type) {
    try {
      for (var any : status.getDetailsList()) {
        if (any.is(type)) {
          return any.unpack(type);
        }
      }
    } catch (InvalidProtocolBufferException e) {
      throw new AssertionError(e);
    }
    throw new AssertionError("no " + type.getSimpleName() + " in " + status);
  }
}
