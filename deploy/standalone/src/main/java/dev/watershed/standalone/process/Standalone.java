package dev.watershed.standalone.process;

import dev.watershed.classifier.TorchSettings;
import dev.watershed.classifier.model.DeviceUnavailableException;
import dev.watershed.classifier.model.Torch;
import dev.watershed.eval.engine.EvaluationConfiguration;
import dev.watershed.server.ConfigurationException;
import dev.watershed.server.ConfigurationTable.Setting;
import dev.watershed.server.ServedCalls;
import dev.watershed.server.ServiceProcess;
import io.grpc.BindableService;
import io.grpc.Server;
import io.grpc.inprocess.InProcessServerBuilder;
import io.micronaut.context.ApplicationContext;
import io.micronaut.context.env.PropertySource;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/** The trainer, the evaluator and the analysis in this process. */
public final class Standalone implements AutoCloseable {
  /**
   * What a start is told.
   *
   * @param directory where everything is kept
   * @param port on loopback; 0 picks a free one
   * @param torch where and how libtorch computes
   * @param dataRoots directories below which requests may name files
   * @param adopt whether to go on with what is there where parts of the directory are missing
   * @param more configuration keys besides
   */
  public record Settings(
      DataDirectory directory,
      int port,
      TorchSettings torch,
      List<Path> dataRoots,
      boolean adopt,
      Map<String, Object> more) {
    public Settings {
      dataRoots = List.copyOf(dataRoots);
      more = Map.copyOf(more);
    }

    /** One with the configuration's defaults. */
    public Settings(DataDirectory directory, int port, TorchSettings torch, List<Path> dataRoots) {
      this(directory, port, torch, dataRoots, false, Map.of());
    }
  }

  private final DataDirectory.Held held;
  private final ServiceProcess process;
  private final Server inProcess;
  private final CountDownLatch closed = new CountDownLatch(1);
  private final AtomicBoolean closing = new AtomicBoolean();

  private Standalone(DataDirectory.Held held, ServiceProcess process, Server inProcess) {
    this.held = held;
    this.process = process;
    this.inProcess = inProcess;
  }

  /**
   * Starts the services and waits until they listen.
   *
   * @throws DeviceUnavailableException when the device is not there
   * @throws ConfigurationException when the configuration or the address makes no sense
   * @throws StartException when the port is taken, when another process uses the directory, or when
   *     its parts do not belong together
   */
  public static Standalone start(Settings settings) {
    requireFreePort(settings.port());
    Torch.initialize(settings.torch());
    DataDirectory.Held held = settings.directory().hold();
    String name = InProcessServerBuilder.generateName();
    ServiceProcess process = null;
    try {
      DirectoryParts parts = new DirectoryParts(settings.directory());
      DirectoryMark mark = parts.check(settings.adopt());
      process =
          ServiceProcess.open(
              PropertySource.of("command line", properties(settings, parts, mark, name)));
      parts.stamp(mark);
      Server inProcess = inProcess(process.context(), name);
      process.listen();
      Standalone standalone = new Standalone(held, process, inProcess);
      held.publish(standalone.address(), mark.id());
      return standalone;
    } catch (RuntimeException e) {
      if (process != null) {
        process.close();
      }
      held.close();
      throw e;
    }
  }

  /**
   * Returns what a start would be told; nothing is opened or made.
   *
   * @throws ConfigurationException when the configuration makes no sense
   */
  public static List<Setting> configuration(Settings settings) {
    return ServiceProcess.configuration(
        PropertySource.of(
            "command line",
            properties(
                settings,
                new DirectoryParts(settings.directory()),
                DirectoryMark.first(),
                "this-process")));
  }

  /** Found now, a port in use costs nothing. */
  private static void requireFreePort(int port) {
    if (port == 0) {
      return;
    }
    try (var probe = new ServerSocket()) {
      probe.setReuseAddress(true);
      probe.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    } catch (BindException e) {
      throw new StartException(
          "port "
              + port
              + " of 127.0.0.1 cannot be listened on ("
              + e.getMessage()
              + "): another program has it, perhaps another server. Choose another with --port, or"
              + " --port 0 for a free one.",
          e);
    } catch (IOException e) {
      throw new StartException("cannot listen on port " + port + ": " + e.getMessage(), e);
    }
  }

  private static Map<String, Object> properties(
      Settings settings, DirectoryParts parts, DirectoryMark mark, String inProcessName) {
    DataDirectory directory = settings.directory();
    Map<String, Object> properties = new LinkedHashMap<>(settings.more());
    properties.put("standalone.identity", mark.id());
    properties.put("datasources.trainer.url", parts.database("trainer").url());
    properties.put("datasources.analysis.url", parts.database("analysis").url());
    properties.put("watershed.disk.directories", List.of(directory.root().toString()));
    properties.put("grpc.server.port", settings.port());
    properties.put("watershed.checkpoints.root", directory.checkpoints().toString());
    properties.put("watershed.engine.device", settings.torch().device());
    properties.put("watershed.engine.threads", settings.torch().threads());
    properties.put("watershed.engine.tf32", settings.torch().tf32());
    properties.put(
        "watershed.data.roots", settings.dataRoots().stream().map(Path::toString).toList());
    properties.put("watershed.data.uploads", directory.uploads().toString());
    properties.put("watershed.trainer.work", directory.work().toString());
    properties.put("watershed.trainer.take-runs", "all");
    properties.put("watershed.trainer.adopt", settings.adopt());
    properties.putIfAbsent("watershed.analysis.evaluator.address", "inprocess:" + inProcessName);
    return properties;
  }

  /** The same services without a socket between them, for the analysis to reach the evaluator. */
  private static Server inProcess(ApplicationContext context, String name) {
    InProcessServerBuilder builder =
        InProcessServerBuilder.forName(name).executor(Executors.newVirtualThreadPerTaskExecutor());
    context
        .getBean(ServedCalls.class)
        .serve(builder, context.getBeansOfType(BindableService.class));
    try {
      return builder.build().start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Bytes that the evaluator may take outside the heap. */
  public long evaluatorMemoryBytes() {
    return process.context().getBean(EvaluationConfiguration.class).memory().bytes();
  }

  /** "127.0.0.1:port". */
  public String address() {
    return "127.0.0.1:" + process.port();
  }

  /** Waits until another thread has closed this. */
  public void awaitClose() throws InterruptedException {
    closed.await();
  }

  /** Answers no more calls, lets those in flight finish, stops the workers, frees the directory. */
  @Override
  public void close() {
    if (!closing.compareAndSet(false, true)) {
      return;
    }
    try {
      inProcess.shutdown();
      process.close();
      inProcess.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      held.close();
      closed.countDown();
    }
  }
}
