package dev.watershed.analysis.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.watershed.analysis.v1.Dynamics;
import dev.watershed.analysis.v1.UncertaintyUnit;
import java.io.IOException;
import org.junit.jupiter.api.Test;

/** What a page of a comparison over steps says before any script runs. */
final class DynamicsWithoutScriptTest {
  private static final String NO_SPLIT = "<th scope=\"row\">0 (no split) to 100</th>";

  @Test
  void page_withoutScript_hasEverythingButTheFigures() throws IOException {
    var dynamics = SyntheticDynamics.of(6);
    var page = markup(dynamics);
    assertThat(page)
        .contains("<dt>Models</dt><dd>6 <small>15 pairs</small></dd>")
        .contains("<dt>Steps</dt><dd>4 <small>0 to 600</small></dd>")
        .contains("<dt>\u0394 improved convexity gap</dt><dd>+0.300 <small>nats, mean</small></dd>")
        .contains("<dt>Median gap across</dt><dd>0.600 <small>nats, last step</small></dd>")
        .contains("<th scope=\"row\">0 (no split)</th><td data-key=\"0.0\">0.000</td>")
        .contains("<td class=\"text\">studies/step-600</td>")
        .contains("<th scope=\"row\">0 to 600</th><td>+0.300 [+0.150, +0.350]</td>")
        .contains(
            "<th scope=\"row\">0 to 100</th><td><span class=\"pale\" title=\"not distinguishable from"
                + " 0\">+0.100 [\u22120.050, +0.150]</span></td>")
        .contains("<td>15</td><td class=\"text\">models</td>")
        .contains(
            "<th scope=\"row\">300</th><td>5 of 6</td><td>0.83 [0.40, 0.98]</td><td>0.80</td>"
                + "<td>0.67</td><td>0.200</td>")
        .doesNotContain("id=\"forecast-section\" hidden");
  }

  @Test
  void page_withoutScript_countsMovesBetweenClusters() throws IOException {
    var dynamics = SyntheticDynamics.of(6).toBuilder();
    int[][] assignments = {{0, 0, 0, 1, 1, -1}, {0, 0, 1, 1, 1, 1}};
    for (int s = 0; s < assignments.length; s++) {
      var step = dynamics.getStepsBuilder(s).clearAssignments();
      for (int cluster : assignments[s]) {
        step.addAssignments(cluster);
      }
    }
    assertThat(markup(dynamics.build()))
        .contains(NO_SPLIT + from(" data-basin=\"0\"", "cluster 1") + "<td>2</td><td>1</td></tr>")
        .contains(NO_SPLIT + from(" data-basin=\"1\"", "cluster 2") + "<td>0</td><td>2</td></tr>")
        .contains(NO_SPLIT + from("", "apart") + "<td>0</td><td>1</td></tr>")
        .contains("<th scope=\"row\">seed 5</th><td>apart</td><td>2</td>");
  }

  @Test
  void page_onePair_saysWhatIntervalsAreOver() throws IOException {
    var one = SyntheticDynamics.of(2).toBuilder();
    one.getChangesBuilder(0)
        .getConvexityGapBuilder()
        .setUnit(UncertaintyUnit.UNCERTAINTY_UNIT_EXAMPLES);
    one.getChangesBuilder(1)
        .getConvexityGapBuilder()
        .setUnit(UncertaintyUnit.UNCERTAINTY_UNIT_UNSPECIFIED);
    assertThat(markup(one.build()))
        .contains("<td class=\"text\">examples</td>")
        .contains("<td>+0.200 \u00b1 0.020 SD</td>")
        .contains("<td class=\"text\">\u2013</td>");
  }

  @Test
  void page_noFinalSplit_hidesTheForecast() throws IOException {
    var none = SyntheticDynamics.of(6).toBuilder();
    none.getStepsBuilderList().forEach(step -> step.clearForecast());
    assertThat(markup(none.build())).contains("id=\"forecast-section\" hidden>");
  }

  @Test
  void page_nothing_isAPage() throws IOException {
    assertThat(markup(Dynamics.getDefaultInstance())).contains("<dt>Models</dt><dd>0 ");
  }

  private static String from(String basin, String name) {
    return "<td class=\"text\"><span class=\"basin\"" + basin + ">" + name + "</span></td>";
  }

  private static String markup(Dynamics dynamics) throws IOException {
    return DynamicsFilesTest.write("dynamics.html", "Sweep", dynamics)
        .replaceAll("(?s)<script.*?</script>", "");
  }
}
