package dev.watershed.analysis.report;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Opens pages in a real browser. */
final class PageBrowser {
  /** Writes a page. */
  interface PageWriter {
    void write(OutputStream out) throws IOException;
  }

  private final Path browser;
  private final Path directory;

  private PageBrowser(Path browser, Path directory) {
    this.browser = browser;
    this.directory = directory;
  }

  /** Skips the test, loudly, where there is no browser. */
  static PageBrowser onPath(Path directory) {
    var found = browserOnPath();
    assumeTrue(
        found.isPresent(), "SKIPPED: no chromium on PATH, so no page was opened in a browser");
    return new PageBrowser(found.orElseThrow(), directory);
  }

  /** Returns the page's elements once its scripts have run without a complaint. */
  String open(PageWriter writer) throws IOException, InterruptedException {
    return open(writer, "");
  }

  /**
   * As {@link #open(PageWriter)}, with a script of the test's own after the page's, which the
   * policy is told of.
   */
  String openWith(String script, PageWriter writer) throws IOException, InterruptedException {
    var written = new ByteArrayOutputStream();
    writer.write(written);
    // ECharts' own source, in between, speaks of bodies too.
    var allowed =
        written
            .toString(UTF_8)
            .replaceFirst("script-src", "script-src 'sha256-" + sha256(script) + "'");
    int end = allowed.lastIndexOf("</body>");
    var page = allowed.substring(0, end) + "<script>" + script + "</script></body></html>";
    return open(out -> out.write(page.getBytes(UTF_8)));
  }

  private static String sha256(String text) {
    try {
      var digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(UTF_8));
      return Base64.getEncoder().encodeToString(digest);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every Java platform has SHA-256.", e);
    }
  }

  /**
   * @param fragment of the address, with its #
   */
  String open(PageWriter writer, String fragment) throws IOException, InterruptedException {
    var page = directory.resolve("page.html");
    try (var out = Files.newOutputStream(page)) {
      writer.write(out);
    }
    var dom = directory.resolve("dom.html");
    var log = directory.resolve("browser.log");
    var process =
        new ProcessBuilder(
                browser.toString(),
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--user-data-dir=" + directory.resolve("profile"),
                "--window-size=1400,2400",
                "--enable-logging=stderr",
                "--dump-dom",
                page.toUri() + fragment)
            .redirectOutput(dom.toFile())
            .redirectError(log.toFile())
            .start();
    try {
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).as("the browser ended").isTrue();
    } finally {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
    assertThat(Files.readString(log).lines().filter(line -> line.contains("CONSOLE"))).isEmpty();
    String elements = Files.readString(dom, UTF_8);
    assertThat(elements).doesNotContain("data-failed");
    // Without the page's own sources, which hold markup as text.
    return Pattern.compile("<script.*?</script>", Pattern.DOTALL).matcher(elements).replaceAll("");
  }

  private static Optional<Path> browserOnPath() {
    return Stream.of(System.getenv().getOrDefault("PATH", "").split(":"))
        .flatMap(
            directory ->
                Stream.of("chromium", "chromium-browser", "google-chrome")
                    .map(name -> Path.of(directory, name)))
        .filter(Files::isExecutable)
        .findFirst();
  }
}
