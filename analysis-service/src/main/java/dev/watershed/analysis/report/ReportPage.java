package dev.watershed.analysis.report;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.common.html.HtmlEscapers;
import com.google.protobuf.util.JsonFormat;
import dev.watershed.analysis.v1.PairReport;
import dev.watershed.analysis.v1.StudyReport;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.BitSet;
import java.util.Comparator;
import java.util.Map;
import java.util.Properties;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * A report as one HTML page that needs nothing else: style, script, Apache ECharts and the numbers
 * are inside. Texts of the report are data to it: they are escaped here or set as text by the
 * script, and a content security policy lets no script run but the two of the page and nothing be
 * loaded.
 */
final class ReportPage {
  /** More curves than this draw a blot; the page shows so many, evenly by distance. */
  private static final int MOST_CURVES = 300;

  /** Beyond so many pairs only their distance goes into the page. */
  private static final int MOST_PAIRS_WITH_METRICS = 20_000;

  private static final Pattern PLACE = Pattern.compile("\\{\\{(\\w+)}}");
  private static final String ECHARTS_PROPERTIES =
      "/META-INF/maven/org.webjars/echarts/pom.properties";

  private ReportPage() {}

  static void write(StudyReport report, Appendable out) throws IOException {
    String name = report.getSpec().getDisplayName();
    String script = resource("report.js");
    String echarts = echarts();
    var parts =
        Map.of(
            "policy", policy(echarts, script),
            "title", escaped(name.isBlank() ? report.getStudy() : name),
            "finding", escaped(report.getFinding()),
            "style", resource("report.css"),
            "data", json(slimmed(report)),
            "echarts", echarts,
            "script", script);
    out.append(
        PLACE
            .matcher(resource("report.html"))
            .replaceAll(place -> Matcher.quoteReplacement(parts.get(place.group(1)))));
  }

  private static String escaped(String text) {
    return HtmlEscapers.htmlEscaper().escape(text);
  }

  /** JSON that no text inside can end: a script element ends at the first "&lt;/script". */
  private static String json(StudyReport report) throws IOException {
    return JsonFormat.printer()
        .omittingInsignificantWhitespace()
        .print(report)
        .replace("<", "\\u003c");
  }

  /** Leaves out what the page does not draw, so that a large study's page opens. */
  private static StudyReport slimmed(StudyReport report) {
    var drawn = drawn(report);
    var slim = report.toBuilder().clearPairs();
    for (int i = 0; i < report.getPairsCount(); i++) {
      var pair = report.getPairs(i).toBuilder();
      if (!drawn.get(i)) {
        pair.clearCurve().clearAccuracies();
      }
      if (report.getPairsCount() > MOST_PAIRS_WITH_METRICS) {
        pair.clearMetrics();
      }
      slim.addPairs(pair);
    }
    return slim.build();
  }

  /** Which pairs' curves to draw: all, or so many evenly spaced in the order of distance. */
  private static BitSet drawn(StudyReport report) {
    int count = report.getPairsCount();
    var drawn = new BitSet(count);
    if (count <= MOST_CURVES) {
      drawn.set(0, count);
      return drawn;
    }
    var byDistance =
        IntStream.range(0, count)
            .boxed()
            .sorted(Comparator.comparingDouble(i -> distance(report.getPairs(i))))
            .toList();
    for (int i = 0; i < MOST_CURVES; i++) {
      drawn.set(byDistance.get((int) ((long) i * (count - 1) / (MOST_CURVES - 1))));
    }
    return drawn;
  }

  private static double distance(PairReport pair) {
    return pair.getDistance();
  }

  private static String policy(String... scripts) {
    var allowed = new StringBuilder();
    for (String script : scripts) {
      allowed.append(" 'sha256-").append(sha256(script)).append('\'');
    }
    return "default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src" + allowed;
  }

  private static String sha256(String text) {
    try {
      var digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(UTF_8));
      return Base64.getEncoder().encodeToString(digest);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every Java platform has SHA-256.", e);
    }
  }

  private static String echarts() throws IOException {
    var properties = new Properties();
    try (var in = open(ECHARTS_PROPERTIES)) {
      properties.load(in);
    }
    String version = properties.getProperty("version");
    String script = resource("/META-INF/resources/webjars/echarts/" + version + "/echarts.min.js");
    if (script.contains("</script")) {
      throw new IllegalStateException(
          "ECharts " + version + " cannot be written into a page: it holds \"</script\".");
    }
    return script;
  }

  private static String resource(String name) {
    try (var in = open(name)) {
      // As a parser of HTML reads it; the policy's digests are over that.
      return new String(in.readAllBytes(), UTF_8).replace("\r\n", "\n");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static InputStream open(String name) throws IOException {
    var in = ReportPage.class.getResourceAsStream(name);
    if (in == null) {
      throw new IOException("No " + name + " on the class path; the build is incomplete.");
    }
    return in;
  }
}
