package dev.watershed.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.grpc.ManagedChannel;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class ServerAddressTest {
  @ParameterizedTest
  @CsvSource({
    "localhost:7878, localhost, 7878",
    "127.0.0.1:1, 127.0.0.1, 1",
    "[::1]:65535, ::1, 65535",
    "my_host:7878, my_host, 7878",
    "gpu-box.example.org:9000, gpu-box.example.org, 9000",
  })
  void parse_hostAndPort_areTakenApart(String text, String host, int port) {
    assertThat(ServerAddress.parse(text, "--address")).isEqualTo(new ServerAddress(host, port));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "host",
        "host:",
        ":7878",
        "host:0",
        "host:65536",
        "127.0.0.1:99999",
        "host:7878/x",
        "::1:7878",
        "[::1]",
        "http://host:1",
        "a b:1",
        "host:99999999999"
      })
  void parse_anythingElse_isRefused(String text) {
    assertThatExceptionOfType(ClientException.class)
        .isThrownBy(() -> ServerAddress.parse(text, "WATERSHED_ADDRESS"))
        .withMessageStartingWith("WATERSHED_ADDRESS '" + text + "' is not host:port");
  }

  @ParameterizedTest
  @ValueSource(strings = {"[::1]:7967", "127.0.0.1:7967", "localhost:7967", "a.b-c:1"})
  void channel_everyForm_isOneThatGrpcTakes(String text) {
    ManagedChannel channel =
        ServerAddress.parse(text, "--address").channel().usePlaintext().build();
    assertThat(channel.authority()).endsWith(text.substring(text.lastIndexOf(':')));
    channel.shutdownNow();
  }

  @Test
  void channel_nameWithAnUnderscore_isLookedUp() {
    assertThatExceptionOfType(ServerAwayException.class)
        .isThrownBy(() -> ServerAddress.parse("no_such_host.invalid:1", "--address").channel())
        .withMessage("no answer from no_such_host.invalid:1: the host is not known");
  }
}
