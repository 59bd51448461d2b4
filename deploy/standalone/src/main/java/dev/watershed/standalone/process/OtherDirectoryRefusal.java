package dev.watershed.standalone.process;

import dev.watershed.client.LocalServer;
import dev.watershed.server.RefusedException;
import dev.watershed.server.RefusingInterceptor;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.micronaut.context.annotation.Property;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.Optional;

/**
 * Refuses calls that are meant for the server of another data directory, which has listened on this
 * port before.
 */
@Singleton
public final class OtherDirectoryRefusal implements RefusingInterceptor {
  private static final Duration RETRY = Duration.ofSeconds(5);

  private final String own;

  OtherDirectoryRefusal(@Property(name = "standalone.identity") String own) {
    this.own = own;
  }

  @Override
  public Optional<RefusedException> refusal(MethodDescriptor<?, ?> method, Metadata headers) {
    String meant = headers.get(LocalServer.DIRECTORY);
    if (meant == null || meant.equals(own)) {
      return Optional.empty();
    }
    return Optional.of(
        RefusedException.unavailable(
            "OTHER_DATA_DIRECTORY",
            "The server that listens here keeps another data directory; the one that was named has"
                + " no server now. Start it with 'serve --data'.",
            RETRY));
  }
}
