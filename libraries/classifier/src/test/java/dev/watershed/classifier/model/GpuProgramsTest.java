package dev.watershed.classifier.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.watershed.classifier.checkpoint.Architecture;
import dev.watershed.classifier.checkpoint.Family;
import dev.watershed.classifier.checkpoint.ParameterLayout;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class GpuProgramsTest {
  @Test
  void write_aClassifier_writesTheTextsThatAGpuIsGiven(@TempDir Path directory) throws IOException {
    Architecture architecture = TinyModels.classifier(Family.ROBERTA);
    GpuPrograms.write(architecture, .25, directory);
    try (Stream<Path> files = Files.list(directory)) {
      assertThat(files.map(file -> String.valueOf(file.getFileName())))
          .containsExactlyInAnyOrder(
              "evaluation-fp32.pt",
              "evaluation-bf16.pt",
              "training-fp32.pt",
              "training-bf16.pt",
              "pretraining-fp32.pt",
              "pretraining-bf16.pt");
    }
    assertThat(text(directory.resolve("evaluation-bf16.pt")))
        .isEqualTo(
            ProgramSource.classifier(
                ParameterLayout.of(architecture),
                ProgramSource.Kernels.inferenceOnGpu(ComputePrecision.BF16)));
    assertThat(text(directory.resolve("pretraining-fp32.pt")))
        .isEqualTo(
            ProgramSource.training(
                ParameterLayout.of(architecture.withMaskedLanguageModelHead()),
                ProgramSource.Kernels.trainingOnGpu(ComputePrecision.FP32),
                new ProgramSource.Dropout(.25, .25, .25)));
  }

  private static String text(Path archive) throws IOException {
    try (ZipFile zip = new ZipFile(archive.toFile())) {
      return new String(
          zip.getInputStream(zip.getEntry("m/code/__torch__.py")).readAllBytes(),
          StandardCharsets.UTF_8);
    }
  }
}
