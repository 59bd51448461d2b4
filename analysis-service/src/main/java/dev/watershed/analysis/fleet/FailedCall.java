package dev.watershed.analysis.fleet;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import dev.watershed.server.RefusedException;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.security.cert.CertificateException;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import javax.net.ssl.SSLException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What an evaluator answered instead. */
record FailedCall(StatusRuntimeException failure) {
  private static final Logger log = LoggerFactory.getLogger(FailedCall.class);

  /** What a repeated call can get over; a call that we did not cancel ourselves, a proxy did. */
  private static final Set<Code> PASSING =
      EnumSet.of(Code.UNAVAILABLE, Code.DEADLINE_EXCEEDED, Code.CANCELLED);

  /**
   * Whether the evaluator has too much to do. Without a RetryInfo it is a limit that the same call
   * will meet again, such as the size of a message.
   */
  boolean isBusy() {
    return failure.getStatus().getCode() == Code.RESOURCE_EXHAUSTED && retryDelay().isPresent();
  }

  boolean isPassing() {
    return (PASSING.contains(failure.getStatus().getCode())
            && cause(CertificateException.class).isEmpty())
        || isBusy();
  }

  /** Whether it has no such checkpoint where it reads them. */
  boolean lacksCheckpoint() {
    return failure.getStatus().getCode() == Code.NOT_FOUND
        && detail(ErrorInfo.class)
            .map(info -> info.getReason().equals("CHECKPOINT_NOT_FOUND"))
            .orElse(false);
  }

  private <T extends Throwable> Optional<T> cause(Class<T> type) {
    for (var cause = failure.getStatus().getCause(); cause != null; cause = cause.getCause()) {
      if (type.isInstance(cause)) {
        return Optional.of(type.cast(cause));
      }
    }
    return Optional.empty();
  }

  /** When the evaluator wants to be asked again. */
  Optional<Duration> retryDelay() {
    return detail(RetryInfo.class)
        .map(
            retry ->
                Duration.ofSeconds(
                    retry.getRetryDelay().getSeconds(), retry.getRetryDelay().getNanos()));
  }

  private <T extends Message> Optional<T> detail(Class<T> type) {
    var status = StatusProto.fromThrowable(failure);
    if (status != null) {
      for (var detail : status.getDetailsList()) {
        if (detail.is(type)) {
          try {
            return Optional.of(detail.unpack(type));
          } catch (InvalidProtocolBufferException e) {
            log.warn("The evaluator's {} cannot be read", type.getSimpleName(), e);
          }
        }
      }
    }
    return Optional.empty();
  }

  /** What keeps the analysis from the evaluator is said with the keys that change it. */
  private String message(com.google.rpc.Status said) {
    var tls = cause(CertificateException.class).map(Throwable.class::cast);
    if (tls.isEmpty()) {
      tls = cause(SSLException.class).map(Throwable.class::cast);
    }
    if (tls.isPresent()) {
      return "there is no TLS connection to it: "
          + tls.get().getMessage()
          + " (watershed.analysis.evaluator.tls-*)";
    }
    if (failure.getStatus().getCode() == Code.UNAUTHENTICATED) {
      return said.getMessage() + " The analysis sends watershed.analysis.evaluator.token-file.";
    }
    return said.getMessage().isEmpty()
        ? failure.getStatus().getCode().toString()
        : said.getMessage();
  }

  /** What it said, for people. */
  String message() {
    return message(StatusProto.fromStatusAndTrailers(failure.getStatus(), failure.getTrailers()));
  }

  /** The same, with what was asked about. */
  StatusRuntimeException about(String subject) {
    var said = StatusProto.fromStatusAndTrailers(failure.getStatus(), failure.getTrailers());
    var status = said.toBuilder();
    status.setMessage("The evaluator, asked about %s: %s".formatted(subject, message(said)));
    if (said.getDetailsCount() == 0) {
      status.addDetails(
          Any.pack(
              ErrorInfo.newBuilder()
                  .setDomain(RefusedException.DOMAIN)
                  .setReason("EVALUATOR_FAILED")
                  .build()));
    }
    return StatusProto.toStatusRuntimeException(status.build());
  }
}
