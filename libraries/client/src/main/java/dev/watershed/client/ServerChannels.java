package dev.watershed.client;

import dev.watershed.input.AccessToken;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.MetadataUtils;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * How channels to servers are opened: plain or with TLS, with a token or without, and how soon a
 * connection that died without a word is found out.
 *
 * @param tls whether connections are encrypted and the server has to prove its name
 * @param authorities PEM file of the certificates that are trusted; null trusts those of the JDK
 * @param certificate PEM file of the client's own certificate chain, for servers that want one;
 *     null for none
 * @param key PEM file of its private key, PKCS#8 without a password; null where there is no
 *     certificate
 * @param token sent with every call as {@code authorization: Bearer}; empty for none
 * @param keepAlive a connection that was silent for so long is asked whether it still lives; at
 *     least ten seconds
 * @param keepAliveTimeout one that does not answer within this is closed
 */
public record ServerChannels(
    boolean tls,
    @Nullable Path authorities,
    @Nullable Path certificate,
    @Nullable Path key,
    String token,
    Duration keepAlive,
    Duration keepAliveTimeout) {
  /** Plain connections, as a server on this machine takes them. */
  public static final ServerChannels PLAIN =
      new ServerChannels(
          false, null, null, null, "", Duration.ofSeconds(20), Duration.ofSeconds(10));

  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

  /** Reports of 500 models hold some 125,000 curves; older servers send them whole. */
  private static final int MAX_MESSAGE_BYTES = 256 << 20;

  /**
   * @throws ClientException where the parts do not fit each other
   */
  public ServerChannels {
    if ((certificate == null) != (key == null)) {
      throw new ClientException("a client's certificate and its key are given together");
    }
    if (!tls && (authorities != null || certificate != null)) {
      throw new ClientException(
          "certificates are for connections with TLS, which was not asked for");
    }
    if (!AccessToken.isValid(token)) {
      throw new ClientException(
          "a token has visible ASCII characters and no blanks, at most "
              + AccessToken.MAX_CHARACTERS);
    }
  }

  /**
   * What the environment says: WATERSHED_TLS=true, WATERSHED_TLS_CA, WATERSHED_TLS_CERT,
   * WATERSHED_TLS_KEY (files; each of them asks for TLS) and WATERSHED_TOKEN, else the first line
   * of WATERSHED_TOKEN_FILE.
   *
   * @throws ClientException where it makes no sense
   */
  public static ServerChannels of(Map<String, String> variables) {
    Path authorities = path(variables, "WATERSHED_TLS_CA");
    Path certificate = path(variables, "WATERSHED_TLS_CERT");
    Path key = path(variables, "WATERSHED_TLS_KEY");
    String said = variables.getOrDefault("WATERSHED_TLS", "");
    if (!said.isEmpty() && !said.equals("true") && !said.equals("false")) {
      throw new ClientException("WATERSHED_TLS is true or false, not '" + said + "'");
    }
    boolean files = authorities != null || certificate != null || key != null;
    return new ServerChannels(
        said.isEmpty() ? files : said.equals("true"),
        authorities,
        certificate,
        key,
        token(variables),
        PLAIN.keepAlive,
        PLAIN.keepAliveTimeout);
  }

  /** The same with other times. */
  public ServerChannels asking(Duration keepAlive, Duration timeout) {
    return new ServerChannels(tls, authorities, certificate, key, token, keepAlive, timeout);
  }

  /**
   * Opens a channel; it connects at the first call.
   *
   * @param address of one server or of each service, as {@link ServerRoutes} reads it
   * @throws ClientException where the address or a certificate cannot be used
   * @throws ServerAwayException where the host is not known
   */
  public ManagedChannel open(String address) {
    return ServerRoutes.parse(address, "address").open(this::open);
  }

  /**
   * Opens a channel to one of the addresses that a server's name has.
   *
   * @param authority the name, and the port, that the server goes by
   * @throws ClientException where a certificate cannot be used
   */
  public ManagedChannel open(InetSocketAddress address, String authority) {
    return build(NettyChannelBuilder.forAddress(address).overrideAuthority(authority));
  }

  private ManagedChannel open(ServerAddress address) {
    return build(address.channel().maxInboundMessageSize(MAX_MESSAGE_BYTES));
  }

  private ManagedChannel build(NettyChannelBuilder channel) {
    if (tls) {
      channel.useTransportSecurity().sslContext(certificates());
    } else {
      channel.usePlaintext();
    }
    if (!token.isEmpty()) {
      Metadata headers = new Metadata();
      headers.put(AUTHORIZATION, "Bearer " + token);
      channel.intercept(MetadataUtils.newAttachHeadersInterceptor(headers));
    }
    return channel
        .keepAliveTime(keepAlive.toNanos(), TimeUnit.NANOSECONDS)
        .keepAliveTimeout(keepAliveTimeout.toNanos(), TimeUnit.NANOSECONDS)
        .build();
  }

  /**
   * Looks whether the certificates can be used.
   *
   * @throws ClientException where they cannot
   */
  public void check() {
    if (tls) {
      certificates();
    }
  }

  private SslContext certificates() {
    try {
      SslContextBuilder context = GrpcSslContexts.forClient();
      if (authorities != null) {
        context.trustManager(readable(authorities).toFile());
      }
      if (certificate != null && key != null) {
        context.keyManager(readable(certificate).toFile(), readable(key).toFile());
      }
      return context.build();
    } catch (SSLException | IllegalArgumentException e) {
      throw new ClientException("the certificates for TLS cannot be used: " + reason(e));
    }
  }

  private static String reason(Exception e) {
    return e.getCause() == null ? String.valueOf(e.getMessage()) : e.getCause().toString();
  }

  private static Path readable(Path file) {
    if (!Files.isReadable(file) || Files.isDirectory(file)) {
      throw new ClientException("there is no file " + file + " that can be read, which TLS needs");
    }
    return file;
  }

  private static @Nullable Path path(Map<String, String> variables, String name) {
    String text = variables.getOrDefault(name, "");
    return text.isEmpty() ? null : Path.of(text);
  }

  private static String token(Map<String, String> variables) {
    String token = variables.getOrDefault("WATERSHED_TOKEN", "");
    Path file = path(variables, "WATERSHED_TOKEN_FILE");
    if (!token.isEmpty() || file == null) {
      return token;
    }
    try {
      return AccessToken.read(file);
    } catch (IOException e) {
      throw new ClientException(
          "WATERSHED_TOKEN_FILE " + file + " cannot be read: " + e.getMessage());
    }
  }

  /** A token is not for logs. */
  @Override
  public String toString() {
    return "ServerChannels[tls=" + tls + ", token=" + (token.isEmpty() ? "none" : "given") + "]";
  }
}
