package dev.watershed.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.rpc.Code;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import com.google.rpc.Status;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

final class DiskSpaceTest {
  private static final Path DATA = Path.of("/somewhere/data");
  private static final IOException FULL =
      new FileSystemException("f", null, "No space left on device");

  private final AtomicLong free = new AtomicLong(100);
  private final DiskSpace disk =
      new DiskSpace(new DiskConfiguration(List.of(DATA), new ByteSize(64)), path -> free.get());

  @Test
  void shortage_lessThanTheReserve_namesTheDirectoryAndWhenToRetry() throws Exception {
    assertThat(disk.shortage()).isEmpty();
    free.set(63);
    Status status = RefusalStatus.of(disk.shortage().orElseThrow());
    assertThat(status.getCode()).isEqualTo(Code.RESOURCE_EXHAUSTED_VALUE);
    assertThat(status.getMessage()).contains("/somewhere/data");
    ErrorInfo info = status.getDetails(0).unpack(ErrorInfo.class);
    assertThat(info.getReason()).isEqualTo("DISK_FULL");
    assertThat(info.getMetadataMap()).containsEntry("directory", "/somewhere/data");
    assertThat(status.getDetails(1).unpack(RetryInfo.class).getRetryDelay().getSeconds())
        .isPositive();
  }

  @Test
  void translate_writeOnAFullDisk_isNoInternalError() {
    Errors errors = new Errors(List.of(new StorageFailures(disk)));
    for (Throwable failure :
        List.of(
            FULL,
            new UncheckedIOException(FULL),
            new IllegalStateException(new SQLException(FULL)))) {
      assertThat(errors.toStatus(failure).getCode()).isEqualTo(Code.RESOURCE_EXHAUSTED_VALUE);
    }
  }

  @Test
  void translate_databaseThatAFullDiskClosed_saysWhyWhileItIsFull() {
    Errors errors = new Errors(List.of(new StorageFailures(disk)));
    Throwable closed = new IllegalStateException(new SQLException("The database has been closed"));
    assertThat(errors.toStatus(closed).getCode()).isEqualTo(Code.UNAVAILABLE_VALUE);
    free.set(0);
    assertThat(errors.toStatus(closed).getCode()).isEqualTo(Code.RESOURCE_EXHAUSTED_VALUE);
  }

  @Test
  void write_roomOnlyLater_writesOnce() throws Exception {
    AtomicInteger looks = new AtomicInteger();
    DiskSpace later =
        new DiskSpace(
            new DiskConfiguration(List.of(), new ByteSize(64)),
            path -> looks.incrementAndGet() < 2 ? 100 : 200);
    AtomicInteger written = new AtomicInteger();
    assertThat(later.write("it", DATA, 100, () -> false, written::incrementAndGet)).isTrue();
    assertThat(written).hasValue(1);
  }

  @Test
  void write_fullHalfWay_isDoneAgain() throws Exception {
    AtomicInteger tries = new AtomicInteger();
    boolean done =
        disk.write(
            "it",
            DATA,
            1,
            () -> false,
            () -> {
              if (tries.incrementAndGet() == 1) {
                throw FULL;
              }
            });
    assertThat(done).isTrue();
    assertThat(tries).hasValue(2);
  }

  @Test
  void write_stoppedWhileItWaits_isNotWritten() throws Exception {
    AtomicInteger written = new AtomicInteger();
    assertThat(disk.write("it", DATA, 1000, () -> true, written::incrementAndGet)).isFalse();
    assertThat(written).hasValue(0);
  }

  @Test
  void write_otherFailure_isThrown() {
    IOException other = new IOException("Permission denied");
    assertThatThrownBy(
            () ->
                disk.write(
                    "it",
                    DATA,
                    1,
                    () -> false,
                    () -> {
                      throw other;
                    }))
        .isSameAs(other);
  }
}
