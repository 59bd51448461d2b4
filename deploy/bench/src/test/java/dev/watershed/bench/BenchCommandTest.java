package dev.watershed.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.watershed.classifier.checkpoint.Safetensors;
import dev.watershed.cli.ExitCode;
import dev.watershed.cli.TypedCommand;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The benchmarks in small, through a server of their own; no test says how fast they must be. */
final class BenchCommandTest {
  private static TypedCommand.Seen run(String... arguments) {
    return TypedCommand.in(Path.of(""), Map.of()).run(arguments);
  }

  private static JsonNode json(TypedCommand.Seen seen) throws IOException {
    return new ObjectMapper().readTree(seen.ends(ExitCode.OK).out());
  }

  private static List<String> names(JsonNode object) {
    List<String> names = new ArrayList<>();
    object.fieldNames().forEachRemaining(names::add);
    return names;
  }

  @ParameterizedTest
  @CsvSource({
    "bench eval --alphas 1, --alphas 1 is not between 2 and 10001",
    "bench eval --examples 1, --examples 1 is not between 2 and 1000000",
    "bench eval --pairs 0, --pairs 0 is not between 1 and 1000",
    "bench eval --runs 0, --runs 0 is not between 1 and 100",
    "bench eval --threads 0, --threads 0 is not between 1 and 1024",
    "bench eval --size huge, '''huge'''",
    "bench train --batch 0, --batch 0 is not between 1 and 65536",
    "bench train --tokens 513, --tokens 513 is not between 2 and 512",
    "bench train --steps 1, --steps 1 is not between 2 and 1000000",
    "bench train --dropout 1, --dropout 1.0 is not at least 0 and below 1",
    "bench soak --evaluations 3, --evaluations 3 is not between 24 and 100000000",
    "bench soak --minutes 0, --minutes 0 is not between 1 and 100000",
    "bench programs --dropout 1 --out programs, --dropout 1.0 is not at least 0 and below 1",
    "bench programs --size mini, --out",
    "bench fleet --models 9, --models 9 is not between 10 and 2000",
    "bench fleet --evaluators 1, --evaluators 1 is not between 2 and 256",
    "bench, subcommand"
  })
  void bench_badArguments_areRefusedBeforeAnythingStarts(String line, String message) {
    TypedCommand.Seen ran = run(line.split(" "));
    assertThat(ran.exit()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(ran.err()).contains(message);
    assertThat(ran.out()).isEmpty();
  }

  @Test
  void bench_badArgumentAndJson_isAnErrorObject() throws IOException {
    TypedCommand.Seen ran = run("bench", "train", "--batch", "0", "--json");
    assertThat(ran.exit()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(new ObjectMapper().readTree(ran.out()).get("error").get("message").asText())
        .contains("--batch 0");
  }

  @Test
  void help_bench_namesItsThreeMeasurements() {
    assertThat(run("bench", "--help").out()).contains("eval", "train", "soak");
    assertThat(run("bench", "soak", "--help").out()).contains("exit code 1");
  }

  @Test
  void eval_miniature_measuresEveryField() throws IOException {
    JsonNode result =
        json(
            run(
                "bench",
                "eval",
                "--size",
                "mini",
                "--examples",
                "32",
                "--alphas",
                "3",
                "--runs",
                "1",
                "--threads",
                "1",
                "--profile",
                "--json"));
    assertThat(names(result))
        .containsExactly(
            "size",
            "parameterCount",
            "examples",
            "alphas",
            "pairs",
            "models",
            "threads",
            "processors",
            "runs",
            "seed",
            "kernels",
            "fp32BestRate",
            "bf16BestRate",
            "fp32",
            "bf16",
            "referenceProtocol",
            "eager",
            "ratioToReferenceProtocol",
            "ratioToEager",
            "ratioBf16ToFp32",
            "goals",
            "profile");
    JsonNode fp32 = result.get("fp32");
    assertThat(names(fp32))
        .containsExactly(
            "secondsPerPair",
            "wallSeconds",
            "processorShare",
            "usefulTokens",
            "paddedTokens",
            "gigaflops",
            "fractionOfBestRate",
            "forwardFractionOfBestRate",
            "loadingShare",
            "interpolatingShare",
            "forwardShare",
            "otherShare",
            "peakResidentBytes",
            "peakHeldBytes",
            "memoryLimitBytes");
    for (String positive :
        List.of(
            "secondsPerPair",
            "usefulTokens",
            "gigaflops",
            "fractionOfBestRate",
            "interpolatingShare",
            "forwardShare",
            "peakResidentBytes",
            "peakHeldBytes")) {
      assertThat(fp32.get(positive).asDouble()).as(positive).isPositive().isFinite();
    }
    assertThat(fp32.get("loadingShare").asDouble()).isNotNegative(); // 0 where read ahead
    assertThat(
            fp32.get("loadingShare").asDouble()
                + fp32.get("interpolatingShare").asDouble()
                + fp32.get("forwardShare").asDouble()
                + fp32.get("otherShare").asDouble())
        .isCloseTo(1, within(1e-9));
    assertThat(fp32.get("otherShare").asDouble()).isBetween(0.0, 1.0);
    assertThat(fp32.get("paddedTokens").asLong())
        .isGreaterThanOrEqualTo(fp32.get("usefulTokens").asLong());
    // 32 lengths of 10 to 128 tokens.
    assertThat(fp32.get("usefulTokens").asLong()).isBetween(32 * 10L, 32 * 128L);
    assertThat(fp32.get("peakHeldBytes").asLong())
        .isLessThanOrEqualTo(fp32.get("memoryLimitBytes").asLong());
    assertThat(result.get("fp32BestRate").get("gigaflops").asDouble()).isPositive().isFinite();
    assertThat(result.get("kernels").asText()).isNotEmpty();
    assertThat(result.get("bf16").isNull()).isTrue();
    assertThat(result.get("referenceProtocol").get("loadingSeconds").asDouble()).isPositive();
    assertThat(result.get("eager").get("loadingSeconds").asDouble()).isZero();
    for (String baseline : List.of("referenceProtocol", "eager")) {
      JsonNode measured = result.get(baseline);
      assertThat(measured.get("secondsPerPair").asDouble())
          .as(baseline)
          .isCloseTo(
              measured.get("loadingSeconds").asDouble()
                  + 3
                      * (measured.get("interpolatingSeconds").asDouble()
                          + 32.0
                              / measured.get("measuredExamples").asInt()
                              * measured.get("forwardSeconds").asDouble()),
              within(1e-9));
    }
    assertThat(names(result.get("ratioToEager"))).containsExactly("byWallTime", "byProcessorTime");
    assertThat(result.get("ratioToEager").get("byWallTime").asDouble())
        .isCloseTo(
            result.get("eager").get("secondsPerPair").asDouble()
                / fp32.get("secondsPerPair").asDouble(),
            within(1e-9));
    assertThat(result.get("goals")).hasSize(3);
    double shares = 0;
    for (JsonNode operation : result.get("profile").get("operations")) {
      shares += operation.get("share").asDouble();
    }
    assertThat(shares).isCloseTo(1, within(1e-6));
  }

  @Test
  void eval_severalPairsAsText_showsTablesAndProgress() {
    TypedCommand.Seen ran =
        run(
            "bench",
            "eval",
            "--size",
            "mini",
            "--examples",
            "40",
            "--quick",
            "--alphas",
            "2",
            "--pairs",
            "2",
            "--runs",
            "1",
            "--threads",
            "1",
            "--seed",
            "3");
    assertThat(ran.exit()).as(ran.err()).isZero();
    assertThat(ran.out())
        .contains("2 pairs of 3 models, 2 alphas, 4 examples")
        .contains("fraction of the best rate")
        .contains("reference protocol, padded to 512")
        .contains("4 of 4 examples of one point, then scaled")
        .contains(">= 0.80");
    assertThat(ran.err()).contains("on an idle machine").contains("fp32 through the service");
  }

  @Test
  void programs_miniature_areWrittenWithWhatTheyShouldCompute(@TempDir Path directory)
      throws IOException {
    TypedCommand.Seen ran =
        run(
            "bench",
            "programs",
            "--size",
            "mini",
            "--dropout",
            "0",
            "--expected",
            "--out",
            directory.toString());
    assertThat(ran.ends(ExitCode.OK).out()).contains(directory.toString());
    JsonNode layout = new ObjectMapper().readTree(directory.resolve("layout.json").toFile());
    long size = 0;
    for (JsonNode parameter : layout.get("classifier")) {
      assertThat(parameter.get("offset").asLong()).isEqualTo(size);
      size += parameter.get("size").asLong();
    }
    assertThat(size).isEqualTo(ModelSize.MINI.parameterCount());
    assertThat(directory.resolve("training-bf16.pt")).isNotEmptyFile();
    try (Safetensors expected = Safetensors.open(directory.resolve("expected.safetensors"))) {
      assertThat(expected.metadata()).containsEntry("alpha", "0.3").containsKey("settings");
      for (String vector : List.of("a", "b", "between", "gradient", "trained")) {
        assertThat(read(expected, vector)).as(vector).hasSize((int) size);
      }
      assertThat(read(expected, "trained")).isNotEqualTo(read(expected, "a"));
      float[] losses = read(expected, "losses");
      assertThat(losses[0]).isCloseTo(read(expected, "loss")[0], within(1e-6f));
      assertThat(losses[losses.length - 1]).isLessThan(losses[0]);
      assertThat(read(expected, "logits_between"))
          .hasSize(read(expected, "labels").length * ModelSize.LABELS.size());
    }
  }

  private static float[] read(Safetensors file, String name) throws IOException {
    Safetensors.Tensor tensor = Objects.requireNonNull(file.tensors().get(name));
    float[] values = new float[tensor.shape().get(0)];
    ByteBuffer bytes =
        ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    file.read(tensor, bytes);
    bytes.asFloatBuffer().get(values);
    return values;
  }

  @Test
  void train_miniature_measuresEveryField() throws IOException {
    JsonNode result =
        json(
            run(
                "bench",
                "train",
                "--size",
                "mini",
                "--batch",
                "4",
                "--tokens",
                "16",
                "--steps",
                "2",
                "--threads",
                "1",
                "--bf16",
                "--run",
                "--json"));
    assertThat(names(result))
        .containsExactly(
            "size",
            "parameterCount",
            "batch",
            "tokens",
            "steps",
            "threads",
            "processors",
            "dropout",
            "seed",
            "fp32BestRate",
            "bf16BestRate",
            "fp32",
            "bf16",
            "eager",
            "ratioToEager",
            "ratioBf16ToEager",
            "runExamplesPerSecond",
            "goals");
    assertThat(names(result.get("fp32")))
        .containsExactly(
            "secondsPerStep",
            "examplesPerSecond",
            "processorShare",
            "gigaflops",
            "fractionOfBestRate",
            "optimizerShare",
            "peakResidentBytes",
            "operations");
    for (String contestant : List.of("fp32", "bf16")) {
      double shares = 0;
      for (JsonNode operation : result.get(contestant).get("operations")) {
        shares += operation.get("share").asDouble();
      }
      assertThat(shares).isCloseTo(1, within(1e-6));
      for (String name : names(result.get(contestant))) {
        if (name.equals("operations")) {
          continue;
        }
        double value = result.get(contestant).get(name).asDouble();
        assertThat(value).as("%s %s", contestant, name).isFinite().isNotNegative();
        if (!name.equals("processorShare")) { // which comes in steps of 10 ms
          assertThat(value).as("%s %s", contestant, name).isPositive();
        }
      }
      assertThat(result.get(contestant).get("optimizerShare").asDouble()).isLessThan(1);
    }
    assertThat(result.get("eager").get("secondsPerStep").asDouble()).isPositive();
    assertThat(result.get("ratioToEager").get("byWallTime").asDouble())
        .isCloseTo(
            result.get("eager").get("secondsPerStep").asDouble()
                / result.get("fp32").get("secondsPerStep").asDouble(),
            within(1e-9));
    assertThat(result.get("runExamplesPerSecond").asDouble()).isPositive();
    assertThat(result.get("goals")).hasSize(3);
  }
}
