package dev.watershed.cli;

import io.grpc.BindableService;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** Runs commands against services inside this process and keeps what they wrote. */
public final class CommandLineFixture implements AutoCloseable {
  private final Server server;
  private final ManagedChannel channel;
  private final TypedCommand typed;
  private String out = "";
  private String err = "";
  private String address = "";

  public CommandLineFixture(Path workingDirectory, BindableService... services) {
    String name = InProcessServerBuilder.generateName();
    InProcessServerBuilder builder = InProcessServerBuilder.forName(name);
    List.of(services).forEach(builder::addService);
    try {
      server = builder.build().start();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
    channel = InProcessChannelBuilder.forName(name).build();
    typed =
        new TypedCommand(
            workingDirectory,
            Map.of("WATERSHED_DATA", workingDirectory.resolve("data").toString()),
            wanted -> {
              address = wanted;
              return InProcessChannelBuilder.forName(name).build();
            },
            Optional.of(() -> channel));
  }

  public int run(String... arguments) {
    return runWithInput("", arguments);
  }

  public int runWithInput(String input, String... arguments) {
    var seen = typed.runWithInput(input, arguments);
    out = seen.out();
    err = seen.err();
    return seen.exit();
  }

  public String out() {
    return out;
  }

  public String err() {
    return err;
  }

  public String address() {
    return address;
  }

  @Override
  public void close() throws InterruptedException {
    channel.shutdownNow();
    server.shutdownNow().awaitTermination(10, TimeUnit.SECONDS);
  }
}
