package dev.watershed.classifier.data;

import static org.assertj.core.api.Assertions.assertThat;

import dev.watershed.classifier.checkpoint.Digest;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.Test;

final class DatasetTest {
  private static Dataset of(List<String> labels, Row... rows) {
    return new Dataset(List.of(rows), labels);
  }

  private static Row text(String text, int label) {
    return new Row.TextRow(text, null, label);
  }

  private static Row pair(String text, String pair, int label) {
    return new Row.TextRow(text, pair, label);
  }

  private static Row tokens(int[] ids, int[] types, int label) {
    return new Row.TokenRow(ids, types, label);
  }

  @Test
  void digest_everyKindOfRow_isOfTheDocumentedBytes() throws IOException {
    var dataset =
        of(
            List.of("no", "yes"),
            text("grüße", 1),
            pair("a", "", 0),
            tokens(new int[] {2, 7}, new int[] {0, 1}, -1));

    var bytes = new ByteArrayOutputStream();
    try (var out = new DataOutputStream(bytes)) {
      out.writeBytes("rows/1\n");
      out.writeInt(1);
      string(out, "grüße");
      string(out, "yes");
      out.writeInt(2);
      string(out, "a");
      string(out, "");
      string(out, "no");
      out.writeInt(3);
      for (int number : new int[] {2, 2, 7, 2, 0, 1, -1}) {
        out.writeInt(number);
      }
    }
    assertThat(dataset.digest()).isEqualTo(Digest.of(bytes.toByteArray()));
  }

  private static void string(DataOutputStream out, String text) throws IOException {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    out.writeInt(utf8.length);
    out.write(utf8);
  }

  @Test
  void digest_almostTheSameRows_differs() {
    List<String> labels = List.of("no", "yes");
    var datasets =
        List.of(
            of(labels, text("ab", 0), text("c", 0)),
            of(labels, text("a", 0), text("bc", 0)),
            of(labels, text("c", 0), text("ab", 0)),
            of(labels, pair("ab", "c", 0)),
            of(labels, pair("a", "bc", 0)),
            of(labels, text("ab", 0), text("c", 1)),
            of(labels, text("ab", -1), text("c", -1)),
            of(labels, text("ab", 0)),
            of(labels, pair("ab", "", 0)),
            of(List.of("nein", "yes"), text("ab", 0)),
            of(List.of(), tokens(new int[] {1, 2}, new int[] {0, 0}, -1)),
            of(List.of(), tokens(new int[] {1}, new int[] {0}, -1)));

    var digests = new ArrayList<String>();
    datasets.forEach(dataset -> digests.add(dataset.digest().sha256()));

    assertThat(new HashSet<>(digests)).hasSameSizeAs(digests);
  }

  @Test
  void digest_labelsListedInAnotherOrder_isTheSame() {
    assertThat(of(List.of("yes", "no", "unused"), text("a", 0)).digest())
        .isEqualTo(of(List.of("no", "yes"), text("a", 1)).digest());
  }
}
