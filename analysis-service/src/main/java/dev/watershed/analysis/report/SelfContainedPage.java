package dev.watershed.analysis.report;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import com.google.common.html.HtmlEscapers;
import com.google.protobuf.Message;
import com.google.protobuf.util.JsonFormat;
import dev.watershed.type.v1.Warning;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * One HTML page that needs nothing else: style, script, Apache ECharts and the numbers are inside.
 * Texts are data to it: they are escaped here or set as text by the script, and a content security
 * policy lets no script run but the two of the page and nothing be loaded.
 *
 * @param template the page's HTML
 * @param scripts draw it, one after the other and after those that all pages share; they see each
 *     other's names
 */
record SelfContainedPage(String template, List<String> scripts) {
  private static final List<String> SHARED =
      List.of("page/numbers.js", "page/elements.js", "page/charts.js", "page/page.js");

  private static final Pattern PLACE = Pattern.compile("\\{\\{(\\w+)}}");
  private static final String ECHARTS_PROPERTIES =
      "/META-INF/maven/org.webjars/echarts/pom.properties";

  /**
   * Writes the page.
   *
   * @param markup HTML by its place in the template, besides what every page has
   * @param data what the script draws
   */
  void write(
      String title,
      String finding,
      List<Warning> warnings,
      Map<String, String> markup,
      Message data,
      Appendable out)
      throws IOException {
    String script = script();
    String echarts = echarts();
    var parts = new HashMap<>(markup);
    parts.put("policy", policy(echarts, script));
    parts.put("title", escaped(title));
    parts.put("finding", escaped(finding));
    parts.put("warnings", notices(warnings));
    parts.put("style", resource("report.css"));
    parts.put("data", json(data));
    parts.put("echarts", echarts);
    parts.put("script", script);
    out.append(
        PLACE
            .matcher(resource(template))
            .replaceAll(
                place ->
                    Matcher.quoteReplacement(
                        requireNonNull(parts.get(place.group(1)), place.group()))));
  }

  /** All scripts as one function, so that what they declare is theirs alone. */
  private String script() {
    return Stream.concat(SHARED.stream(), scripts.stream())
        .map(SelfContainedPage::resource)
        .collect(Collectors.joining("\n", "(function () {\n'use strict';\n\n", "})();\n"));
  }

  /** Makes data of a text. */
  static String escaped(String text) {
    return HtmlEscapers.htmlEscaper().escape(text);
  }

  private static String notices(List<Warning> warnings) {
    return warnings.isEmpty()
        ? ""
        : warnings.stream()
            .map(warning -> "<li>" + escaped(warning.getMessage()) + "</li>")
            .collect(Collectors.joining("", "<ul class=\"notice\" id=\"warnings\">", "</ul>"));
  }

  /** JSON that no text inside can end: a script element ends at the first "&lt;/script". */
  private static String json(Message data) throws IOException {
    return JsonFormat.printer()
        .omittingInsignificantWhitespace()
        .print(data)
        .replace("<", "\\u003c");
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
    var in = SelfContainedPage.class.getResourceAsStream(name);
    if (in == null) {
      throw new IOException("No " + name + " on the class path; the build is incomplete.");
    }
    return in;
  }
}
