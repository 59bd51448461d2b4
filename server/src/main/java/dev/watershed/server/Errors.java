package dev.watershed.server;

import com.google.rpc.Code;
import com.google.rpc.Status;
import dev.watershed.classifier.InvalidInputException;
import io.grpc.Context;
import io.grpc.StatusException;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The one table from what is thrown to what the caller is told. */
public final class Errors {
  private static final Logger log = LoggerFactory.getLogger(Errors.class);

  private Errors() {}

  /** Returns what to close a call with. Anything unforeseen is logged and told by a number only. */
  public static StatusRuntimeException toStatusRuntimeException(Throwable thrown) {
    if (thrown instanceof StatusRuntimeException status) {
      return status;
    }
    if (thrown instanceof StatusException status) {
      return new StatusRuntimeException(status.getStatus(), status.getTrailers());
    }
    return StatusProto.toStatusRuntimeException(toStatus(thrown));
  }

  /** Returns what to store in a failed run or study. */
  public static Status toStatus(Throwable thrown) {
    if (thrown instanceof RefusedException refused) {
      return refused.toStatus();
    }
    if (thrown instanceof InvalidInputException input) {
      return toRefused(input).toStatus();
    }
    if (thrown instanceof CancellationException || thrown instanceof InterruptedException) {
      return cancelled();
    }
    if (thrown instanceof StatusRuntimeException || thrown instanceof StatusException) {
      return StatusProto.fromThrowable(thrown);
    }
    String incident = UUID.randomUUID().toString();
    log.error("Incident {}", incident, thrown);
    String message =
        "Internal error; the server's log holds the cause under incident " + incident + ".";
    return RefusedException.refused(
            Code.INTERNAL, "INTERNAL", message, Map.of("incident", incident))
        .toStatus();
  }

  private static RefusedException toRefused(InvalidInputException input) {
    String reason = input.reason();
    String subject = input.parameter();
    String message = String.valueOf(input.getMessage());
    return switch (input.kind()) {
      case INVALID -> RefusedException.invalidArgument(reason, subject, message);
      case NOT_FOUND -> RefusedException.notFound(reason, subject, message);
      case FORBIDDEN -> RefusedException.permissionDenied(reason, subject, message);
      case MISMATCH -> RefusedException.failedPrecondition(reason, subject, message);
      case CORRUPT -> RefusedException.dataLoss(reason, subject, message);
    };
  }

  private static Status cancelled() {
    var deadline = Context.current().getDeadline();
    return deadline != null && deadline.isExpired()
        ? RefusedException.refused(
                Code.DEADLINE_EXCEEDED,
                "DEADLINE_EXCEEDED",
                "The call's deadline passed; the work was stopped. Ask for less or wait longer.",
                Map.of())
            .toStatus()
        : RefusedException.refused(
                Code.CANCELLED,
                "CANCELLED",
                "The call was cancelled; the work was stopped.",
                Map.of())
            .toStatus();
  }
}
