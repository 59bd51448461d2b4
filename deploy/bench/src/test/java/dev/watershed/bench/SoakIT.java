package dev.watershed.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Memory over some hundred evaluations and two dozen training runs, in a process of its own. */
final class SoakIT {
  @Test
  void soak_evaluationsAndRuns_leaveMemoryAsItWas(@TempDir Path directory) throws Exception {
    Path log = directory.resolve("soak.log");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-XX:+UseSerialGC",
                "-Xmx512m",
                "-cp",
                "../standalone/target/watershed/lib/*:target/watershed/lib/*",
                "dev.watershed.standalone.Main",
                "bench",
                "soak",
                "--evaluations",
                "720",
                "--steps",
                "96",
                "--threads",
                "1",
                "--json")
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    assertThat(process.waitFor(5, TimeUnit.MINUTES)).isTrue();
    String text = Files.readString(log);
    assertThat(process.exitValue()).as(text).isZero();
    JsonNode result = new ObjectMapper().readTree(text.substring(text.indexOf("\n{") + 1));
    assertThat(result.get("evaluations").asInt()).isEqualTo(720);
    assertThat(result.get("steps").asInt()).isEqualTo(96);
    assertThat(result.get("points")).hasSize(24);
    assertThat(result.get("flat").asBoolean()).isTrue();
    assertThat(result.get("growth"))
        .extracting(growth -> growth.get("what").asText())
        .containsExactly("residentBytes", "heapBytes", "nativeArrays", "heldBytes");
    for (JsonNode growth : result.get("growth")) {
      // No allowance can be met by measuring nothing.
      assertThat(growth.get("firstHalf").asDouble()).as(growth.toString()).isPositive();
      assertThat(growth.get("secondHalf").asDouble() - growth.get("firstHalf").asDouble())
          .as(growth.toString())
          .isLessThanOrEqualTo(growth.get("allowance").asDouble());
    }
  }
}
