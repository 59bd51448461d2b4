package dev.watershed.standalone.process;

import dev.watershed.analysis.grpc.MetricService;
import dev.watershed.server.CallLimits;
import dev.watershed.server.Computations;
import dev.watershed.server.ErrorInterceptor;
import dev.watershed.server.Errors;
import dev.watershed.server.ServedCalls;
import dev.watershed.server.ServerConfiguration;
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
      var server =
          InProcessServerBuilder.forName(name)
              .executor(Executors.newVirtualThreadPerTaskExecutor());
      var configuration = ServerConfiguration.DEFAULTS;
      new ServedCalls(
              new ErrorInterceptor(new Errors(List.of())),
              new ValidationInterceptor(),
              new CallLimits(configuration))
          .serve(server, List.of(new MetricService(new Computations(configuration))));
      server.build().start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return InProcessChannelBuilder.forName(name).build();
  }
}
