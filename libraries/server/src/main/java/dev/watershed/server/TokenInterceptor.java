package dev.watershed.server;

import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.health.v1.HealthGrpc;
import jakarta.inject.Singleton;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Map;
import java.util.Optional;

/**
 * Answers only who sends the token, where one is configured. Health is told to everybody: what
 * probes a server carries no secrets.
 */
@Singleton
final class TokenInterceptor implements RefusingInterceptor {
  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

  /** The name of the scheme is written in any case. */
  private static final String SCHEME = "Bearer ";

  private final byte[] token;

  TokenInterceptor(ServerAccess access) {
    this.token = access.token().getBytes(StandardCharsets.US_ASCII);
  }

  @Override
  public Optional<RefusedException> refusal(MethodDescriptor<?, ?> method, Metadata headers) {
    if (token.length == 0 || HealthGrpc.SERVICE_NAME.equals(method.getServiceName())) {
      return Optional.empty();
    }
    var said = headers.get(AUTHORIZATION);
    if (said == null || !said.regionMatches(true, 0, SCHEME, 0, SCHEME.length())) {
      return Optional.of(
          unauthenticated(
              "TOKEN_MISSING",
              "This server answers only calls with a token (authorization: Bearer TOKEN). Ask who"
                  + " runs it for one; the command line takes it from WATERSHED_TOKEN or"
                  + " WATERSHED_TOKEN_FILE."));
    }
    var sent = said.substring(SCHEME.length()).strip().getBytes(StandardCharsets.US_ASCII);
    // In a time that does not tell how much of it is right.
    if (!MessageDigest.isEqual(token, sent)) {
      return Optional.of(
          unauthenticated(
              "TOKEN_WRONG",
              "The token that was sent is not this server's. Ask who runs it for the one that is"
                  + " valid now."));
    }
    return Optional.empty();
  }

  private static RefusedException unauthenticated(String reason, String message) {
    return RefusedException.refused(
        RefusedException.Kind.UNAUTHENTICATED, reason, message, Map.of());
  }
}
