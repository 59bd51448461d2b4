package dev.watershed.server;

import build.buf.protovalidate.Config;
import build.buf.protovalidate.Validator;
import build.buf.protovalidate.ValidatorFactory;
import build.buf.protovalidate.exceptions.ValidationException;
import build.buf.validate.Violation;
import com.google.protobuf.Message;
import dev.watershed.input.Quoted;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.micronaut.context.annotation.Bean;
import jakarta.inject.Singleton;
import java.util.ArrayList;
import java.util.Locale;

/** Refuses requests that break a rule of their contract, before any handler sees them. */
@Singleton
@Bean(typed = ValidationInterceptor.class)
public final class ValidationInterceptor implements ServerInterceptor {
  /** More violations than this are counted, not listed. */
  private static final int LISTED_VIOLATIONS = 20;

  /** Larger requests are checked up to the first violation, so that refusing them costs little. */
  private static final int LARGE_BYTES = 1 << 20;

  /** See watershed/type/v1/name.proto. */
  private static final String VISIBLE = "string.name.visible";

  private final Validator validator = ValidatorFactory.newBuilder().build();
  private final Validator hasty =
      ValidatorFactory.newBuilder()
          .withConfig(Config.newBuilder().setFailFast(true).build())
          .build();

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    return new SimpleForwardingServerCallListener<>(next.startCall(call, headers)) {
      @Override
      public void onMessage(Q message) {
        if (message instanceof Message request) {
          validate(request);
        }
        super.onMessage(message);
      }
    };
  }

  /**
   * Checks a message against the rules of its contract.
   *
   * @throws RefusedException INVALID_ARGUMENT with a violation per broken rule
   */
  public void validate(Message message) {
    var violations = new ArrayList<RefusedException.Violation>();
    try {
      var chosen = message.getSerializedSize() <= LARGE_BYTES ? validator : hasty;
      var broken = chosen.validate(message).toProto().getViolationsList();
      for (var violation : broken.subList(0, Math.min(broken.size(), LISTED_VIOLATIONS))) {
        violations.add(
            new RefusedException.Violation(FieldPaths.render(violation), said(message, violation)));
      }
      if (broken.size() > LISTED_VIOLATIONS) {
        int more = broken.size() - LISTED_VIOLATIONS;
        violations.add(new RefusedException.Violation("", more + " more violations"));
      }
    } catch (ValidationException e) {
      throw new IllegalStateException("The contract of " + message.getClass() + " is broken", e);
    }
    if (!violations.isEmpty()) {
      throw RefusedException.invalidArgument("REQUEST_INVALID", violations);
    }
  }

  /** The rule; where it is about characters that cannot be seen, with the first of them. */
  private static String said(Message message, Violation violation) {
    return violation.getRuleId().equals(VISIBLE)
            && FieldPaths.value(message, violation) instanceof String text
        ? violation.getMessage() + firstUnseen(text)
        : violation.getMessage();
  }

  private static String firstUnseen(String text) {
    int[] characters = text.codePoints().toArray();
    for (int i = 0; i < characters.length; i++) {
      // The contract lets joiners pass: see watershed/type/v1/name.proto.
      boolean joiner = characters[i] == 0x200C || characters[i] == 0x200D;
      if (Quoted.isUnseen(characters[i]) && !joiner) {
        return String.format(Locale.ROOT, "; character %d is U+%04X", i + 1, characters[i]);
      }
    }
    return "";
  }
}
