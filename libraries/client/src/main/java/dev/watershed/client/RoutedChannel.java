package dev.watershed.client;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Several channels that look like one: a call of {@code watershed.trainer.v1} goes to the
 * trainer's. What every server has, such as its description of itself, the first one answers.
 */
final class RoutedChannel extends ManagedChannel {
  private final Map<String, ManagedChannel> byService;

  RoutedChannel(Map<String, ManagedChannel> byService) {
    this.byService = new LinkedHashMap<>(byService);
  }

  @Override
  public <Q, A> ClientCall<Q, A> newCall(MethodDescriptor<Q, A> method, CallOptions options) {
    String[] name = String.valueOf(method.getServiceName()).split("\\.", 3);
    String service = name.length == 3 ? name[1] : "";
    ManagedChannel channel =
        service.equals("server") ? byService.values().iterator().next() : byService.get(service);
    return channel == null ? new Nowhere<>(service) : channel.newCall(method, options);
  }

  @Override
  public String authority() {
    return byService.values().iterator().next().authority();
  }

  @Override
  public ManagedChannel shutdown() {
    byService.values().forEach(ManagedChannel::shutdown);
    return this;
  }

  @Override
  public ManagedChannel shutdownNow() {
    byService.values().forEach(ManagedChannel::shutdownNow);
    return this;
  }

  @Override
  public boolean isShutdown() {
    return byService.values().stream().allMatch(ManagedChannel::isShutdown);
  }

  @Override
  public boolean isTerminated() {
    return byService.values().stream().allMatch(ManagedChannel::isTerminated);
  }

  @Override
  public boolean awaitTermination(long timeout, TimeUnit unit) throws InterruptedException {
    long end = System.nanoTime() + unit.toNanos(timeout);
    for (ManagedChannel channel : byService.values()) {
      if (!channel.awaitTermination(end - System.nanoTime(), TimeUnit.NANOSECONDS)) {
        return false;
      }
    }
    return true;
  }

  /** A call that no address was given for. */
  private static final class Nowhere<Q, A> extends ClientCall<Q, A> {
    private final String service;

    Nowhere(String service) {
      this.service = service;
    }

    @Override
    public void start(Listener<A> listener, Metadata headers) {
      listener.onClose(
          Status.UNAVAILABLE.withDescription("no address was given for the service " + service),
          new Metadata());
    }

    @Override
    public void request(int count) {}

    @Override
    public void cancel(@Nullable String message, @Nullable Throwable cause) {}

    @Override
    public void halfClose() {}

    @Override
    public void sendMessage(Q message) {}
  }
}
