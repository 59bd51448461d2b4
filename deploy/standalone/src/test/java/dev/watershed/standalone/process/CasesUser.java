package dev.watershed.standalone.process;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.watershed.cli.TypedCommand;
import dev.watershed.cli.TypedCommand.Seen;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Somebody at the command line, with a copy of the cases before them.
 *
 * @param cases the copy, which is the working directory too
 * @param address of the server
 */
record CasesUser(Path cases, String address) {
  static final String DUPLICATES = "file:f1-positive-class/dup.tsv,text=t,label=l";

  /** The metrics of each point that {@code evaluate --json} wrote. */
  static List<JsonNode> metrics(Seen seen) throws IOException {
    seen.ends(0);
    var metrics = new ArrayList<JsonNode>();
    for (String line : seen.out().lines().toList()) {
      JsonNode point = new ObjectMapper().readTree(line).path("point").path("metrics");
      if (!point.isMissingNode()) {
        metrics.add(point);
      }
    }
    assertThat(metrics).isNotEmpty();
    return metrics;
  }

  static double loss(Seen seen) throws IOException {
    return metrics(seen).getFirst().path("meanLossNats").asDouble();
  }

  /** A directory of Q_qqp's weights with a configuration of the same kind as a case's. */
  void modelLike(String config, String directory) throws Exception {
    Path to = cases.resolve(directory);
    Files.createDirectories(to.getParent());
    copy(cases.resolve("f1-positive-class/Q_qqp"), to);
    var json = new ObjectMapper();
    var wanted = (ObjectNode) json.readTree(cases.resolve(config).toFile());
    JsonNode sizes = json.readTree(to.resolve("config.json").toFile());
    for (String size :
        List.of(
            "vocab_size",
            "hidden_size",
            "num_hidden_layers",
            "num_attention_heads",
            "intermediate_size",
            "max_position_embeddings")) {
      wanted.set(size, sizes.get(size));
    }
    Files.writeString(to.resolve("config.json"), wanted.toString());
  }

  Seen train(String... options) {
    return train(DUPLICATES, options);
  }

  /** One step of a run of its own, to its end, as JSON. */
  Seen train(String data, String[] options) {
    var words = new ArrayList<>(List.of("train", "--train", data, "--wait", "--json", "--again"));
    words.addAll(List.of("--lr", "1e-5", "--steps", "1", "--batch-size", "4", "--seeds", "1"));
    words.addAll(List.of(options));
    return run(words.toArray(String[]::new));
  }

  /** The first checkpoint of the run that a command made. */
  static String checkpoint(Seen trained) throws IOException {
    JsonNode run = new ObjectMapper().readTree(trained.ends(0).out()).path("trainingRuns").get(0);
    String name = run.path("checkpoints").get(0).path("checkpoint").asText();
    return name.substring(name.indexOf('/') + 1);
  }

  String digest(String id) throws Exception {
    Seen seen = run("checkpoints", "get", id, "--json").ends(0);
    return new ObjectMapper().readTree(seen.out()).path("digest").path("sha256").asText();
  }

  static String id(String folder) {
    return folder.replace('_', '-').toLowerCase(Locale.ROOT);
  }

  Seen register(String directory, String id) {
    return run("checkpoints", "register", directory, id(id)).ends(0);
  }

  Seen evaluate(String model, String sample) {
    return run("evaluate", model, "--average", "--json", "--sample", sample);
  }

  Seen run(String... arguments) {
    return runWithInput("", arguments);
  }

  Seen runWithInput(String input, String... arguments) {
    return TypedCommand.in(cases, Map.of("WATERSHED_ADDRESS", address))
        .runWithInput(input, arguments);
  }

  static void copy(Path from, Path to) throws IOException {
    Files.walkFileTree(
        from,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes)
              throws IOException {
            Files.createDirectories(to.resolve(from.relativize(directory)));
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.copy(file, to.resolve(from.relativize(file)));
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
