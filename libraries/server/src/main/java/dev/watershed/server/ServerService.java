package dev.watershed.server;

import dev.watershed.server.v1.GetServerInfoRequest;
import dev.watershed.server.v1.GetServerInfoResponse;
import dev.watershed.server.v1.ServerInfo;
import dev.watershed.server.v1.ServerServiceGrpc;
import io.grpc.BindableService;
import io.grpc.stub.StreamObserver;
import io.micronaut.context.BeanProvider;
import jakarta.inject.Singleton;
import java.util.List;

/** Answers the calls of {@code watershed.server.v1.ServerService}. */
@Singleton
public final class ServerService extends ServerServiceGrpc.ServerServiceImplBase {
  private final BeanProvider<BindableService> services;
  private final List<ServerFacts> facts;

  /**
   * @param services all of this process, this one among them
   */
  ServerService(BeanProvider<BindableService> services, List<ServerFacts> facts) {
    this.services = services;
    this.facts = facts;
  }

  @Override
  public void getServerInfo(
      GetServerInfoRequest request, StreamObserver<GetServerInfoResponse> observer) {
    var info = ServerInfo.newBuilder().setVersion(Version.CURRENT);
    services.stream()
        .map(service -> service.bindService().getServiceDescriptor().getName())
        .sorted()
        .forEach(info::addServices);
    facts.forEach(fact -> fact.addTo(info));
    observer.onNext(GetServerInfoResponse.newBuilder().setServerInfo(info).build());
    observer.onCompleted();
  }
}
