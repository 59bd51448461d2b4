package dev.watershed.server.dataset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.watershed.classifier.checkpoint.FileCheckpointStore;
import dev.watershed.classifier.checkpoint.StoreUnavailableException;
import dev.watershed.server.ByteSize;
import dev.watershed.server.ConfigurationException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class StoresTest {
  private static final S3Configuration NOTHING =
      new S3Configuration("", "", false, Duration.ofMinutes(2));

  private final Path directory;

  StoresTest(@TempDir Path directory) {
    this.directory = directory;
  }

  private CheckpointsConfiguration at(String root) {
    return new CheckpointsConfiguration(
        root, new ByteSize(1000), directory.resolve("cache"), new ByteSize(1000));
  }

  private void refused(String root, S3Configuration s3, String... words) {
    assertThatThrownBy(() -> new Stores().checkpoints(at(root), s3, Clock.systemUTC()))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContainingAll(words);
  }

  @Test
  void checkpoints_ofADirectory_areThere() throws IOException {
    var store =
        new Stores().checkpoints(at(directory.resolve("store") + " "), NOTHING, Clock.systemUTC());
    assertThat(store).isInstanceOf(FileCheckpointStore.class);
    assertThat(store.place()).isEqualTo(directory.resolve("store").toRealPath());
    assertThat(store.maxBytes()).isEqualTo(1000);
  }

  @Test
  void checkpoints_whatMakesNoSense_isRefused() {
    var elsewhere = new S3Configuration("http://127.0.0.1:1", "", true, Duration.ofSeconds(2));
    refused(" ", NOTHING, "watershed.checkpoints.root does not say");
    refused(
        "s3://Bucket", NOTHING, "watershed.checkpoints.root: 's3://Bucket'", "s3://BUCKET/PREFIX");
    refused("s3:/bucket", NOTHING, "'s3:/bucket'");
    refused(directory.toString(), elsewhere, "watershed.checkpoints.s3.*", directory.toString());
    refused(
        "s3://bucket/a",
        new S3Configuration("minio:9000", "", true, Duration.ofSeconds(2)),
        "watershed.checkpoints.s3.endpoint is 'minio:9000'");
    assertThatThrownBy(() -> new S3Configuration("", "", false, Duration.ZERO))
        .hasMessageContaining("watershed.checkpoints.s3.timeout");
  }

  @Test
  void translate_storeThatIsAway_isUnavailable() {
    var away = new StoreUnavailableException("s3://bucket/a cannot be used: it is away.");
    var refused =
        Objects.requireNonNull(
            new UnavailableStores().translate(new UncheckedIOException(new IOException(away))));
    assertThat(refused.reason()).isEqualTo("CHECKPOINTS_UNAVAILABLE");
    assertThat(refused).hasMessage("s3://bucket/a cannot be used: it is away.");
    assertThat(new UnavailableStores().translate(new IOException("other"))).isNull();
    assertThat(
            new UnavailableStores()
                .translate(
                    new StoreUnavailableException("", new IOException("No space left on device"))))
        .as("the disk's, not the store's")
        .isNull();
  }
}
