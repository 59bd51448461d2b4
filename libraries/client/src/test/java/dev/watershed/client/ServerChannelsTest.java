package dev.watershed.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.watershed.server.v1.GetServerInfoRequest;
import dev.watershed.server.v1.GetServerInfoResponse;
import dev.watershed.server.v1.ServerInfo;
import dev.watershed.server.v1.ServerServiceGrpc;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import io.netty.handler.ssl.ClientAuth;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Channels to a server that wants TLS, a client's certificate and a token, over real sockets. */
final class ServerChannelsTest {
  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);
  private static final Context.Key<String> SAID = Context.key("said");

  /** Tells the token that it was sent. */
  private static final class Info extends ServerServiceGrpc.ServerServiceImplBase
      implements ServerInterceptor {
    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
        ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
      String said = headers.get(AUTHORIZATION);
      Context context = Context.current().withValue(SAID, said == null ? "nothing" : said);
      return Contexts.interceptCall(context, call, headers, next);
    }

    @Override
    public void getServerInfo(
        GetServerInfoRequest request, StreamObserver<GetServerInfoResponse> observer) {
      observer.onNext(
          GetServerInfoResponse.newBuilder()
              .setServerInfo(ServerInfo.newBuilder().setVersion(SAID.get()))
              .build());
      observer.onCompleted();
    }
  }

  private Path directory;
  private Server server;

  @BeforeEach
  void serve(@TempDir Path temporary) throws Exception {
    directory = temporary;
    makeCertificate("server", "SAN=dns:localhost,ip:127.0.0.1");
    makeCertificate("client", "SAN=dns:client");
    var info = new Info();
    server =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .sslContext(
                GrpcSslContexts.forServer(file("server.pem"), file("server.key"))
                    .trustManager(file("client.pem"))
                    .clientAuth(ClientAuth.REQUIRE)
                    .build())
            .addService(info)
            .intercept(info)
            .build()
            .start();
  }

  @AfterEach
  void stop() throws Exception {
    server.shutdownNow().awaitTermination(10, TimeUnit.SECONDS);
  }

  private java.io.File file(String name) {
    return directory.resolve(name).toFile();
  }

  /** A key pair that signs itself, by the JDK's own keytool, as two PEM files. */
  private void makeCertificate(String name, String names) throws Exception {
    Path store = directory.resolve(name + ".p12");
    var keytool =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-alias",
                name,
                "-keyalg",
                "EC",
                "-dname",
                "CN=" + name,
                "-ext",
                names,
                "-validity",
                "7",
                "-storetype",
                "PKCS12",
                "-storepass",
                "changeit",
                "-keystore",
                store.toString())
            .redirectErrorStream(true)
            .redirectOutput(file(name + ".log"))
            .start();
    assertThat(keytool.waitFor()).isZero();
    var keys = KeyStore.getInstance("PKCS12");
    try (var in = Files.newInputStream(store)) {
      keys.load(in, "changeit".toCharArray());
    }
    write(name + ".key", "PRIVATE KEY", keys.getKey(name, "changeit".toCharArray()).getEncoded());
    write(name + ".pem", "CERTIFICATE", keys.getCertificate(name).getEncoded());
  }

  private void write(String file, String what, byte[] content) throws Exception {
    Files.write(
        directory.resolve(file),
        List.of(
            "-----BEGIN " + what + "-----",
            Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(content),
            "-----END " + what + "-----"));
  }

  private Map<String, String> variables() {
    var variables = new HashMap<String, String>();
    variables.put("WATERSHED_TLS_CA", directory.resolve("server.pem").toString());
    variables.put("WATERSHED_TLS_CERT", directory.resolve("client.pem").toString());
    variables.put("WATERSHED_TLS_KEY", directory.resolve("client.key").toString());
    return variables;
  }

  /** Returns what the server says of itself. */
  private String ask(Map<String, String> variables) {
    ManagedChannel channel = ServerChannels.of(variables).open("localhost:" + server.getPort());
    try {
      return ServerServiceGrpc.newBlockingStub(channel)
          .withDeadlineAfter(30, TimeUnit.SECONDS)
          .getServerInfo(GetServerInfoRequest.getDefaultInstance())
          .getServerInfo()
          .getVersion();
    } finally {
      channel.shutdownNow();
    }
  }

  @Test
  void open_tlsWithOwnCertificateAndToken_isAnswered() throws Exception {
    assertThat(ask(variables())).isEqualTo("nothing");
    var told = variables();
    told.put("WATERSHED_TOKEN", "abc.def");
    assertThat(ask(told)).isEqualTo("Bearer abc.def");
    Files.writeString(directory.resolve("token"), "from-a-file\n");
    var inFile = variables();
    inFile.put("WATERSHED_TOKEN_FILE", directory.resolve("token").toString());
    assertThat(ask(inFile)).isEqualTo("Bearer from-a-file");
  }

  @Test
  void open_serverOrClientThatCannotProveItself_isNotSpokenTo() {
    var stranger = variables();
    stranger.put("WATERSHED_TLS_CA", directory.resolve("client.pem").toString());
    var nobody = Map.of("WATERSHED_TLS_CA", directory.resolve("server.pem").toString());
    for (var variables : List.of(stranger, nobody, Map.<String, String>of())) {
      assertThatThrownBy(() -> ask(variables))
          .isInstanceOfSatisfying(
              StatusRuntimeException.class,
              e -> assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE));
    }
  }

  @Test
  void of_whatMakesNoSense_isRefusedInWords() throws Exception {
    refused("WATERSHED_TLS is true or false", Map.of("WATERSHED_TLS", "yes"));
    refused("given together", Map.of("WATERSHED_TLS_CERT", "x.pem"));
    refused(
        "which was not asked for", Map.of("WATERSHED_TLS", "false", "WATERSHED_TLS_CA", "x.pem"));
    refused("no blanks", Map.of("WATERSHED_TOKEN", "a b"));
    refused("WATERSHED_TOKEN_FILE", Map.of("WATERSHED_TOKEN_FILE", directory + "/none"));
    assertThatThrownBy(
            () -> ServerChannels.of(Map.of("WATERSHED_TLS_CA", "/none.pem")).open("localhost:1"))
        .isInstanceOf(ClientException.class)
        .hasMessageContaining("/none.pem");
    Files.writeString(directory.resolve("no.pem"), "this is no certificate");
    assertThatThrownBy(
            () ->
                ServerChannels.of(
                        Map.of("WATERSHED_TLS_CA", directory.resolve("no.pem").toString()))
                    .open("localhost:1"))
        .isInstanceOf(ClientException.class)
        .hasMessageContaining("cannot be used");
    assertThat(ServerChannels.of(Map.of("WATERSHED_TOKEN", "secret")))
        .asString()
        .doesNotContain("secret");
  }

  private static void refused(String part, Map<String, String> variables) {
    assertThatThrownBy(() -> ServerChannels.of(variables))
        .isInstanceOf(ClientException.class)
        .hasMessageContaining(part);
  }
}
