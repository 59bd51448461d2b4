package dev.watershed.standalone.process;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The quickstart in small: everything but the phenomenon, which needs at least eight seeds. */
final class QuickstartIT {
  @Test
  void quickstart_threeSeedsOfTwentySteps_writesEveryFileAndAssertsNothing(@TempDir Path directory)
      throws Exception {
    Path log = directory.resolve("quickstart.log");
    Process process =
        ServerProcess.command(
            log,
            "quickstart",
            "--seeds",
            "3",
            "--steps",
            "20",
            "--out",
            directory.resolve("out").toString());
    assertThat(process.waitFor(3, TimeUnit.MINUTES)).isTrue();
    String text = Files.readString(log);
    assertThat(process.exitValue()).as(text).isZero();
    assertThat(text)
        .contains("miniature seed 3: succeeded 20/20")
        .contains("Convexity gap (nats) of every pair")
        .contains("The margins are not asserted");
    for (String file :
        new String[] {
          "report.html",
          "report.json",
          "models.csv",
          "pairs.csv",
          "curves.csv",
          "points.parquet",
          "pairs.parquet"
        }) {
      assertThat(directory.resolve("out").resolve(file)).isNotEmptyFile();
    }
    var result = new ObjectMapper().readTree(directory.resolve("out/quickstart.json").toFile());
    assertThat(result.get("models")).hasSize(3);
    assertThat(result.get("marginsAsserted").asBoolean()).isFalse();
  }
}
