package dev.watershed.cli;

import io.grpc.Channel;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.function.Supplier;

/**
 * What else stands on the class path, found by {@link ServiceLoader}: the command line alone is a
 * client, and whatever runs services in its own process comes with them.
 */
public interface MoreCommands {
  /** Classes of commands, each with a constructor of a {@link CommandContext} or none. */
  List<Class<?>> commands();

  /**
   * What to tell people of a failure of these commands that a change on their side would mend;
   * empty for others.
   */
  default Optional<String> badInput(Throwable failure) {
    return Optional.empty();
  }

  /** What starts the metric service inside this process and opens a channel to it. */
  public default Optional<Supplier<Channel>> localMetrics() {
    return Optional.empty();
  }
}
