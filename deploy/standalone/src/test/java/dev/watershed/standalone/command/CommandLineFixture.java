package dev.watershed.standalone.command;

import dev.watershed.standalone.terminal.Terminal;
import io.grpc.BindableService;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Runs commands against services inside this process and keeps what they wrote. */
final class CommandLineFixture implements AutoCloseable {
  private final Server server;
  private final ManagedChannel channel;
  private final Path workingDirectory;
  private String out = "";
  private String err = "";
  private String address = "";

  CommandLineFixture(Path workingDirectory, BindableService... services) {
    String name = InProcessServerBuilder.generateName();
    InProcessServerBuilder builder = InProcessServerBuilder.forName(name);
    List.of(services).forEach(builder::addService);
    try {
      server = builder.build().start();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
    channel = InProcessChannelBuilder.forName(name).build();
    this.workingDirectory = workingDirectory;
  }

  int run(String... arguments) {
    return runWithInput("", arguments);
  }

  int runWithInput(String input, String... arguments) {
    ByteArrayOutputStream outBytes = new ByteArrayOutputStream();
    ByteArrayOutputStream errBytes = new ByteArrayOutputStream();
    Surroundings surroundings =
        new Surroundings(
            new Terminal(
                new PrintStream(outBytes, true, StandardCharsets.UTF_8),
                new PrintStream(errBytes, true, StandardCharsets.UTF_8),
                false,
                false,
                false,
                true,
                100),
            new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)),
            Map.of("WATERSHED_DATA", workingDirectory.resolve("data").toString()),
            workingDirectory,
            wanted -> {
              address = wanted;
              return channel;
            },
            () -> channel);
    int exitCode = WatershedCommand.run(surroundings, arguments);
    out = outBytes.toString(StandardCharsets.UTF_8);
    err = errBytes.toString(StandardCharsets.UTF_8);
    return exitCode;
  }

  String out() {
    return out;
  }

  String err() {
    return err;
  }

  String address() {
    return address;
  }

  @Override
  public void close() throws InterruptedException {
    channel.shutdownNow();
    server.shutdownNow().awaitTermination(10, TimeUnit.SECONDS);
  }
}
