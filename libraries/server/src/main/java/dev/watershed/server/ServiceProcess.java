package dev.watershed.server;

import io.micronaut.context.ApplicationContext;
import io.micronaut.grpc.server.GrpcEmbeddedServer;
import io.micronaut.runtime.exceptions.ApplicationStartupException;
import java.security.Security;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.logging.Level;
import java.util.logging.Logger;
import javax.sql.DataSource;
import org.slf4j.bridge.SLF4JBridgeHandler;

/** A process that serves what is on its class path, as its configuration says. */
public final class ServiceProcess implements AutoCloseable {
  /** Of a process that was told to stop, and did. */
  private static final int OK = 0;

  /** Of one that cannot start before something outside is changed. */
  private static final int MISCONFIGURED = 2;

  /**
   * Reports with a stack trace whoever connects and speaks no HTTP/2, such as a browser or a probe:
   * no concern of the log. Held here, since a logger that nobody holds forgets its level.
   */
  private static final Logger TRANSPORT_LOG = Logger.getLogger("io.grpc.netty");

  private final ApplicationContext context;
  private final GrpcEmbeddedServer server;
  private final CountDownLatch closed = new CountDownLatch(1);

  private ServiceProcess(ApplicationContext context, GrpcEmbeddedServer server) {
    this.context = context;
    this.server = server;
  }

  /**
   * Serves until the process is told to stop. Says on standard output where it listens, once it
   * does.
   *
   * @param name what people call it
   * @param arguments of the command line; there are none to give
   * @return the exit code
   */
  public static int run(String name, String... arguments) {
    if (arguments.length > 0) {
      System.err.println(
          "error: this process takes no arguments; it is told by application.yml and the"
              + " environment, such as GRPC_SERVER_PORT=8979");
      return MISCONFIGURED;
    }
    ServiceProcess process;
    try {
      process = start();
    } catch (ConfigurationException e) {
      System.err.println("error: " + e.getMessage());
      return MISCONFIGURED;
    }
    Runtime.getRuntime().addShutdownHook(new Thread(process::close, "shutdown"));
    System.out.printf(Locale.ROOT, "The %s listens on %s%n", name, process.address());
    try {
      process.closed.await();
      return OK;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return OK;
    }
  }

  /**
   * Starts what is on the class path and waits until it listens.
   *
   * @throws ConfigurationException when the configuration or the address makes no sense
   */
  public static ServiceProcess start() {
    if (System.getProperty("logback.configurationFile") == null) {
      System.setProperty("logback.configurationFile", "dev/watershed/server/process-logback.xml");
    }
    // gRPC logs through java.util.logging: one format, one place.
    SLF4JBridgeHandler.removeHandlersForRootLogger();
    SLF4JBridgeHandler.install();
    // What a database closes under the pool's connections, the pool must not hand out again.
    System.setProperty("com.zaxxer.hikari.aliveBypassWindowMs", "0");
    // Other processes come and go; the JDK would remember a name's addresses for half a minute.
    Security.setProperty("networkaddress.cache.ttl", "2");
    TRANSPORT_LOG.setLevel(Level.OFF);
    ApplicationContext context = ApplicationContext.builder().banner(false).build();
    try {
      context.start();
      // Creates what is missing in the databases.
      context.getBeansOfType(DataSource.class).forEach(source -> {});
      GrpcEmbeddedServer server = context.getBean(GrpcEmbeddedServer.class);
      listen(server);
      return new ServiceProcess(context, server);
    } catch (RuntimeException e) {
      context.close();
      throw ConfigurationException.in(e).<RuntimeException>map(refused -> refused).orElse(e);
    }
  }

  private static void listen(GrpcEmbeddedServer server) {
    try {
      server.start();
    } catch (ApplicationStartupException e) {
      throw new ConfigurationException(
          e.getMessage()
              + ": another program may listen there. Choose with grpc.server.host and"
              + " grpc.server.port (0: a free one).");
    }
  }

  /** "127.0.0.1:8979". */
  public String address() {
    return server.getHost() + ":" + server.getPort();
  }

  /** Answers no more calls, lets those in flight finish, stops the workers. */
  @Override
  public void close() {
    context.close();
    closed.countDown();
  }
}
