package dev.watershed.server;

import com.google.protobuf.Any;
import com.google.protobuf.Message;
import com.google.rpc.BadRequest;
import com.google.rpc.Code;
import com.google.rpc.ErrorInfo;
import com.google.rpc.PreconditionFailure;
import com.google.rpc.ResourceInfo;
import com.google.rpc.RetryInfo;
import com.google.rpc.Status;
import dev.watershed.input.Quoted;
import dev.watershed.server.RefusedException.Subject;
import dev.watershed.server.RefusedException.Violation;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** How a refusal goes over the wire, and into a failed run or study. */
public final class RefusalStatus {
  private RefusalStatus() {}

  /** Returns the status: its code, its reason, and one more detail of what it is about. */
  public static Status of(RefusedException refused) {
    String message = String.valueOf(refused.getMessage());
    var info =
        ErrorInfo.newBuilder().setDomain(RefusedException.DOMAIN).setReason(refused.reason());
    refused.metadata().forEach((key, value) -> info.putMetadata(key, Quoted.whole(value)));
    var status =
        Status.newBuilder()
            .setCode(Code.valueOf(refused.kind().name()).getNumber())
            .setMessage(message)
            .addDetails(Any.pack(info.build()));
    detail(refused.subject(), refused.reason(), message)
        .ifPresent(about -> status.addDetails(Any.pack(about)));
    return status.build();
  }

  private static Optional<Message> detail(Subject subject, String reason, String message) {
    if (subject instanceof Subject.Fields fields) {
      return Optional.of(badRequest(fields.violations()));
    }
    if (subject instanceof Subject.Preconditions unmet) {
      return Optional.of(preconditions(reason, unmet.violations()));
    }
    if (subject instanceof Subject.Resource resource) {
      return Optional.of(resource(resource.name(), message));
    }
    return subject instanceof Subject.Moment moment
        ? Optional.of(retry(moment.retryAfter()))
        : Optional.empty();
  }

  /** Returns the violation of one field. */
  static BadRequest.FieldViolation violation(String field, String message) {
    return BadRequest.FieldViolation.newBuilder().setField(field).setDescription(message).build();
  }

  private static BadRequest badRequest(List<Violation> violations) {
    var request = BadRequest.newBuilder();
    violations.forEach(
        field -> request.addFieldViolations(violation(field.subject(), field.description())));
    return request.build();
  }

  private static PreconditionFailure preconditions(String reason, List<Violation> violations) {
    var failure = PreconditionFailure.newBuilder();
    for (var violation : violations) {
      failure
          .addViolationsBuilder()
          .setType(reason)
          .setSubject(violation.subject())
          .setDescription(violation.description());
    }
    return failure.build();
  }

  private static ResourceInfo resource(String name, String message) {
    int slash = name.indexOf('/');
    return ResourceInfo.newBuilder()
        .setResourceType(slash < 0 ? "" : name.substring(0, slash))
        .setResourceName(name)
        .setDescription(message)
        .build();
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
