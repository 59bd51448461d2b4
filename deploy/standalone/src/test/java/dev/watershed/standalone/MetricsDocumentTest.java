package dev.watershed.standalone;

import static org.assertj.core.api.Assertions.assertThat;

import dev.watershed.server.ServiceProcess;
import dev.watershed.server.v1.GetServerInfoRequest;
import dev.watershed.server.v1.ServerServiceGrpc;
import io.grpc.netty.NettyChannelBuilder;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.micronaut.context.env.PropertySource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** What is written of metrics is what a process tells. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class MetricsDocumentTest {
  private static final Path PROJECT = Path.of("..", "..");
  private static final Path DOCUMENT = PROJECT.resolve("docs/metrics.md");
  private static final Path GENERATED = Path.of("target", "metrics.md");
  private static final Path ALERTS =
      PROJECT.resolve("deploy/kubernetes/components/monitoring/alerts.yaml");
  private static final String HEAD = "| metric | type | what it says |\n|---|---|---|\n";

  /** As Prometheus reads it: what a metric says, its type, its samples. */
  private String told = "";

  @BeforeAll
  void ask(@TempDir Path directory) throws Exception {
    var properties =
        Map.<String, Object>of(
            "grpc.server.port",
            0,
            "watershed.server.metrics-port",
            0,
            "datasources.trainer.url",
            "jdbc:h2:mem:metrics-trainer;MODE=PostgreSQL",
            "datasources.analysis.url",
            "jdbc:h2:mem:metrics-analysis;MODE=PostgreSQL;DATABASE_TO_LOWER=TRUE;DEFAULT_NULL_ORDERING=HIGH",
            "watershed.checkpoints.root",
            directory.resolve("checkpoints").toString(),
            "watershed.data.uploads",
            directory.resolve("uploads").toString(),
            "watershed.trainer.work",
            directory.resolve("work").toString(),
            "watershed.trainer.take-runs",
            "none",
            "standalone.identity",
            "test",
            "watershed.analysis.evaluator.address",
            "inprocess:nobody");
    try (var process = ServiceProcess.open(PropertySource.of("test", properties))) {
      process.listen();
      var channel =
          NettyChannelBuilder.forAddress("127.0.0.1", process.port()).usePlaintext().build();
      try {
        assertThat(
                ServerServiceGrpc.newBlockingStub(channel)
                    .getServerInfo(GetServerInfoRequest.getDefaultInstance())
                    .getServerInfo()
                    .getServicesList())
            .isNotEmpty();
      } finally {
        channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
      }
      told = process.context().getBean(PrometheusMeterRegistry.class).scrape();
    }
  }

  @Test
  void table_everyMetricOfOurs_isThereAsTheProcessSaysIt() throws IOException {
    var rows = new TreeMap<String, String>();
    var line =
        Pattern.compile("^# HELP (watershed_\\w+) (.*)\n# TYPE \\1 (\\w+)$", Pattern.MULTILINE)
            .matcher(told);
    while (line.find()) {
      rows.put(
          line.group(1),
          "| `"
              + line.group(1)
              + labels(line.group(1))
              + "` | "
              + line.group(3)
              + " | "
              + line.group(2)
              + " |\n");
    }
    assertThat(rows).hasSizeGreaterThan(10);

    String document = Files.readString(DOCUMENT);
    int begin = document.indexOf(HEAD);
    assertThat(begin).as("the table's head in %s", DOCUMENT).isNotNegative();
    int end = begin + HEAD.length();
    while (document.startsWith("|", end)) {
      end = document.indexOf('\n', end) + 1;
    }
    String generated =
        document.substring(0, begin)
            + HEAD
            + String.join("", rows.values())
            + document.substring(end);
    Files.writeString(GENERATED, generated);
    assertThat(document)
        .as("docs/metrics.md; take deploy/standalone/%s for it", GENERATED)
        .isEqualTo(generated);
  }

  /** The labels of a metric with the values that they have, where it has any. */
  private String labels(String metric) {
    var values = new TreeMap<String, TreeSet<String>>();
    told.lines()
        .filter(sample -> sample.startsWith(metric + "{"))
        .forEach(
            sample -> {
              var label = Pattern.compile("(\\w+)=\"([^\"]*)\"").matcher(sample);
              while (label.find()) {
                values.computeIfAbsent(label.group(1), any -> new TreeSet<>()).add(label.group(2));
              }
            });
    if (values.isEmpty()) {
      return "";
    }
    var text = new StringBuilder("{");
    values.forEach(
        (label, all) ->
            text.append(text.length() > 1 ? ", " : "")
                .append(label)
                .append('=')
                .append(String.join("\\|", all)));
    return text.append('}').toString();
  }

  @Test
  void alerts_everyMetric_isOneThatAProcessTells() throws IOException {
    var names = new TreeSet<String>();
    var name =
        Pattern.compile("\\b(?:watershed|grpc_server|jvm|process|hikaricp)_\\w+")
            .matcher(Files.readString(ALERTS));
    while (name.find()) {
      names.add(name.group());
    }
    assertThat(names).isNotEmpty();
    assertThat(told.lines().map(sample -> sample.replaceFirst("[{ ].*", ""))).containsAll(names);
  }
}
