package dev.watershed.standalone;

import dev.watershed.classifier.NativeLibraryException;
import dev.watershed.classifier.model.DeviceUnavailableException;
import dev.watershed.cli.MoreCommands;
import dev.watershed.server.ConfigurationException;
import dev.watershed.standalone.process.LocalMetrics;
import dev.watershed.standalone.process.StartException;
import dev.watershed.standalone.quickstart.QuickstartCommand;
import io.grpc.Channel;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** The commands that run the services in their own process. */
public final class StandaloneCommands implements MoreCommands {
  @Override
  public List<Class<?>> commands() {
    return List.of(QuickstartCommand.class, ServeCommand.class);
  }

  @Override
  public Optional<String> badInput(Throwable failure) {
    return switch (failure) {
      case StartException e -> Optional.of(String.valueOf(e.getMessage()));
      case NativeLibraryException e -> Optional.of(String.valueOf(e.getMessage()));
      case DeviceUnavailableException e -> Optional.of(String.valueOf(e.getMessage()));
      case ConfigurationException e -> Optional.of(String.valueOf(e.getMessage()));
      default -> Optional.empty();
    };
  }

  @Override
  public Optional<Supplier<Channel>> localMetrics() {
    return Optional.of(LocalMetrics::open);
  }
}
