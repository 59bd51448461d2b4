package dev.watershed.standalone.command;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.Durations;
import com.google.rpc.BadRequest;
import com.google.rpc.Code;
import com.google.rpc.ErrorInfo;
import com.google.rpc.PreconditionFailure;
import com.google.rpc.ResourceInfo;
import com.google.rpc.RetryInfo;
import com.google.rpc.Status;
import dev.watershed.standalone.terminal.Terminal;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.util.ArrayList;
import java.util.List;

/** An error of a service, told to a person or as JSON, and the exit code that it means. */
final class ErrorReport {
  private ErrorReport() {}

  /** Writes the error and returns the exit code. */
  static int write(StatusRuntimeException error, String address, boolean json, Terminal terminal) {
    Status status = StatusProto.fromThrowable(error);
    if (status == null) {
      status =
          Status.newBuilder()
              .setCode(error.getStatus().getCode().value())
              .setMessage(String.valueOf(error.getStatus().getDescription()))
              .build();
    }
    int exitCode = exitCode(status);
    if (json) {
      terminal.out().println("{\"error\":" + Json.line(status) + "}");
    } else if (exitCode == ExitCode.UNREACHABLE && status.getDetailsCount() == 0) {
      terminal.err().println("error: no answer from " + address + ": " + cause(error));
      terminal
          .err()
          .println(
              "Start a server with './watershed serve', or name one with --address host:port.");
    } else {
      lines(status).forEach(terminal.err()::println);
    }
    return exitCode;
  }

  /** Writes an error of the command itself, in the same two forms. */
  static int write(CommandException error, boolean json, Terminal terminal) {
    if (json) {
      Code code = error.exitCode() == ExitCode.BAD_INPUT ? Code.INVALID_ARGUMENT : Code.UNKNOWN;
      Status status =
          Status.newBuilder()
              .setCode(code.getNumber())
              .setMessage(String.valueOf(error.getMessage()))
              .build();
      terminal.out().println("{\"error\":" + Json.line(status) + "}");
    } else {
      terminal.err().println("error: " + error.getMessage());
    }
    return error.exitCode();
  }

  /** The transport says "io exception"; what it was is in the cause. */
  private static String cause(StatusRuntimeException error) {
    Throwable cause = error.getStatus().getCause();
    return cause != null && cause.getMessage() != null
        ? cause.getMessage()
        : String.valueOf(error.getStatus().getDescription());
  }

  static int exitCode(Status status) {
    Code code = Code.forNumber(status.getCode());
    if (code == null) {
      return ExitCode.FAILED;
    }
    return switch (code) {
      case OK -> ExitCode.OK;
      case INVALID_ARGUMENT,
          NOT_FOUND,
          ALREADY_EXISTS,
          FAILED_PRECONDITION,
          PERMISSION_DENIED,
          UNAUTHENTICATED,
          OUT_OF_RANGE ->
          ExitCode.BAD_INPUT;
      case UNAVAILABLE, DEADLINE_EXCEEDED -> ExitCode.UNREACHABLE;
      case CANCELLED -> ExitCode.CANCELLED;
      default -> ExitCode.FAILED;
    };
  }

  /** The message, where the fault lies, what to do, and the machine-readable reason. */
  static List<String> lines(Status status) {
    List<String> lines = new ArrayList<>();
    Code code = Code.forNumber(status.getCode());
    lines.add("error: " + status.getMessage());
    StringBuilder reason = new StringBuilder(code == null ? "" + status.getCode() : code.name());
    for (Any detail : status.getDetailsList()) {
      try {
        add(detail, lines, reason);
      } catch (InvalidProtocolBufferException e) {
        lines.add("  (a detail of type " + detail.getTypeUrl() + " could not be read)");
      }
    }
    lines.add("  [" + reason + "]");
    return lines;
  }

  private static void add(Any detail, List<String> lines, StringBuilder reason)
      throws InvalidProtocolBufferException {
    if (detail.is(BadRequest.class)) {
      for (BadRequest.FieldViolation violation :
          detail.unpack(BadRequest.class).getFieldViolationsList()) {
        String line = violation.getField() + ": " + violation.getDescription();
        if (!lines.get(0).endsWith(line)) {
          lines.add("  " + line);
        }
      }
    } else if (detail.is(PreconditionFailure.class)) {
      for (PreconditionFailure.Violation violation :
          detail.unpack(PreconditionFailure.class).getViolationsList()) {
        lines.add("  " + violation.getSubject() + ": " + violation.getDescription());
      }
    } else if (detail.is(ResourceInfo.class)) {
      ResourceInfo resource = detail.unpack(ResourceInfo.class);
      lines.add("  resource: " + resource.getResourceName());
    } else if (detail.is(RetryInfo.class)) {
      RetryInfo retry = detail.unpack(RetryInfo.class);
      double seconds = Durations.toMillis(retry.getRetryDelay()) / 1000.0;
      lines.add("  try again in " + dev.watershed.standalone.terminal.Durations.text(seconds));
    } else if (detail.is(ErrorInfo.class)) {
      ErrorInfo info = detail.unpack(ErrorInfo.class);
      reason.append(", ").append(info.getReason());
      info.getMetadataMap().forEach((key, value) -> lines.add("  " + key + " = " + value));
    }
  }
}
