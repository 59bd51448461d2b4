package dev.watershed.server;

import com.google.rpc.Status;
import dev.watershed.server.RefusedException.Kind;
import io.grpc.Context;
import io.grpc.StatusException;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import jakarta.inject.Singleton;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The one table from what is thrown to what the caller is told. */
@Singleton
public final class Errors {
  private static final Logger log = LoggerFactory.getLogger(Errors.class);

  /** Knows what one library's exceptions mean. */
  @FunctionalInterface
  public interface Translation {
    /** Returns what to tell of {@code thrown}, or null where it is not this library's. */
    @Nullable RefusedException translate(Throwable thrown);
  }

  private final List<Translation> translations;

  public Errors(List<Translation> translations) {
    this.translations = List.copyOf(translations);
  }

  /** Returns what to close a call with. Anything unforeseen is logged and told by a number only. */
  public StatusRuntimeException toStatusRuntimeException(Throwable thrown) {
    if (thrown instanceof StatusRuntimeException status) {
      return status;
    }
    if (thrown instanceof StatusException status) {
      return new StatusRuntimeException(status.getStatus(), status.getTrailers());
    }
    return StatusProto.toStatusRuntimeException(toStatus(thrown));
  }

  /** Returns what to store in a failed run or study. */
  public Status toStatus(Throwable thrown) {
    if (thrown instanceof RefusedException refused) {
      return RefusalStatus.of(refused);
    }
    for (var translation : translations) {
      var refused = translation.translate(thrown);
      if (refused != null) {
        return RefusalStatus.of(refused);
      }
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
    return RefusalStatus.of(
        RefusedException.refused(
            Kind.INTERNAL, "INTERNAL_ERROR", message, Map.of("incident", incident)));
  }

  private static Status cancelled() {
    var deadline = Context.current().getDeadline();
    return RefusalStatus.of(
        deadline != null && deadline.isExpired()
            ? RefusedException.refused(
                Kind.DEADLINE_EXCEEDED,
                "DEADLINE_EXCEEDED",
                "The call's deadline passed; the work was stopped. Ask for less or wait longer.",
                Map.of())
            : RefusedException.refused(
                Kind.CANCELLED,
                "CALL_CANCELLED",
                "The call was cancelled; the work was stopped.",
                Map.of()));
  }
}
