package dev.watershed.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.StringValue;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

final class PagesTest {
  private static final StringValue MEBIBYTE = StringValue.of("x".repeat((1 << 20) - 4));

  @Test
  void size_whatIsAskedFor_isClampedAndHasADefault() {
    assertThat(Pages.size(0)).isEqualTo(100);
    assertThat(Pages.size(7)).isEqualTo(7);
    assertThat(Pages.size(Integer.MAX_VALUE)).isEqualTo(1000);
  }

  @Test
  void fitting_manyBytes_stopsBeforeTheLimit() {
    assertThat(MEBIBYTE.getSerializedSize()).isEqualTo(1 << 20);
    assertThat(Pages.fitting(Collections.nCopies(9, MEBIBYTE))).hasSize(3);
    assertThat(Pages.fitting(List.of())).isEmpty();
    // What fits nowhere is sent alone.
    var large = StringValue.of("x".repeat(4 << 20));
    assertThat(Pages.fitting(List.of(large, large))).hasSize(1);
  }

  @Test
  void parts_ofAll_holdEachOnceInOrder() {
    var items = Collections.nCopies(10, MEBIBYTE);
    assertThat(Pages.parts(items)).extracting(List::size).containsExactly(3, 3, 3, 1);
    assertThat(Pages.parts(List.of(MEBIBYTE, StringValue.of("a"), StringValue.of("b")), 5))
        .extracting(part -> part.getLast().getValue())
        .containsExactly(MEBIBYTE.getValue(), "a", "b");
    assertThat(Pages.parts(List.<StringValue>of())).isEmpty();
  }
}
