package dev.watershed.s3;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Properties;
import java.util.function.UnaryOperator;
import org.gaul.s3proxy.BlobStores;
import org.gaul.s3proxy.S3Proxy;
import org.gaul.s3proxy.auth.AuthenticationType;
import org.gaul.s3proxy.blobstore.BlobStore;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;

/** A server that speaks S3, in this process, with one bucket in a directory. */
final class S3Server implements AutoCloseable {
  static final String BUCKET = "models";
  static final long CACHE_BYTES = 1L << 30;
  static final long MAX_BYTES = 1L << 30;
  private static final Duration TIMEOUT = Duration.ofMinutes(2);

  static final StaticCredentialsProvider CREDENTIALS =
      StaticCredentialsProvider.create(AwsBasicCredentials.create("me", "my-secret"));

  private final S3Proxy proxy;
  private final Path objects;

  private S3Server(S3Proxy proxy, Path objects) {
    this.proxy = proxy;
    this.objects = objects;
  }

  static S3Server start(Path directory) throws Exception {
    return start(directory, store -> store);
  }

  /**
   * @param faults what stands before the objects
   */
  static S3Server start(Path directory, UnaryOperator<BlobStore> faults) throws Exception {
    Path objects = Files.createDirectories(directory.resolve("objects"));
    var properties = new Properties();
    properties.setProperty("jclouds.filesystem.basedir", objects.toString());
    properties.setProperty("jclouds.provider", "filesystem-nio2");
    properties.setProperty("jclouds.identity", "x");
    properties.setProperty("jclouds.credential", "x");
    BlobStore store = BlobStores.create("filesystem-nio2", properties);
    if (!store.containerExists(BUCKET)) {
      store.createContainer(BUCKET);
    }
    S3Proxy proxy =
        S3Proxy.builder()
            .blobStore(faults.apply(store))
            .endpoint(URI.create("http://127.0.0.1:0"))
            .awsAuthentication(AuthenticationType.AWS_V2_OR_V4, "me", "my-secret")
            .build();
    proxy.start();
    return new S3Server(proxy, objects);
  }

  int port() {
    return proxy.getPort();
  }

  /** The file in which an object is. */
  Path object(String key) {
    return objects.resolve(BUCKET).resolve(key);
  }

  S3Settings settings(String prefix) {
    return settings(prefix, port(), TIMEOUT);
  }

  static S3Settings settings(String prefix, int port, Duration timeout) {
    return new S3Settings(
        new S3Location(BUCKET, prefix),
        URI.create("http://127.0.0.1:" + port),
        null,
        true,
        timeout);
  }

  static S3CheckpointStore open(S3Settings settings, Path cache, Clock clock) throws IOException {
    return S3CheckpointStore.open(
        settings, CREDENTIALS, cache, CACHE_BYTES, MAX_BYTES, clock, System::nanoTime);
  }

  @Override
  public void close() throws Exception {
    proxy.stop();
  }
}
