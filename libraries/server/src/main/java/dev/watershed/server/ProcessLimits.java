package dev.watershed.server;

import com.sun.management.OperatingSystemMXBean;
import io.micronaut.context.event.ApplicationEventListener;
import io.micronaut.grpc.server.GrpcEmbeddedServer;
import io.micronaut.runtime.server.event.ServerStartupEvent;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What this process may use, of its machine or of the container that it runs in.
 *
 * @param processors that run its threads at a time
 * @param memory bytes that it may have, the heap and all else; of the whole machine where no
 *     container limits it
 * @param contained whether a container, or a service manager, limits its memory
 * @param heap the most bytes that the heap may grow to, part of {@code memory}
 */
public record ProcessLimits(int processors, long memory, boolean contained, long heap) {
  /** Of the virtual machine beside its heap, and of libtorch before it computes. */
  private static final long REST = 384L << 20;

  /** The other quarter is for what passes for a moment: activations, files that are read. */
  private static final double SHARE = 0.75;

  private static final long LEAST = 64L << 20;

  /** Asks the virtual machine, which heeds a container's limits. */
  public static ProcessLimits now() {
    long memory =
        ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getTotalMemorySize();
    return new ProcessLimits(
        Runtime.getRuntime().availableProcessors(),
        memory,
        ofTheMachine().map(whole -> memory < whole).orElse(false),
        Runtime.getRuntime().maxMemory());
  }

  /** Bytes that the machine has, which no container hides; empty where the system does not tell. */
  private static Optional<Long> ofTheMachine() {
    try {
      return Files.readAllLines(Path.of("/proc/meminfo")).stream()
          .filter(line -> line.startsWith("MemTotal:"))
          .map(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
          .findFirst();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /**
   * Returns the bytes of native memory that work may keep, beside the heap: a share of what the
   * container leaves.
   *
   * @param otherwise where there is no limit to share
   */
  public long nativeMemory(long otherwise) {
    return contained ? Math.max(LEAST, (long) ((memory - heap - REST) * SHARE)) : otherwise;
  }

  @Override
  public String toString() {
    return processors
        + (processors == 1 ? " processor, " : " processors, ")
        + (memory >> 20)
        + " MiB of memory ("
        + (contained ? "the container's limit" : "the machine's")
        + "), of which the heap takes up to "
        + (heap >> 20)
        + " MiB";
  }

  /** Says them at the start: many defaults follow from them. */
  @Singleton
  static final class Announcement implements ApplicationEventListener<ServerStartupEvent> {
    private static final Logger log = LoggerFactory.getLogger(ProcessLimits.class);

    @Override
    public void onApplicationEvent(ServerStartupEvent event) {
      if (event.getSource() instanceof GrpcEmbeddedServer) {
        log.info("This process has {}", now());
      }
    }
  }
}
