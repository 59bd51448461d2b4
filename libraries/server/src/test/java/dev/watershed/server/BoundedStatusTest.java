package dev.watershed.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.Status;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class BoundedStatusTest {
  @Test
  void of_shortStatus_isItself() {
    var status = RefusalStatus.of(RefusedException.invalidArgument("BAD", "uri", "no"));
    assertThat(BoundedStatus.of(status)).isSameAs(status);
  }

  @Test
  void of_longMessage_keepsReasonAndFieldAndIsCut() throws Exception {
    var status =
        RefusalStatus.of(RefusedException.invalidArgument("BAD", "uri", "x".repeat(100_000)));
    var bounded = BoundedStatus.of(status);

    assertThat(bounded.getSerializedSize()).isLessThanOrEqualTo(BoundedStatus.STATUS_BYTES);
    assertThat(bounded.getMessage()).hasSize(BoundedStatus.MESSAGE_BYTES).endsWith("...");
    assertThat(bounded.getDetails(0).unpack(ErrorInfo.class).getReason()).isEqualTo("BAD");
    var violation = bounded.getDetails(1).unpack(BadRequest.class).getFieldViolations(0);
    assertThat(violation.getField()).isEqualTo("uri");
    assertThat(violation.getDescription()).endsWith("...");
  }

  @Test
  void of_messageThatIsEncodedThreefold_isCutByWhatTravels() {
    var status = RefusalStatus.of(RefusedException.notFound("GONE", "a", "ü".repeat(1000) + "😀"));
    var message = BoundedStatus.of(status).getMessage();
    // Two bytes each, three characters for each.
    assertThat(message).hasSize((BoundedStatus.MESSAGE_BYTES - 3) / 6 + 3);
  }

  @Test
  void of_thousandViolations_listsSomeAndCountsTheRest() throws Exception {
    var violations =
        IntStream.range(0, 1000)
            .mapToObj(i -> new RefusedException.Violation("f".repeat(500) + i, "d".repeat(100)))
            .toList();
    var bounded =
        BoundedStatus.of(RefusalStatus.of(RefusedException.invalidArgument("BAD", violations)));

    assertThat(bounded.getSerializedSize()).isLessThanOrEqualTo(BoundedStatus.STATUS_BYTES);
    var listed = bounded.getDetails(1).unpack(BadRequest.class);
    int count = listed.getFieldViolationsCount();
    assertThat(count).isGreaterThan(2);
    assertThat(listed.getFieldViolations(count - 1).getDescription())
        .isEqualTo(1000 - count + 1 + " more violations");
  }

  @Test
  void of_muchMetadata_isShortened() throws Exception {
    var refused =
        RefusedException.refused(
            RefusedException.Kind.INTERNAL, "R", "m", Map.of("k".repeat(5000), "v".repeat(5000)));
    Status bounded = BoundedStatus.of(RefusalStatus.of(refused));
    assertThat(bounded.getSerializedSize()).isLessThan(500);
    assertThat(bounded.getDetails(0).unpack(ErrorInfo.class).getMetadataMap()).hasSize(1);
  }
}
