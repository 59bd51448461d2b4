package dev.watershed.server;

import dev.watershed.input.Quoted;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A request that is refused, with everything its sender needs to act on: a kind, a reason for
 * programs, what it is about, and a message that names the value, the limit and what to do. A value
 * that knows no transport; {@link RefusalStatus} says how it goes over the wire.
 */
public final class RefusedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** The domain of every {@code ErrorInfo} of ours. */
  public static final String DOMAIN = "watershed.dev";

  /** What kind of refusal it is; each is the code of {@code google.rpc} of the same name. */
  public enum Kind {
    INVALID_ARGUMENT,
    NOT_FOUND,
    ALREADY_EXISTS,
    PERMISSION_DENIED,
    UNAUTHENTICATED,
    FAILED_PRECONDITION,
    ABORTED,
    RESOURCE_EXHAUSTED,
    UNAVAILABLE,
    CANCELLED,
    DEADLINE_EXCEEDED,
    DATA_LOSS,
    INTERNAL
  }

  /**
   * What is wrong with one thing.
   *
   * @param subject a field's path such as {@code samples[0].size}, or the name of a resource
   */
  public record Violation(String subject, String description) {
    public Violation {
      subject = Quoted.whole(subject);
      description = Quoted.whole(description);
    }
  }

  /** What a refusal is about. */
  public sealed interface Subject {
    /** Nothing that has a name. */
    record None() implements Subject {}

    /** Fields of the request. */
    record Fields(List<Violation> violations) implements Subject {
      public Fields {
        violations = List.copyOf(violations);
      }
    }

    /** What does not fit, or stands in the way. */
    record Preconditions(List<Violation> violations) implements Subject {
      public Preconditions {
        violations = List.copyOf(violations);
      }
    }

    /** A resource, by its name or path. */
    record Resource(String name) implements Subject {
      public Resource {
        name = Quoted.whole(name);
      }
    }

    /** The moment; a later one may be better. */
    record Moment(Duration retryAfter) implements Subject {}
  }

  private final Kind kind;
  private final String reason;
  private final transient Subject subject;
  private final transient Map<String, String> metadata;

  private RefusedException(
      Kind kind, String reason, String message, Subject subject, Map<String, String> metadata) {
    super(Quoted.whole(message));
    this.kind = kind;
    this.reason = reason;
    this.subject = subject;
    this.metadata = Map.copyOf(metadata);
  }

  /** One field that is wrong; {@code field} is a path such as {@code samples[0].size}. */
  public static RefusedException invalidArgument(String reason, String field, String message) {
    return invalidArgument(reason, List.of(new Violation(field, message)));
  }

  /** Several fields that are wrong; the message joins theirs. */
  public static RefusedException invalidArgument(String reason, List<Violation> violations) {
    var message = new ArrayList<String>();
    for (var violation : violations) {
      message.add(
          violation.subject().isEmpty()
              ? violation.description()
              : violation.subject() + ": " + violation.description());
    }
    return new RefusedException(
        Kind.INVALID_ARGUMENT,
        reason,
        String.join("; ", message),
        new Subject.Fields(violations),
        Map.of());
  }

  /** A resource that does not exist. */
  public static RefusedException notFound(String reason, String resourceName, String message) {
    return resource(Kind.NOT_FOUND, reason, resourceName, message);
  }

  /** A resource that exists with other content. */
  public static RefusedException alreadyExists(String reason, String resourceName, String message) {
    return resource(Kind.ALREADY_EXISTS, reason, resourceName, message);
  }

  /** A resource that this server does not give out. */
  public static RefusedException permissionDenied(
      String reason, String resourceName, String message) {
    return resource(Kind.PERMISSION_DENIED, reason, resourceName, message);
  }

  /** A stored resource that is damaged. */
  public static RefusedException dataLoss(String reason, String resourceName, String message) {
    return resource(Kind.DATA_LOSS, reason, resourceName, message);
  }

  /** A right request at the wrong moment, or right inputs that do not fit each other. */
  public static RefusedException failedPrecondition(String reason, String subject, String message) {
    return failedPrecondition(reason, List.of(new Violation(subject, message)), message, Map.of());
  }

  /**
   * A right request, with what stands in its way.
   *
   * @param metadata facts for programs, such as the names of all that use what is to be deleted
   */
  public static RefusedException failedPrecondition(
      String reason, List<Violation> inTheWay, String message, Map<String, String> metadata) {
    return new RefusedException(
        Kind.FAILED_PRECONDITION, reason, message, new Subject.Preconditions(inTheWay), metadata);
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
    return new RefusedException(
        Kind.RESOURCE_EXHAUSTED, reason, message, new Subject.Moment(retryAfter), metadata);
  }

  /** Not able to serve now; come back after {@code retryAfter}. */
  public static RefusedException unavailable(String reason, String message, Duration retryAfter) {
    return new RefusedException(
        Kind.UNAVAILABLE, reason, message, new Subject.Moment(retryAfter), Map.of());
  }

  /**
   * Any refusal.
   *
   * @param metadata facts for programs, such as the step at which a run diverged
   */
  public static RefusedException refused(
      Kind kind, String reason, String message, Map<String, String> metadata) {
    return new RefusedException(kind, reason, message, new Subject.None(), metadata);
  }

  private static RefusedException resource(
      Kind kind, String reason, String resourceName, String message) {
    return new RefusedException(
        kind, reason, message, new Subject.Resource(resourceName), Map.of());
  }

  /** Returns this refusal with its fields told as parts of {@code outer}. */
  public RefusedException within(String outer) {
    var told =
        subject instanceof Subject.Fields fields ? nested(outer, fields.violations()) : subject;
    var error = new RefusedException(kind, reason, String.valueOf(getMessage()), told, metadata);
    error.initCause(this);
    return error;
  }

  private static Subject nested(String outer, List<Violation> fields) {
    return new Subject.Fields(
        fields.stream()
            .map(
                field ->
                    new Violation(
                        field.subject().isEmpty() ? outer : outer + "." + field.subject(),
                        field.description()))
            .toList());
  }

  public Kind kind() {
    return kind;
  }

  /** For programs, as the contract's {@code ErrorReason} has it. */
  public String reason() {
    return reason;
  }

  public Subject subject() {
    return subject;
  }

  /** Further facts for programs. */
  public Map<String, String> metadata() {
    return metadata;
  }
}
