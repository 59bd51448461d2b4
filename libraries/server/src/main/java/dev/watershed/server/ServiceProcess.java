package dev.watershed.server;

import com.google.common.base.Throwables;
import dev.watershed.server.ConfigurationKeys.ShownException;
import dev.watershed.server.ConfigurationTable.Setting;
import io.micronaut.context.ApplicationContext;
import io.micronaut.context.env.PropertySource;
import io.micronaut.context.exceptions.BeanContextException;
import io.micronaut.grpc.server.GrpcEmbeddedServer;
import io.micronaut.runtime.exceptions.ApplicationStartupException;
import java.security.Security;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Stream;
import javax.sql.DataSource;

/** A process that serves what is on its class path, as its configuration says. */
public final class ServiceProcess implements AutoCloseable {
  /** Of a process that was told to stop, and did. */
  private static final int OK = 0;

  /** Of one that cannot start before something outside is changed. */
  private static final int MISCONFIGURED = 2;

  private static final String SHOW_CONFIGURATION = "--show-config";

  private static final PropertySource SHOW =
      PropertySource.of(SHOW_CONFIGURATION, Map.of(ConfigurationKeys.SHOW, true));

  private final ApplicationContext context;
  private final GrpcEmbeddedServer server;
  private final ProcessEnd end;

  private ServiceProcess(ApplicationContext context, GrpcEmbeddedServer server) {
    this.context = context;
    this.server = server;
    this.end = context.getBean(ProcessEnd.class);
  }

  /**
   * Serves until the process is told to stop, or has done all that it was started for. Says on
   * standard output where it listens, once it does.
   *
   * @param name what people call it
   * @param switches arguments besides, each with the property that it sets, {@code key=value}
   * @param arguments of the command line; none, or {@code --show-config}, which tells the
   *     configuration on standard output and ends
   * @return the exit code
   */
  public static int run(String name, Map<String, String> switches, String... arguments) {
    var known = new TreeSet<>(switches.keySet());
    known.add(SHOW_CONFIGURATION);
    if (!known.containsAll(List.of(arguments))) {
      System.err.println(
          "error: this process takes no arguments but "
              + String.join(" and ", known)
              + "; it is told by application.yml and the environment, such as"
              + " GRPC_SERVER_PORT=8979");
      return MISCONFIGURED;
    }
    for (var argument : arguments) {
      if (switches.containsKey(argument)) {
        var property = switches.get(argument).split("=", 2);
        System.setProperty(property[0], property[1]);
      }
    }
    ServiceProcess process;
    try {
      if (List.of(arguments).contains(SHOW_CONFIGURATION)) {
        ConfigurationTable.lines(configuration()).forEach(System.out::println);
        return OK;
      }
      process = start();
    } catch (ConfigurationException e) {
      System.err.println("error: " + e.getMessage());
      return MISCONFIGURED;
    }
    Runtime.getRuntime().addShutdownHook(new Thread(process::close, "shutdown"));
    System.out.printf(Locale.ROOT, "The %s listens on %s%n", name, process.address());
    try {
      process.end.await();
      process.close();
      return OK;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return OK;
    }
  }

  /**
   * Returns what a process would be told, without opening its databases or listening.
   *
   * @param sources of configuration, beside application.yml and the environment
   * @throws ConfigurationException when the configuration makes no sense
   */
  public static List<Setting> configuration(PropertySource... sources) {
    ProcessLogs.gather();
    var all = Stream.concat(Stream.of(sources), Stream.of(SHOW)).toArray(PropertySource[]::new);
    try (var context = ApplicationContext.builder().banner(false).propertySources(all).start()) {
      throw new IllegalStateException("started: " + context);
    } catch (BeanContextException e) {
      return Throwables.getCausalChain(e).stream()
          .flatMap(cause -> cause instanceof ShownException shown ? Stream.of(shown) : Stream.of())
          .findFirst()
          .orElseThrow(() -> refusal(e))
          .settings();
    }
  }

  /**
   * Starts what is on the class path and waits until it listens.
   *
   * @throws ConfigurationException when the configuration or the address makes no sense
   */
  private static ServiceProcess start() {
    var process = open();
    process.listen();
    return process;
  }

  /**
   * Sets what holds for the whole process and opens its databases, which creates what is missing in
   * them. Answers no calls yet.
   *
   * @param sources of configuration, beside application.yml and the environment
   * @throws ConfigurationException when the configuration makes no sense
   */
  public static ServiceProcess open(PropertySource... sources) {
    ProcessLogs.gather();
    // A full disk makes H2 close the database under its connections. The pool would hand out those
    // used within the last half second without asking whether they live, for ever under our polls.
    System.setProperty("com.zaxxer.hikari.aliveBypassWindowMs", "0");
    // Other processes come and go; the JDK would remember a name's addresses for half a minute.
    Security.setProperty("networkaddress.cache.ttl", "2");
    var context = ApplicationContext.builder().banner(false).propertySources(sources).build();
    try {
      context.start();
      context.getBeansOfType(DataSource.class).forEach(source -> {});
      return new ServiceProcess(context, context.getBean(GrpcEmbeddedServer.class));
    } catch (RuntimeException e) {
      context.close();
      throw refusal(e);
    }
  }

  /**
   * Answers calls from now on. A process that cannot is closed.
   *
   * @throws ConfigurationException where another program listens there
   */
  public void listen() {
    try {
      server.start();
    } catch (ApplicationStartupException e) {
      close();
      throw new ConfigurationException(
          e.getMessage()
              + ": another program may listen there. Choose with grpc.server.host and"
              + " grpc.server.port (0: a free one).");
    } catch (RuntimeException e) {
      close();
      throw refusal(e);
    }
  }

  private static RuntimeException refusal(RuntimeException e) {
    return ConfigurationException.in(e).<RuntimeException>map(refused -> refused).orElse(e);
  }

  /** What the process is made of. */
  public ApplicationContext context() {
    return context;
  }

  /** "127.0.0.1:8979". */
  private String address() {
    return server.getHost() + ":" + port();
  }

  /** Where it listens. */
  public int port() {
    return server.getPort();
  }

  /** Answers no more calls, lets those in flight finish, stops the workers. */
  @Override
  public void close() {
    context.close();
    end.ask();
  }
}
