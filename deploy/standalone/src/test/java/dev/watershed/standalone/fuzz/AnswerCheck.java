package dev.watershed.standalone.fuzz;

import com.google.protobuf.Any;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import dev.watershed.input.Quoted;
import dev.watershed.server.RefusedException;
import io.grpc.Status;
import io.grpc.protobuf.StatusProto;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/** What is right about the end of a call, whatever was sent. */
final class AnswerCheck {
  private static final int LONGEST_MESSAGE = 2000;

  /** What a caller can be told. Others say that the server does not know what happened. */
  private static final Set<Status.Code> RIGHT =
      EnumSet.of(
          Status.Code.OK,
          Status.Code.CANCELLED,
          Status.Code.INVALID_ARGUMENT,
          Status.Code.DEADLINE_EXCEEDED,
          Status.Code.NOT_FOUND,
          Status.Code.ALREADY_EXISTS,
          Status.Code.PERMISSION_DENIED,
          Status.Code.RESOURCE_EXHAUSTED,
          Status.Code.FAILED_PRECONDITION,
          Status.Code.ABORTED,
          Status.Code.OUT_OF_RANGE);

  private static final Set<Status.Code> OF_THE_CLIENT =
      EnumSet.of(Status.Code.OK, Status.Code.CANCELLED, Status.Code.DEADLINE_EXCEEDED);

  /** Names of classes and other things that nobody outside knows. */
  private static final Pattern INTERNALS =
      Pattern.compile(
          "\\bjavax?\\.[a-z]|Exception|\\b(com|org|io|ai|dev)\\.[a-z]+\\.[a-z]|\\bat [a-z]+\\.[a-z]|\\bnull\\b"
              + "|SQLSTATE|Optional\\[|@[0-9a-f]{6,8}\\b");

  private AnswerCheck() {}

  /** Returns what is wrong, or nothing. */
  static Optional<String> wrong(ServedMethod method, FuzzedCall call, FuzzedCall.Outcome outcome) {
    var status = outcome.status();
    // A second request of one is what gRPC itself resets.
    boolean reset = call.cancelMicros() >= 0 || call.messages().size() > 1;
    if (status.getCode() == Status.Code.CANCELLED && !reset) {
      return Optional.of("a cancellation that nobody asked for");
    }
    if (!RIGHT.contains(status.getCode()) && !isWrongEncoding(status)) {
      return Optional.of("code " + status.getCode());
    }
    for (var answer : outcome.answers()) {
      try {
        DynamicMessage.parseFrom(method.descriptor().getOutputType(), answer);
      } catch (InvalidProtocolBufferException e) {
        return Optional.of("an answer that is no " + method.descriptor().getOutputType().getName());
      }
    }
    var message = Optional.ofNullable(status.getDescription()).orElse("");
    if (OF_THE_CLIENT.contains(status.getCode())) {
      return Optional.empty();
    }
    var text = wrongText("message", message);
    if (text.isPresent() || !method.isOurs() || isWrongEncoding(status)) {
      return text;
    }
    return wrongDetails(outcome);
  }

  /** gRPC itself answers an encoding that it does not know, as its specification says. */
  private static boolean isWrongEncoding(Status status) {
    return status.getCode() == Status.Code.UNIMPLEMENTED
        && String.valueOf(status.getDescription()).contains("decompressor");
  }

  private static Optional<String> wrongDetails(FuzzedCall.Outcome outcome) {
    var full = StatusProto.fromStatusAndTrailers(outcome.status(), outcome.trailers());
    boolean reason = false;
    boolean fields = false;
    try {
      for (Any detail : full.getDetailsList()) {
        if (detail.is(ErrorInfo.class)) {
          var info = detail.unpack(ErrorInfo.class);
          reason = !info.getReason().isEmpty() && info.getDomain().equals(RefusedException.DOMAIN);
          for (var value : info.getMetadataMap().values()) {
            var wrong = wrongText("metadata", value);
            if (wrong.isPresent()) {
              return wrong;
            }
          }
        }
        if (detail.is(BadRequest.class)) {
          fields = true;
          for (var violation : detail.unpack(BadRequest.class).getFieldViolationsList()) {
            for (var text : List.of(violation.getField(), violation.getDescription())) {
              var wrong = wrongText("violation", text);
              if (wrong.isPresent()) {
                return wrong;
              }
            }
          }
        }
      }
    } catch (InvalidProtocolBufferException e) {
      return Optional.of("a detail that cannot be read");
    }
    if (!reason) {
      return Optional.of("no ErrorInfo");
    }
    return fields || outcome.status().getCode() != Status.Code.INVALID_ARGUMENT
        ? Optional.empty()
        : Optional.of("INVALID_ARGUMENT without field violations");
  }

  private static Optional<String> wrongText(String what, String text) {
    if (text.getBytes(StandardCharsets.UTF_8).length > LONGEST_MESSAGE) {
      return Optional.of(what + " of " + text.length() + " characters");
    }
    if (!Quoted.isPlain(text)) {
      return Optional.of(what + " with control or format characters");
    }
    var internal = INTERNALS.matcher(text);
    return internal.find()
        ? Optional.of(what + " that says " + internal.group())
        : Optional.empty();
  }
}
