package dev.watershed.server;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.micronaut.context.annotation.Value;
import io.micronaut.context.event.ApplicationEventListener;
import io.micronaut.grpc.server.GrpcEmbeddedServer;
import io.micronaut.runtime.server.event.ServerStartupEvent;
import jakarta.annotation.PreDestroy;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A port of its own that tells what this process does to a monitoring system, as Prometheus reads
 * it: what every bean of {@link MeterBinder} measures, the calls that are served, and the virtual
 * machine. They are counts and sizes; nothing of models or data is among them.
 */
@Singleton
final class MetricsPort implements ApplicationEventListener<ServerStartupEvent>, AutoCloseable {
  static final String PATH = "/metrics";

  private static final Logger log = LoggerFactory.getLogger(MetricsPort.class);
  private static final int BACKLOG = 16;

  private final ServerAccess access;
  private final PrometheusMeterRegistry registry;
  private final List<MeterBinder> binders;
  private final String host;
  private final ExecutorService answering = Executors.newVirtualThreadPerTaskExecutor();
  private @Nullable HttpServer server;
  private @Nullable JvmGcMetrics collections;

  MetricsPort(
      ServerAccess access,
      PrometheusMeterRegistry registry,
      List<MeterBinder> binders,
      @Value("${grpc.server.host:127.0.0.1}") String host) {
    this.access = access;
    this.registry = registry;
    this.binders = binders;
    this.host = host;
  }

  @Override
  public void onApplicationEvent(ServerStartupEvent event) {
    if (access.metricsPort() < 0 || !(event.getSource() instanceof GrpcEmbeddedServer)) {
      return;
    }
    bind();
    // Of the JDK's server, read when it is first used: who connects and says nothing is cut off.
    System.setProperty("sun.net.httpserver.maxReqTime", "10");
    System.setProperty("sun.net.httpserver.maxRspTime", "60");
    System.setProperty("jdk.httpserver.maxConnections", "64");
    try {
      server = HttpServer.create(new InetSocketAddress(host, access.metricsPort()), BACKLOG);
    } catch (IOException e) {
      throw new ConfigurationException(
          "watershed.server.metrics-port is "
              + access.metricsPort()
              + ", where nothing can listen"
              + (e instanceof UnknownHostException ? "." : ": another program may."));
    }
    server.createContext("/", this::answer);
    server.setExecutor(answering);
    server.start();
    log.info("Metrics are told on port {}, at {}", port(), PATH);
  }

  private void bind() {
    new JvmMemoryMetrics().bindTo(registry);
    new ProcessorMetrics().bindTo(registry);
    new FileDescriptorMetrics().bindTo(registry);
    new UptimeMetrics().bindTo(registry);
    collections = new JvmGcMetrics();
    collections.bindTo(registry);
    binders.forEach(binder -> binder.bindTo(registry));
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      if (!exchange.getRequestURI().getPath().equals(PATH)) {
        exchange.sendResponseHeaders(404, -1);
      } else if (!exchange.getRequestMethod().equals("GET")) {
        exchange.getResponseHeaders().set("Allow", "GET");
        exchange.sendResponseHeaders(405, -1);
      } else {
        byte[] text = registry.scrape().getBytes(StandardCharsets.UTF_8);
        exchange
            .getResponseHeaders()
            .set("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
        exchange.sendResponseHeaders(200, text.length);
        exchange.getResponseBody().write(text);
      }
    }
  }

  /** Where it listens; -1 where it does not. */
  int port() {
    return server == null ? -1 : server.getAddress().getPort();
  }

  @Override
  @PreDestroy
  public void close() {
    if (server != null) {
      server.stop(0);
    }
    if (collections != null) {
      collections.close();
    }
    answering.shutdownNow();
  }
}
