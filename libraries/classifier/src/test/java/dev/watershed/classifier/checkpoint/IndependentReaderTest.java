package dev.watershed.classifier.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.watershed.classifier.checkpoint.ParameterLayout.Parameter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What we write, a reader in another language finds bit for bit, and the other way round. */
final class IndependentReaderTest {
  private static final Path SCRIPTS = Path.of("src/test/resources/independent");

  private final Path directory;

  IndependentReaderTest(@TempDir Path temporary) {
    directory = temporary.resolve("checkpoint");
  }

  private static ParameterLayout layout(Family family, Head head) {
    List<String> labels = head == Head.CLASSIFICATION ? List.of("no", "yes", "maybe") : List.of();
    return ParameterLayout.of(
        new Architecture(
            new EncoderConfig(
                family, 13, 6, 2, 3, 10, 9, 2, 1e-12, Activation.GELU_NEW, 1, .1, .2, .3),
            head,
            labels));
  }

  @ParameterizedTest
  @CsvSource({
    "BERT,NONE",
    "BERT,CLASSIFICATION",
    "BERT,MASKED_LANGUAGE_MODEL",
    "ROBERTA,CLASSIFICATION",
    "ROBERTA,MASKED_LANGUAGE_MODEL"
  })
  void write_anyModel_isReadBitForBitByPython(Family family, Head head) throws Exception {
    try (ParameterVector weights = ParameterVector.random(layout(family, head), .1, 5)) {
      HuggingFaceCheckpoint.write(directory, weights);
      var expected = new ArrayList<String>();
      for (Parameter parameter : weights.layout().parameters()) {
        expected.add(
            "%s %s %s"
                .formatted(parameter.name(), shape(parameter), sha256(weights.bytes(parameter))));
      }
      assertThat(
              python(
                  "read_safetensors.py",
                  List.of(directory.resolve("model.safetensors").toString())))
          .isEqualTo(expected);
    }
  }

  @Test
  void read_shardsOfSeveralTypes_areWhatPythonWrote() throws Exception {
    ParameterLayout layout = layout(Family.ROBERTA, Head.CLASSIFICATION);
    Files.createDirectories(directory);
    HuggingFaceConfig.write(directory.resolve("config.json"), layout.architecture());
    var arguments = new ArrayList<String>(List.of(directory.toString()));
    for (Parameter parameter : layout.parameters()) {
      arguments.add(parameter.name());
      arguments.add(shape(parameter));
    }
    List<String> written = python("write_shards.py", arguments);
    assertThat(written).hasSameSizeAs(layout.parameters());
    assertThat(String.join("\n", written)).contains(" BF16 ", " F16 ", " F32 ");
    try (ParameterVector weights = HuggingFaceCheckpoint.open(directory).read()) {
      for (String line : written) {
        String[] words = line.split(" ");
        Parameter parameter = layout.find(words[0]);
        assertThat(parameter).as(line).isNotNull();
        if (parameter != null) {
          assertThat(sha256(weights.bytes(parameter))).as(line).isEqualTo(words[2]);
        }
      }
    }
  }

  private static String shape(Parameter parameter) {
    return parameter.shape().stream().map(String::valueOf).collect(Collectors.joining("x"));
  }

  private static String sha256(ByteBuffer bytes) {
    var copy = new byte[bytes.remaining()];
    bytes.get(copy);
    return Digest.of(copy).sha256();
  }

  private static List<String> python(String script, List<String> arguments) throws Exception {
    var command = new ArrayList<>(List.of("python3", SCRIPTS.resolve(script).toString()));
    command.addAll(arguments);
    Process process;
    try {
      process = new ProcessBuilder(command).redirectErrorStream(true).start();
    } catch (IOException e) {
      System.err.println("SKIPPED: there is no python3 to read and write checkpoints with");
      assumeThat(false).as("install python3 to run this test").isTrue();
      throw e;
    }
    try (var out = process.getInputStream()) {
      String output = new String(out.readAllBytes(), StandardCharsets.UTF_8);
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue()).as(output).isZero();
      return output.lines().toList();
    }
  }
}
