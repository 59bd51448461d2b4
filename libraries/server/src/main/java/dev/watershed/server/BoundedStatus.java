package dev.watershed.server;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import com.google.rpc.Status;
import dev.watershed.input.Quoted;
import java.nio.charset.StandardCharsets;

/**
 * Keeps a status small enough to arrive, and its message plain, whoever made it. It travels in
 * HTTP/2 headers, of which clients accept 8 KiB: the message twice, percent-encoded and in the
 * details, which are in base 64.
 */
final class BoundedStatus {
  /** Bytes of the message as it travels, percent-encoded. */
  static final int MESSAGE_BYTES = 2000;

  /** Bytes of the whole status before base 64, which makes them 4800. */
  static final int STATUS_BYTES = 3600;

  private static final int FIELD_CHARACTERS = 200;
  private static final int DESCRIPTION_CHARACTERS = 600;
  private static final int VALUE_CHARACTERS = 200;
  private static final String CUT = "...";

  private BoundedStatus() {}

  /** Returns the status itself where it is small enough and plain. */
  static Status of(Status whole) {
    var plain = Quoted.whole(whole.getMessage());
    var status =
        plain.equals(whole.getMessage()) ? whole : whole.toBuilder().setMessage(plain).build();
    if (travelling(status.getMessage()) <= MESSAGE_BYTES
        && status.getSerializedSize() <= STATUS_BYTES) {
      return status;
    }
    var bounded =
        Status.newBuilder().setCode(status.getCode()).setMessage(message(status.getMessage()));
    int left = STATUS_BYTES - bounded.build().getSerializedSize();
    // What programs act on comes first; what does not fit is left out.
    for (boolean essential : new boolean[] {true, false}) {
      for (var detail : status.getDetailsList()) {
        if ((detail.is(ErrorInfo.class) || detail.is(RetryInfo.class)) == essential) {
          var shorter = shorter(detail, left - Long.BYTES);
          int size = shorter.getSerializedSize() + Long.BYTES;
          if (size <= left) {
            bounded.addDetails(shorter);
            left -= size;
          }
        }
      }
    }
    return bounded.build();
  }

  /** Returns a text that travels in at most {@link #MESSAGE_BYTES}. */
  static String message(String text) {
    return cut(text, MESSAGE_BYTES);
  }

  private static Any shorter(Any detail, int most) {
    try {
      if (detail.is(BadRequest.class)) {
        return Any.pack(shorter(detail.unpack(BadRequest.class), most - 80));
      }
      if (detail.is(ErrorInfo.class)) {
        var info = detail.unpack(ErrorInfo.class);
        var shorter = info.toBuilder().clearMetadata();
        info.getMetadataMap().entrySet().stream()
            .sorted(java.util.Map.Entry.comparingByKey())
            .limit(5)
            .forEach(
                entry ->
                    shorter.putMetadata(
                        cut(entry.getKey(), 64), cut(entry.getValue(), VALUE_CHARACTERS)));
        return Any.pack(shorter.build());
      }
      return detail;
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException("a status holds a detail that cannot be read", e);
    }
  }

  private static BadRequest shorter(BadRequest request, int most) {
    var shorter = BadRequest.newBuilder();
    int left = most;
    int listed = 0;
    for (var violation : request.getFieldViolationsList()) {
      var bounded =
          RefusalStatus.violation(
              cut(violation.getField(), FIELD_CHARACTERS),
              cut(violation.getDescription(), DESCRIPTION_CHARACTERS));
      int size = bounded.getSerializedSize() + Integer.BYTES;
      if (size > left - 40) {
        int more = request.getFieldViolationsCount() - listed;
        shorter.addFieldViolations(RefusalStatus.violation("", more + " more violations"));
        break;
      }
      shorter.addFieldViolations(bounded);
      left -= size;
      listed++;
    }
    return shorter.build();
  }

  private static String cut(String text, int most) {
    if (travelling(text) <= most) {
      return text;
    }
    var kept = new StringBuilder();
    int left = most - CUT.length();
    for (int at = 0; at < text.length(); ) {
      int character = text.codePointAt(at);
      left -= travelling(character);
      if (left < 0) {
        break;
      }
      kept.appendCodePoint(character);
      at += Character.charCount(character);
    }
    return kept.append(CUT).toString();
  }

  private static long travelling(String text) {
    return text.codePoints().mapToLong(BoundedStatus::travelling).sum();
  }

  /** gRPC sends printable ASCII as it is and every other byte as a per cent sign and two digits. */
  private static int travelling(int character) {
    return character >= ' ' && character <= '~' && character != '%'
        ? 1
        : 3 * Character.toString(character).getBytes(StandardCharsets.UTF_8).length;
  }
}
