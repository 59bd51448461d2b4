package dev.watershed.standalone.command;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.watershed.cli.ExitCode;
import dev.watershed.cli.Heard;
import dev.watershed.cli.SwallowingProxy;
import dev.watershed.cli.TypedCommand;
import dev.watershed.client.ServerChannels;
import dev.watershed.standalone.process.ServerProcess;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Commands that wait for a packaged server which goes silent in the middle of training. */
@Timeout(300)
final class SilentServerIT {
  private Path directory;
  private ServerProcess server;

  @BeforeEach
  void serve(@TempDir Path temporary) throws Exception {
    directory = temporary;
    Path root = Files.createDirectory(temporary.resolve("root"));
    server = ServerProcess.serve(temporary.resolve("data"), root, List.of(), Map.of());
  }

  @AfterEach
  void stop() throws Exception {
    signal("CONT");
    server.close();
  }

  private void signal(String name) {
    try {
      int status =
          new ProcessBuilder("kill", "-" + name, Long.toString(server.pid()))
              .inheritIO()
              .start()
              .waitFor();
      assertThat(status).isZero();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** Trains and waits; what is written as JSON goes to {@code out}, the rest to {@code heard}. */
  private int train(String address, int steps, Heard heard, ByteArrayOutputStream out) {
    return new TypedCommand(
            directory,
            Map.of("WATERSHED_ADDRESS", address),
            // The shortest that gRPC allows.
            to ->
                ServerChannels.PLAIN.asking(Duration.ofSeconds(10), Duration.ofSeconds(1)).open(to),
            Optional.empty())
        .runInto(
            TypedCommand.piped(out, heard),
            "",
            "train",
            "--initial",
            "miniature-pretrained",
            "--train",
            "builtin:miniature/train",
            "--lr",
            "5e-4",
            "--steps",
            Integer.toString(steps),
            "--seeds",
            "1",
            "--wait",
            "--json");
  }

  private static void assertSucceeded(int exit, int steps, Heard heard, ByteArrayOutputStream out)
      throws IOException {
    String json = out.toString(StandardCharsets.UTF_8);
    assertThat(exit).as(heard.text() + json).isEqualTo(ExitCode.OK);
    JsonNode last = new ObjectMapper().createObjectNode();
    try (MappingIterator<JsonNode> messages =
        new ObjectMapper().readerFor(JsonNode.class).readValues(json)) {
      while (messages.hasNext()) {
        last = messages.next();
      }
    }
    assertThat(last.findValuesAsText("state")).contains("TRAINING_RUN_STATE_SUCCEEDED");
    assertThat(last.findValuesAsText("step")).contains(Integer.toString(steps));
    assertThat(heard.text())
        .containsPattern("(?s)The server does not answer; waiting for it.*answers again, after ");
  }

  @Test
  void train_connectionSwallowedInTheMiddle_attachesAnewAndEndsAsTheRunDoes() throws Exception {
    int steps = 3000; // for longer than a dead connection takes to be noticed
    try (SwallowingProxy proxy = new SwallowingProxy(portOf(server.address()))) {
      Heard heard = new Heard().on(": running", proxy::swallow);
      ByteArrayOutputStream out = new ByteArrayOutputStream();

      int exit = train(proxy.address(), steps, heard, out);

      assertSucceeded(exit, steps, heard, out);
      assertThat(proxy.connections()).isEqualTo(2);
    }
  }

  @Test
  void train_serverPausedInTheMiddle_saysThatItIsWaitedFor() throws Exception {
    int steps = 600;
    Heard heard =
        new Heard()
            .on(": running", () -> signal("STOP"))
            .on("waiting for it.", () -> signal("CONT"));
    ByteArrayOutputStream out = new ByteArrayOutputStream();

    int exit = train(server.address(), steps, heard, out);

    assertSucceeded(exit, steps, heard, out);
  }

  private static int portOf(String address) {
    return Integer.parseInt(address.substring(address.lastIndexOf(':') + 1));
  }
}
