package dev.watershed.server;

import io.grpc.BindableService;
import io.grpc.MethodDescriptor.Marshaller;
import io.grpc.ServerBuilder;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import jakarta.inject.Singleton;
import java.io.InputStream;
import java.util.Collection;

/**
 * What every server of ours puts between the transport and its services: each call is limited, its
 * request is read and checked, and whatever is thrown on the way is told as a full status.
 */
@Singleton
public final class ServedCalls {
  /** Leaves bytes as they come. */
  private static final Marshaller<InputStream> BYTES =
      new Marshaller<>() {
        @Override
        public InputStream stream(InputStream bytes) {
          return bytes;
        }

        @Override
        public InputStream parse(InputStream bytes) {
          return bytes;
        }
      };

  private final ErrorInterceptor errors;
  private final ValidationInterceptor rules;
  private final CallLimits limits;

  public ServedCalls(ErrorInterceptor errors, ValidationInterceptor rules, CallLimits limits) {
    this.errors = errors;
    this.rules = rules;
    this.limits = limits;
  }

  /** Adds services to a server. */
  public void serve(ServerBuilder<?> server, Collection<? extends BindableService> services) {
    for (var service : services) {
      server.addService(guarded(service.bindService()));
    }
  }

  /**
   * gRPC reads requests on its own side of the interceptors, and what cannot be read ends there as
   * UNKNOWN with a stack trace in the log. Handed on as bytes, they are read inside ours.
   */
  private ServerServiceDefinition guarded(ServerServiceDefinition service) {
    var checked = ServerInterceptors.intercept(service, rules);
    var bytes = ServerInterceptors.useMarshalledMessages(checked, BYTES);
    // The last one is called first.
    return ServerInterceptors.intercept(bytes, limits, errors);
  }
}
