package dev.watershed.analysis.report;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.util.JsonFormat;
import dev.watershed.analysis.v1.Dynamics;
import dev.watershed.type.v1.Warning;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.StringReader;
import java.util.List;
import java.util.regex.Pattern;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVRecord;
import org.junit.jupiter.api.Test;

final class DynamicsFilesTest {
  static final String HOSTILE =
      "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&{{echarts}}";

  private final Dynamics dynamics = SyntheticDynamics.of(6);

  @Test
  void write_page_isSelfContainedAndHoldsTheNumbers() throws IOException {
    String page = write("dynamics.html", "Sweep", dynamics);
    assertThat(page)
        .startsWith("<!doctype html>")
        .contains("<title>Sweep</title>")
        .contains("The basins show from step 300 on.")
        .doesNotContain("id=\"warnings\"")
        .doesNotContainPattern("\\{\\{(policy|title|finding|warnings|style|data|echarts|script)}}");
    assertThat(page.replaceAll("(?s)<script>.*?</script>", ""))
        .doesNotContainPattern("<(link|img|iframe|object|embed)")
        .doesNotContain("src=");
    assertThat(embedded(page)).isEqualTo(dynamics);
  }

  @Test
  void write_hostileTexts_staysData() throws IOException {
    var hostile = hostile();
    String page = write("dynamics.html", HOSTILE, hostile);
    assertThat(page).doesNotContain("<script>alert").doesNotContain("<img src=x");
    assertThat(Pattern.compile("</script").matcher(page).results().count()).isEqualTo(3);
    assertThat(embedded(page)).isEqualTo(hostile);
  }

  @Test
  void write_thousandsOfPairs_drawsSomeAndTabulatesAll() throws IOException {
    var large = SyntheticDynamics.of(40);
    assertThat(embedded(write("dynamics.html", "", large)).getPairsCount()).isEqualTo(300);
    assertThat(csv("dynamics.csv", large)).hasSize(780 * 4);
  }

  @Test
  void write_pairs_hasARowAPairAndStep() throws IOException {
    var rows = csv("dynamics.csv", dynamics);
    assertThat(rows).hasSize(15 * 4);
    for (int step = 0; step < 4; step++) {
      for (int pair = 0; pair < 15; pair++) {
        var row = rows.get(step * 15 + pair);
        assertThat(row.get("step")).isEqualTo("" + dynamics.getSteps(step).getStep());
        assertThat(row.get("label_b")).isEqualTo(dynamics.getPairs(pair).getLabelB());
        assertThat(Double.parseDouble(row.get("convexity_gap_nats")))
            .isEqualTo(dynamics.getPairs(pair).getMetrics(step).getConvexityGapNats());
        int b = dynamics.getLabelsList().indexOf(row.get("label_b"));
        assertThat(row.get("cluster_b")).isEqualTo("" + dynamics.getSteps(step).getAssignments(b));
      }
    }
  }

  @Test
  void write_changes_hasARowAMetricOfEachTwoSteps() throws IOException {
    var rows = csv("changes.csv", dynamics);
    assertThat(rows).hasSize(6 * 6);
    var row = rows.get(7);
    assertThat(row.get("metric")).isEqualTo("convexity_gap");
    assertThat(row.get("from_step")).isEqualTo("0");
    assertThat(row.get("to_step")).isEqualTo("300");
    assertThat(Double.parseDouble(row.get("mean_nats"))).isEqualTo(.2);
    assertThat(row.get("pair_count")).isEqualTo("15");
    assertThat(Double.parseDouble(row.get("low_nats"))).isEqualTo(.1 * 2 - .15);
    assertThat(row.get("interval_over")).isEqualTo("models");
    assertThat(rows)
        .extracting(one -> one.get("metric"))
        .contains("area", "convexity_gap_within", "convexity_gap_across");
  }

  @Test
  void write_noImprovedGap_leavesItsCellsEmpty() throws IOException {
    var plain = dynamics.toBuilder();
    plain
        .getPairsBuilderList()
        .forEach(
            pair -> pair.getMetricsBuilderList().forEach(m -> m.clearImprovedConvexityGapNats()));
    plain.getChangesBuilderList().forEach(change -> change.clearImprovedConvexityGap());
    assertThat(csv("dynamics.csv", plain.build()).get(0).get("improved_convexity_gap_nats"))
        .isEmpty();
    assertThat(csv("changes.csv", plain.build())).hasSize(6 * 5);
  }

  @Test
  void write_json_readsBackEqual() throws IOException {
    var parsed = Dynamics.newBuilder();
    JsonFormat.parser().merge(write("dynamics.json", "", dynamics), parsed);
    assertThat(parsed.build()).isEqualTo(dynamics);
  }

  @Test
  void write_anotherName_isRefused() {
    assertThatThrownBy(() -> write("dynamics.pdf", "", dynamics))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("dynamics.html, dynamics.json");
  }

  static Dynamics hostile() {
    var hostile =
        SyntheticDynamics.of(6).toBuilder()
            .setFinding(HOSTILE)
            .addWarnings(Warning.newBuilder().setMessage(HOSTILE));
    hostile.setLabels(0, HOSTILE).getStepsBuilder(0).setStudy(HOSTILE);
    hostile
        .getPairsBuilderList()
        .forEach(pair -> pair.setLabelA(pair.getLabelA().replace("seed 0", HOSTILE)));
    return hostile.build();
  }

  static String write(String name, String title, Dynamics dynamics) throws IOException {
    var out = new ByteArrayOutputStream();
    DynamicsFiles.write(name, title, dynamics, out);
    return out.toString(UTF_8);
  }

  private static Dynamics embedded(String page) throws IOException {
    var data =
        Pattern.compile(
                "<script type=\"application/json\" id=\"report\">(.*?)</script>", Pattern.DOTALL)
            .matcher(page);
    assertThat(data.find()).isTrue();
    var parsed = Dynamics.newBuilder();
    JsonFormat.parser().merge(data.group(1), parsed);
    return parsed.build();
  }

  private static List<CSVRecord> csv(String name, Dynamics dynamics) throws IOException {
    return CSVFormat.RFC4180
        .builder()
        .setHeader()
        .setSkipHeaderRecord(true)
        .get()
        .parse(new StringReader(write(name, "", dynamics)))
        .getRecords();
  }
}
