package dev.watershed.standalone.process;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.watershed.cli.TypedCommand;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

/** Where numbers are written with other digits, everything has the bits of elsewhere. */
@Isolated("the locale is the process's")
final class LocaleIT {
  /** Arabic digits, and Thai ones with years that are counted otherwise. */
  private static final List<Locale> OTHER_DIGITS =
      List.of(Locale.of("ar", "EG"), Locale.of("th", "TH", "TH"));

  private final Locale before = Locale.getDefault();

  @AfterEach
  void restore() {
    Locale.setDefault(before);
  }

  @Test
  void session_localeWithDigitsOfItsOwn_hasTheBitsAndTextsOfElsewhere(@TempDir Path directory)
      throws Exception {
    Map<String, String> expected = session(directory.resolve("root"), Locale.ROOT);
    assertThat(expected).containsKeys("report.json", "report.html", "curves.csv", "help train");
    assertThat(expected.get("digests")).containsPattern("[0-9a-f]{64}, [0-9a-f]{64}");
    for (Locale locale : OTHER_DIGITS) {
      Map<String, String> seen = session(directory.resolve(locale.toString()), locale);
      assertThat(seen.keySet()).isEqualTo(expected.keySet());
      seen.forEach((what, text) -> assertThat(text).as(what).isEqualTo(expected.get(what)));
    }
  }

  /** What a user sees who trains and compares, but for what is another each time. */
  private Map<String, String> session(Path directory, Locale locale) throws Exception {
    Files.createDirectories(directory);
    List<String> options =
        List.of(
            "-Duser.language=" + locale.getLanguage(),
            "-Duser.country=" + locale.getCountry(),
            "-Duser.variant=" + locale.getVariant());
    Map<String, String> seen = new LinkedHashMap<>();
    try (ServerProcess server =
        ServerProcess.serve(directory.resolve("data"), directory, options, Map.of())) {
      Locale.setDefault(locale);
      for (String seed : List.of("1", "2")) {
        String[] train = {
          "train",
          "--initial",
          "miniature-pretrained",
          "--train",
          "builtin:miniature/train",
          "--lr",
          "5e-4",
          "--steps",
          "4",
          "--seeds",
          seed,
          "--name",
          "few",
          "--wait"
        };
        seen.put("train " + seed, run(server, directory, train));
      }
      String listed = run(server, directory, "checkpoints", "list", "--json");
      List<String> models = new ArrayList<>();
      List<String> digests = new ArrayList<>();
      for (JsonNode checkpoint : new ObjectMapper().readTree(listed).path("checkpoints")) {
        String name = checkpoint.path("name").asText().replace("checkpoints/", "");
        if (!name.startsWith("miniature")) {
          models.add(name);
          digests.add(checkpoint.path("digest").path("sha256").asText());
        }
      }
      assertThat(models).hasSize(2);
      seen.put("digests", String.join(", ", digests));
      String sample = "builtin:miniature/train,size=1200,seed=1,name=some";
      String[] evaluate = {
        "evaluate", models.get(0), models.get(1), "--alphas", "3", "--sample", sample
      };
      seen.put("evaluate", run(server, directory, evaluate));
      String[] study = {
        "study",
        "create",
        models.get(0) + "=A",
        models.get(1) + "=B",
        "--in-domain",
        sample,
        "--wait",
        "--out",
        directory.resolve("report").toString()
      };
      seen.put("study", run(server, directory, study));
      seen.put("runs", run(server, directory, "runs", "list"));
      seen.put("help train", run(server, directory, "train", "--help"));
      seen.put("recipes", run(server, directory, "recipes"));
      try (Stream<Path> files = Files.list(directory.resolve("report"))) {
        for (Path file : files.sorted().toList()) {
          // Parquet holds no number as text, and names that are drawn.
          String name = file.getFileName().toString();
          seen.put(name, name.endsWith(".parquet") ? "" : Files.readString(file));
        }
      }
      for (int i = 0; i < models.size(); i++) {
        String run = models.get(i).replaceFirst("-step-.*", "");
        String letter = "run" + i;
        seen.replaceAll((what, text) -> text.replace(run, letter));
      }
    }
    seen.replaceAll((what, text) -> withoutOccasion(text, directory));
    return seen;
  }

  /** Without names that are drawn, times, and where the files are. */
  private static String withoutOccasion(String text, Path directory) {
    return text.replace(directory.toString(), "DIRECTORY")
        .replaceAll("studies/[0-9a-f-]{36}", "studies/ID")
        .replaceAll("\\d{4}-\\d\\d-\\d\\dT[0-9:.]+Z", "TIME")
        .replaceAll("\"(elapsedSeconds|remainingSeconds)\": *[0-9.]+", "SECONDS")
        .replaceAll("Computing time</dt><dd>[0-9.]+ [a-z]+<", "Computing time</dt><dd>SECONDS<")
        .replaceAll("[0-9.]+ (ms|s) left|[0-9.]+ examples/s", "SPEED");
  }

  private static String run(ServerProcess server, Path directory, String... arguments) {
    return TypedCommand.in(directory, Map.of("WATERSHED_ADDRESS", server.address()))
        .run(arguments)
        .ends(0)
        .out();
  }
}
