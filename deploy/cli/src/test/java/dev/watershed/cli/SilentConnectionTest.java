package dev.watershed.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.watershed.client.ServerChannels;
import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Commands over a connection that dies without a word. */
final class SilentConnectionTest {
  private final CannedTrainer trainer = new CannedTrainer();
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final Heard heard = new Heard();
  private Path directory;
  private Server server;
  private SwallowingProxy proxy;

  @BeforeEach
  void serve(@TempDir Path temporary) throws Exception {
    directory = temporary;
    server =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .addService(trainer)
            .permitKeepAliveTime(8, TimeUnit.SECONDS)
            .build()
            .start();
    proxy = new SwallowingProxy(server.getPort());
  }

  @AfterEach
  void stop() throws Exception {
    proxy.close();
    server.shutdownNow().awaitTermination(10, TimeUnit.SECONDS);
  }

  /** Runs a command that swallows its connection as soon as it has shown something. */
  private int run(String shown, String... arguments) {
    heard.on(shown, proxy::swallow);
    return new TypedCommand(
            directory,
            Map.of("WATERSHED_ADDRESS", proxy.address()),
            // The shortest that gRPC allows.
            address ->
                ServerChannels.PLAIN
                    .asking(Duration.ofSeconds(10), Duration.ofSeconds(1))
                    .open(address),
            Optional.empty())
        .runInto(TypedCommand.piped(out, heard), "", arguments);
  }

  @Test
  void train_connectionDiesWithoutAWord_attachesAnew() {
    trainer.silentStreams.set(1);
    int exit =
        run(
            "running 300/600",
            "train",
            "--initial",
            "miniature-pretrained",
            "--train",
            "builtin:miniature/train",
            "--lr",
            "5e-4",
            "--steps",
            "600",
            "--seeds",
            "1",
            "--wait");
    assertThat(exit).as(heard.text()).isEqualTo(ExitCode.OK);
    assertThat(heard.text())
        .containsOnlyOnce("The server does not answer; waiting for it.")
        .containsPattern("(?s)waiting for it.*The server answers again, after [0-9.]+ (s|min)")
        .containsOnlyOnce("answers again");
    assertThat(trainer.watches).hasValue(2);
    assertThat(proxy.connections()).isEqualTo(2);
  }
}
