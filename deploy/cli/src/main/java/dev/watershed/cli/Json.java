package dev.watershed.cli;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.MessageOrBuilder;
import com.google.protobuf.TypeRegistry;
import com.google.protobuf.Value;
import com.google.protobuf.util.JsonFormat;
import com.google.rpc.BadRequest;
import com.google.rpc.DebugInfo;
import com.google.rpc.ErrorInfo;
import com.google.rpc.Help;
import com.google.rpc.LocalizedMessage;
import com.google.rpc.PreconditionFailure;
import com.google.rpc.QuotaFailure;
import com.google.rpc.RequestInfo;
import com.google.rpc.ResourceInfo;
import com.google.rpc.RetryInfo;
import dev.watershed.input.UntrustedJson;
import java.nio.charset.StandardCharsets;

/** Messages as JSON, in protobuf's own mapping; fields with their zero value are written too. */
public final class Json {
  private static final TypeRegistry DETAILS =
      TypeRegistry.newBuilder()
          .add(BadRequest.getDescriptor())
          .add(DebugInfo.getDescriptor())
          .add(ErrorInfo.getDescriptor())
          .add(Help.getDescriptor())
          .add(LocalizedMessage.getDescriptor())
          .add(PreconditionFailure.getDescriptor())
          .add(QuotaFailure.getDescriptor())
          .add(RequestInfo.getDescriptor())
          .add(ResourceInfo.getDescriptor())
          .add(RetryInfo.getDescriptor())
          .build();

  private static final JsonFormat.Printer PRETTY =
      JsonFormat.printer().usingTypeRegistry(DETAILS).alwaysPrintFieldsWithNoPresence();
  private static final JsonFormat.Printer LINE = PRETTY.omittingInsignificantWhitespace();

  private Json() {}

  /** Over several lines, for people. */
  public static String pretty(MessageOrBuilder message) {
    return print(PRETTY, message);
  }

  /** On one line, for streams of messages. */
  public static String line(MessageOrBuilder message) {
    return print(LINE, message);
  }

  /** A string as a JSON literal. */
  public static String quoted(String text) {
    return line(Value.newBuilder().setStringValue(text));
  }

  private static String print(JsonFormat.Printer printer, MessageOrBuilder message) {
    try {
      return printer.print(message);
    } catch (InvalidProtocolBufferException e) {
      // Only a detail of a type that is not in the registry gets here.
      throw new IllegalStateException(
          "cannot print " + message.getDescriptorForType().getName(), e);
    }
  }

  /**
   * Reads JSON into a message; unknown fields, a key that is there twice and a second document are
   * refused.
   *
   * @param what names the input in the message of the exception
   */
  public static <B extends Message.Builder> B parse(String json, B builder, String what) {
    requireOne(json, what);
    try {
      JsonFormat.parser().merge(json, builder);
      return builder;
    } catch (InvalidProtocolBufferException e) {
      throw CommandException.badInput(
          what
              + " is not "
              + builder.getDescriptorForType().getName()
              + " in protobuf's JSON form: "
              + e.getMessage());
    }
  }

  /**
   * Refuses what is not one JSON document. Protobuf's parser takes the last of two equal keys and
   * the first of two documents, and quotes its library's advice to programmers.
   */
  public static void requireOne(String json, String what) {
    UntrustedJson.stream(
        json.getBytes(StandardCharsets.UTF_8),
        parser -> {
          parser.nextToken();
          return parser.skipChildren();
        },
        problem -> CommandException.badInput(what + " cannot be read: " + problem));
  }
}
