package dev.watershed.server;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.rpc.BadRequest;
import com.google.rpc.Code;
import com.google.rpc.ErrorInfo;
import com.google.rpc.PreconditionFailure;
import com.google.rpc.ResourceInfo;
import com.google.rpc.RetryInfo;
import com.google.rpc.Status;
import dev.watershed.input.Quoted;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A request that is refused, with everything its sender needs to act on: a code, a reason for
 * programs, the field or resource, and a message that names the value, the limit and what to do.
 */
public final class RefusedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** The domain of every {@code ErrorInfo} of ours. */
  public static final String DOMAIN = "watershed.dev";

  private final Status status;

  private RefusedException(Status status) {
    super(status.getMessage());
    this.status = status;
  }

  /** One field that is wrong; {@code field} is a path such as {@code samples[0].size}. */
  public static RefusedException invalidArgument(String reason, String field, String message) {
    return invalidArgument(reason, List.of(violation(field, message)));
  }

  /** Several fields that are wrong; the status message joins theirs. */
  public static RefusedException invalidArgument(
      String reason, List<BadRequest.FieldViolation> violations) {
    var message = new ArrayList<String>();
    for (var violation : violations) {
      message.add(
          violation.getField().isEmpty()
              ? violation.getDescription()
              : violation.getField() + ": " + violation.getDescription());
    }
    var request = BadRequest.newBuilder().addAllFieldViolations(violations).build();
    return refused(Code.INVALID_ARGUMENT, reason, String.join("; ", message), Map.of(), request);
  }

  /** A resource that does not exist. */
  public static RefusedException notFound(String reason, String resourceName, String message) {
    return resource(Code.NOT_FOUND, reason, resourceName, message);
  }

  /** A resource that exists with other content. */
  public static RefusedException alreadyExists(String reason, String resourceName, String message) {
    return resource(Code.ALREADY_EXISTS, reason, resourceName, message);
  }

  /** A resource that this server does not give out. */
  public static RefusedException permissionDenied(
      String reason, String resourceName, String message) {
    return resource(Code.PERMISSION_DENIED, reason, resourceName, message);
  }

  /** A stored resource that is damaged. */
  public static RefusedException dataLoss(String reason, String resourceName, String message) {
    return resource(Code.DATA_LOSS, reason, resourceName, message);
  }

  /** A right request at the wrong moment, or right inputs that do not fit each other. */
  public static RefusedException failedPrecondition(String reason, String subject, String message) {
    var violation =
        PreconditionFailure.Violation.newBuilder()
            .setType(reason)
            .setSubject(Quoted.whole(subject))
            .setDescription(Quoted.whole(message));
    return refused(
        Code.FAILED_PRECONDITION,
        reason,
        message,
        Map.of(),
        PreconditionFailure.newBuilder().addViolations(violation).build());
  }

  /** No room now; come back after {@code retryAfter}. */
  public static RefusedException resourceExhausted(
      String reason, String message, Duration retryAfter) {
    return resourceExhausted(reason, message, retryAfter, Map.of());
  }

  /**
   * No room now; come back after {@code retryAfter}.
   *
   * @param metadata facts for programs, such as the directory that is full
   */
  public static RefusedException resourceExhausted(
      String reason, String message, Duration retryAfter, Map<String, String> metadata) {
    return refused(Code.RESOURCE_EXHAUSTED, reason, message, metadata, retry(retryAfter));
  }

  /** Not able to serve now; come back after {@code retryAfter}. */
  public static RefusedException unavailable(String reason, String message, Duration retryAfter) {
    return refused(Code.UNAVAILABLE, reason, message, Map.of(), retry(retryAfter));
  }

  /**
   * Any refusal.
   *
   * @param metadata facts for programs, such as the step at which a run diverged
   * @param details further {@code google.rpc} messages
   */
  public static RefusedException refused(
      Code code, String reason, String message, Map<String, String> metadata, Message... details) {
    var info = ErrorInfo.newBuilder().setDomain(DOMAIN).setReason(reason);
    metadata.forEach((key, value) -> info.putMetadata(key, Quoted.whole(value)));
    var status =
        Status.newBuilder()
            .setCode(code.getNumber())
            .setMessage(Quoted.whole(message))
            .addDetails(Any.pack(info.build()));
    for (var detail : details) {
      status.addDetails(Any.pack(detail));
    }
    return new RefusedException(status.build());
  }

  /** Returns the violation of one field. */
  public static BadRequest.FieldViolation violation(String field, String message) {
    return BadRequest.FieldViolation.newBuilder()
        .setField(Quoted.whole(field))
        .setDescription(Quoted.whole(message))
        .build();
  }

  /** Returns this refusal with its fields told as parts of {@code outer}. */
  public RefusedException within(String outer) {
    var nested = status.toBuilder().clearDetails();
    for (var detail : status.getDetailsList()) {
      nested.addDetails(detail.is(BadRequest.class) ? Any.pack(nest(outer, detail)) : detail);
    }
    var error = new RefusedException(nested.build());
    error.initCause(this);
    return error;
  }

  private static BadRequest nest(String outer, Any detail) {
    try {
      var request = detail.unpack(BadRequest.class).toBuilder();
      for (var violation : request.getFieldViolationsBuilderList()) {
        String field = violation.getField();
        violation.setField(field.isEmpty() ? outer : outer + "." + field);
      }
      return request.build();
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException("a refusal holds a BadRequest that cannot be read", e);
    }
  }

  /** What goes over the wire, and into a failed run or study. */
  public Status toStatus() {
    return status;
  }

  private static RefusedException resource(
      Code code, String reason, String resourceName, String message) {
    int slash = resourceName.indexOf('/');
    var info =
        ResourceInfo.newBuilder()
            .setResourceType(slash < 0 ? "" : resourceName.substring(0, slash))
            .setResourceName(Quoted.whole(resourceName))
            .setDescription(Quoted.whole(message))
            .build();
    return refused(code, reason, message, Map.of(), info);
  }

  private static RetryInfo retry(Duration after) {
    return RetryInfo.newBuilder()
        .setRetryDelay(
            com.google.protobuf.Duration.newBuilder()
                .setSeconds(after.getSeconds())
                .setNanos(after.getNano()))
        .build();
  }
}
