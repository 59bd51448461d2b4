package dev.watershed.standalone.process;

import dev.watershed.analysis.grpc.MetricGrpcService;
import dev.watershed.server.ErrorInterceptor;
import dev.watershed.server.Errors;
import dev.watershed.server.ValidationInterceptor;
import io.grpc.Channel;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.concurrent.Executors;

/** The metric service inside this process: pure functions, no data directory, no socket. */
public final class LocalMetrics {
  private LocalMetrics() {}

  /** Starts the service, for as long as the process lives, and opens a channel to it. */
  public static Channel open() {
    String name = InProcessServerBuilder.generateName();
    try {
      // The last interceptor added is called first.
      InProcessServerBuilder.forName(name)
          .executor(Executors.newVirtualThreadPerTaskExecutor())
          .addService(new MetricGrpcService())
          .intercept(new ValidationInterceptor())
          .intercept(new ErrorInterceptor(new Errors(List.of())))
          .build()
          .start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return InProcessChannelBuilder.forName(name).build();
  }
}
