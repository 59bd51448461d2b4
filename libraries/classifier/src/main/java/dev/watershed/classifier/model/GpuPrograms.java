package dev.watershed.classifier.model;

import dev.watershed.classifier.checkpoint.Architecture;
import dev.watershed.classifier.checkpoint.ParameterLayout;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/**
 * The programs that would run on a GPU, as files that any program over libtorch can run: {@code
 * torch.jit.load} of Python reads them.
 */
public final class GpuPrograms {
  private GpuPrograms() {}

  /**
   * Writes {@code evaluation-P.pt}, {@code training-P.pt} and {@code pretraining-P.pt} (masked
   * language modelling) for each precision P.
   *
   * @param classifier with a classification head
   * @param dropout of hidden states, attention and head in training
   */
  public static void write(Architecture classifier, double dropout, Path directory)
      throws IOException {
    ParameterLayout layout = ParameterLayout.of(classifier);
    ParameterLayout pretrained = ParameterLayout.of(classifier.withMaskedLanguageModelHead());
    var drop = new ProgramSource.Dropout(dropout, dropout, dropout);
    Files.createDirectories(directory);
    for (ComputePrecision precision : ComputePrecision.values()) {
      String name = "-" + precision.name().toLowerCase(Locale.ROOT) + ".pt";
      var training = ProgramSource.Kernels.trainingOnGpu(precision);
      write(
          directory.resolve("evaluation" + name),
          ProgramSource.classifier(layout, ProgramSource.Kernels.inferenceOnGpu(precision)));
      write(directory.resolve("training" + name), ProgramSource.training(layout, training, drop));
      write(
          directory.resolve("pretraining" + name),
          ProgramSource.training(pretrained, training, drop));
    }
  }

  private static void write(Path file, String source) throws IOException {
    Files.write(file, TorchScriptArchive.pack(ProgramText.CLASS, source));
  }
}
