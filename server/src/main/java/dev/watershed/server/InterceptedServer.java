package dev.watershed.server;

import io.grpc.ServerBuilder;
import io.micronaut.context.event.BeanCreatedEvent;
import io.micronaut.context.event.BeanCreatedEventListener;
import jakarta.inject.Provider;
import jakarta.inject.Singleton;
import java.util.Collection;

/** Puts what refuses calls before they are read in front of every service of the server. */
@Singleton
final class InterceptedServer implements BeanCreatedEventListener<ServerBuilder<?>> {
  private final Provider<Collection<RefusingInterceptor>> refusing;

  InterceptedServer(Provider<Collection<RefusingInterceptor>> refusing) {
    this.refusing = refusing;
  }

  @Override
  public ServerBuilder<?> onCreated(BeanCreatedEvent<ServerBuilder<?>> event) {
    var server = event.getBean();
    refusing.get().forEach(server::intercept);
    return server;
  }
}
