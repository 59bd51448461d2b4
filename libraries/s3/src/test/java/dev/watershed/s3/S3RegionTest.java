package dev.watershed.s3;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import dev.watershed.classifier.checkpoint.StoreUnavailableException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A bucket of another region, in the words of AWS. */
final class S3RegionTest {
  private static final String HEADER = "x-amz-bucket-region";

  private static final String PERMANENT =
      """
      <?xml version="1.0" encoding="UTF-8"?>
      <Error><Code>PermanentRedirect</Code><Message>The bucket you are attempting to access must be \
      addressed using the specified endpoint. Please send all future requests to this endpoint.\
      </Message><Endpoint>models.s3.us-west-2.amazonaws.com</Endpoint><Bucket>models</Bucket>\
      <RequestId>1</RequestId><HostId>2</HostId></Error>""";

  private static final String TEMPORARY =
      """
      <?xml version="1.0" encoding="UTF-8"?>
      <Error><Code>TemporaryRedirect</Code><Message>Please re-send this request to the specified \
      temporary endpoint. Continue to use the original request endpoint for future requests.\
      </Message><Bucket>models</Bucket><Endpoint>models.s3.us-west-2.amazonaws.com</Endpoint>\
      <RequestId>1</RequestId><HostId>2</HostId></Error>""";

  private static final String MALFORMED =
      """
      <?xml version="1.0" encoding="UTF-8"?>
      <Error><Code>AuthorizationHeaderMalformed</Code><Message>The authorization header is \
      malformed; the region 'eu-central-1' is wrong; expecting 'us-west-2'</Message>\
      <Region>us-west-2</Region><RequestId>1</RequestId><HostId>2</HostId></Error>""";

  @TempDir private Path directory = Path.of("");
  private HttpServer server;

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.start();
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  private void answer(int status, Map<String, String> headers, String body) {
    server.createContext(
        "/",
        exchange -> {
          headers.forEach(exchange.getResponseHeaders()::set);
          byte[] bytes = body.getBytes(UTF_8);
          exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
          exchange.getResponseBody().write(bytes);
          exchange.close();
        });
  }

  /**
   * @param region that is configured; null for none
   * @param because what the refusal says after it has named the place
   */
  private void assertRefused(@Nullable String region, String because) {
    var settings =
        new S3Settings(
            new S3Location("models", "fleet"),
            URI.create("http://127.0.0.1:" + server.getAddress().getPort()),
            region,
            true,
            Duration.ofSeconds(20));
    assertThatThrownBy(
            () -> S3Server.open(settings, directory.resolve("cache"), Clock.systemUTC()).close())
        .isInstanceOf(StoreUnavailableException.class)
        .hasMessage("s3://models/fleet cannot be used: " + because);
  }

  @Test
  void open_permanentRedirect_namesBothRegionsAndTheKeys() {
    answer(301, Map.of(HEADER, "us-west-2"), PERMANENT);
    assertRefused(
        "eu-central-1",
        "bucket 'models' is in region 'us-west-2', but watershed.checkpoints.s3.region is"
            + " 'eu-central-1'. Set watershed.checkpoints.s3.region to 'us-west-2', and"
            + " watershed.checkpoints.s3.endpoint to a server there or not at all.");
  }

  @Test
  void open_temporaryRedirect_isNotFollowedAndNamesTheRegion() {
    answer(
        307,
        Map.of(
            HEADER,
            "us-west-2",
            "Location",
            "http://127.0.0.1:" + server.getAddress().getPort() + "/elsewhere"),
        TEMPORARY);
    assertRefused(
        null,
        "bucket 'models' is in region 'us-west-2', but watershed.checkpoints.s3.region is not set,"
            + " which makes it 'us-east-1' here. Set watershed.checkpoints.s3.region to"
            + " 'us-west-2', and watershed.checkpoints.s3.endpoint to a server there or not at"
            + " all.");
  }

  /** A bucket that is new: the names of AWS do not lead to it yet. */
  @Test
  void open_temporaryRedirectWithinTheRegion_saysToTryAgain() {
    answer(307, Map.of(HEADER, "us-west-2"), TEMPORARY);
    assertRefused(
        "us-west-2",
        "http://127.0.0.1:"
            + server.getAddress().getPort()
            + " answers 307 TemporaryRedirect to the wish to list objects. Try again; if it stays"
            + " so, its log says why.");
  }

  @Test
  void open_signedForAnotherRegion_namesTheOneThatIsExpected() {
    answer(400, Map.of(), MALFORMED);
    assertRefused(
        "eu-central-1",
        "bucket 'models' is in region 'us-west-2', but watershed.checkpoints.s3.region is"
            + " 'eu-central-1'. Set watershed.checkpoints.s3.region to 'us-west-2'.");
  }

  @Test
  void open_redirectThatTellsNothing_saysWhatToSet() {
    answer(301, Map.of(), "");
    assertRefused(
        "eu-central-1",
        "bucket 'models' is in another region, which is not told, but"
            + " watershed.checkpoints.s3.region is 'eu-central-1'. Set"
            + " watershed.checkpoints.s3.region to the bucket's, and"
            + " watershed.checkpoints.s3.endpoint to a server there or not at all.");
  }
}
