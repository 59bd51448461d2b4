package dev.watershed.cli;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.Durations;
import com.google.rpc.BadRequest;
import com.google.rpc.Code;
import com.google.rpc.ErrorInfo;
import com.google.rpc.Help;
import com.google.rpc.PreconditionFailure;
import com.google.rpc.ResourceInfo;
import com.google.rpc.RetryInfo;
import com.google.rpc.Status;
import dev.watershed.cli.terminal.Terminal;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** An error of a service, told to a person or as JSON, and the exit code that it means. */
final class ErrorReport {
  /** That of the servers' errors. */
  private static final String DOMAIN = "watershed.dev";

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
    if (exitCode == ExitCode.UNREACHABLE && status.getDetailsCount() == 0) {
      // The transport's own words: a program is told all that a person is told.
      String where = address.isEmpty() ? "the server" : address;
      String silence = "no answer from " + where + ": " + cause(error);
      return write(
          status.toBuilder()
              .setMessage(silence)
              .addDetails(
                  info(
                      "SERVER_UNREACHABLE",
                      address.isEmpty() ? Map.of() : Map.of("address", address)))
              .addDetails(
                  advice(
                      "Start a server with './watershed serve', or name one with --address"
                          + " host:port."))
              .build(),
          json,
          terminal);
    }
    return write(status, json, terminal);
  }

  /** Writes an error of the command itself, in the same two forms. */
  static int write(CommandException error, boolean json, Terminal terminal) {
    return write(error.exitCode(), String.valueOf(error.getMessage()), "", json, terminal);
  }

  /**
   * Writes an error that no service told.
   *
   * @param exitCode of the command
   * @param message what is wrong
   * @param advice what to do; empty where the message says it
   */
  static int write(int exitCode, String message, String advice, boolean json, Terminal terminal) {
    if (!json) {
      terminal.err().println("error: " + message);
      if (!advice.isEmpty()) {
        terminal.err().println(advice);
      }
      return exitCode;
    }
    Code code =
        switch (exitCode) {
          case ExitCode.BAD_INPUT -> Code.INVALID_ARGUMENT;
          case ExitCode.UNREACHABLE -> Code.UNAVAILABLE;
          case ExitCode.CANCELLED -> Code.CANCELLED;
          default -> Code.UNKNOWN;
        };
    Status.Builder status = Status.newBuilder().setCode(code.getNumber()).setMessage(message);
    if (!advice.isEmpty()) {
      status.addDetails(advice(advice));
    }
    terminal.out().println("{\"error\":" + Json.line(status) + "}");
    return exitCode;
  }

  private static int write(Status status, boolean json, Terminal terminal) {
    if (json) {
      terminal.out().println("{\"error\":" + Json.line(status) + "}");
    } else {
      lines(status).forEach(terminal.err()::println);
    }
    return exitCode(status);
  }

  private static Any info(String reason, Map<String, String> metadata) {
    return Any.pack(
        ErrorInfo.newBuilder()
            .setDomain(DOMAIN)
            .setReason(reason)
            .putAllMetadata(metadata)
            .build());
  }

  private static Any advice(String text) {
    return Any.pack(
        Help.newBuilder().addLinks(Help.Link.newBuilder().setDescription(text)).build());
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

  /**
   * The message, where the fault lies, what to do, and the machine-readable reason. Fields are said
   * as the options that people typed.
   */
  static List<String> lines(Status status) {
    List<String> lines = new ArrayList<>();
    Code code = Code.forNumber(status.getCode());
    String message = status.getMessage();
    for (String field : fields(status)) {
      if (message.startsWith(field + ": ")) {
        message = FieldWords.of(field) + message.substring(field.length());
      }
    }
    lines.add("error: " + FieldWords.inText(message));
    StringBuilder reason = new StringBuilder(code == null ? "" + status.getCode() : code.name());
    for (Any detail : status.getDetailsList()) {
      try {
        add(detail, status.getMessage(), lines, reason);
      } catch (InvalidProtocolBufferException e) {
        lines.add("  (a detail of type " + detail.getTypeUrl() + " could not be read)");
      }
    }
    lines.add("  [" + reason + "]");
    return lines;
  }

  private static List<String> fields(Status status) {
    List<String> fields = new ArrayList<>();
    for (Any detail : status.getDetailsList()) {
      if (detail.is(BadRequest.class)) {
        try {
          detail
              .unpack(BadRequest.class)
              .getFieldViolationsList()
              .forEach(violation -> fields.add(violation.getField()));
        } catch (InvalidProtocolBufferException e) {
          return fields; // said where details are listed
        }
      }
    }
    return fields;
  }

  private static void add(Any detail, String message, List<String> lines, StringBuilder reason)
      throws InvalidProtocolBufferException {
    if (detail.is(BadRequest.class)) {
      for (BadRequest.FieldViolation violation :
          detail.unpack(BadRequest.class).getFieldViolationsList()) {
        if (!message.contains(violation.getDescription())) {
          lines.add(
              "  "
                  + FieldWords.of(violation.getField())
                  + ": "
                  + FieldWords.inText(violation.getDescription()));
        }
      }
    } else if (detail.is(PreconditionFailure.class)) {
      for (PreconditionFailure.Violation violation :
          detail.unpack(PreconditionFailure.class).getViolationsList()) {
        String description = violation.getDescription();
        lines.add(
            "  "
                + FieldWords.of(violation.getSubject())
                + (message.contains(description) ? "" : ": " + FieldWords.inText(description)));
      }
    } else if (detail.is(ResourceInfo.class)) {
      String name = detail.unpack(ResourceInfo.class).getResourceName();
      // A file is known by the message; "uri" names the field that it came in.
      if (name.contains("/")) {
        lines.add("  resource: " + name);
      }
    } else if (detail.is(RetryInfo.class)) {
      RetryInfo retry = detail.unpack(RetryInfo.class);
      double seconds = Durations.toMillis(retry.getRetryDelay()) / 1000.0;
      lines.add("  try again in " + dev.watershed.cli.terminal.Durations.text(seconds));
    } else if (detail.is(ErrorInfo.class)) {
      ErrorInfo info = detail.unpack(ErrorInfo.class);
      reason.append(", ").append(info.getReason());
      info.getMetadataMap().forEach((key, value) -> lines.add("  " + key + " = " + value));
    } else if (detail.is(Help.class)) {
      detail
          .unpack(Help.class)
          .getLinksList()
          .forEach(
              link ->
                  lines.add(
                      link.getUrl().isEmpty()
                          ? link.getDescription()
                          : link.getDescription() + " " + link.getUrl()));
    }
  }
}
