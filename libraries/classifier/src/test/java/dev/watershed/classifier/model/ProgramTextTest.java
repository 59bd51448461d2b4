package dev.watershed.classifier.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.watershed.classifier.checkpoint.Architecture;
import dev.watershed.classifier.checkpoint.Family;
import dev.watershed.classifier.checkpoint.ParameterLayout;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

final class ProgramTextTest {
  @Test
  void add_aPart_indentsItsMethodsWithoutCommentsAndFillsInItsConstants() {
    String text =
        new ProgramText().add("steps", Map.of("PART", "all", "PART_MATRICES", "7")).toString();
    assertThat(text)
        .startsWith("class Program(Module):\n  __parameters__ = []\n")
        .contains("\n  def step_all(self, ids: Tensor,")
        .contains("\n      loss, g, = self.backward_all(flat,")
        .contains("self.part_all(v), 7, loss, settings, count)")
        .doesNotContain("#", "PART");
  }

  @Test
  void add_aConstantThatIsNotGiven_isRefusedByNameAndPart() {
    assertThatThrownBy(() -> new ProgramText().add("steps", Map.of("PART", "all")))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("no constant PART_MATRICES for steps.py");
    assertThatThrownBy(() -> new ProgramText().add("stairs", Map.of()))
        .hasMessage("no resource program/stairs.py");
  }

  /** A part is chosen by a string: none is left over. */
  @Test
  void parts_all_areInSomeProgram() throws IOException, URISyntaxException {
    List<String> programs = programs();
    try (Stream<Path> parts =
        Files.list(Path.of(ProgramText.class.getResource("program").toURI()))) {
      List<Path> there = parts.toList();
      assertThat(there).hasSizeGreaterThan(20);
      for (Path part : there) {
        List<String> lines =
            Files.readAllLines(part).stream()
                .filter(line -> !line.isBlank() && !line.stripLeading().startsWith("#"))
                .map(line -> line.split("[A-Z_]{4}", 2)[0]) // up to its first constant
                .toList();
        assertThat(programs)
            .as("%s", part)
            .anyMatch(program -> lines.stream().allMatch(line -> program.contains("\n  " + line)));
      }
    }
  }

  /**
   * On a GPU these add gradients in no fixed order: seen with the token types of 3,073 tokens or
   * more on an H100.
   */
  @Test
  void trainingOnGpu_everyFamilyHeadAndPrecision_hasNoOperationWhoseGradientsAreUnordered() {
    String[] unordered = {"torch.embedding(", "scaled_dot_product_attention("};
    for (Family family : Family.values()) {
      Architecture classifier = TinyModels.classifier(family);
      for (Architecture trained : List.of(classifier, classifier.withMaskedLanguageModelHead())) {
        for (ComputePrecision precision : ComputePrecision.values()) {
          ParameterLayout layout = ParameterLayout.of(trained);
          var none = ProgramSource.Dropout.NONE;
          var onGpu = ProgramSource.Kernels.trainingOnGpu(precision);
          assertThat(ProgramSource.training(layout, onGpu, none)).doesNotContain(unordered);
          var fused =
              new ProgramSource.Kernels(onGpu.linear(), ProgramSource.Gradients.FUSED, precision);
          assertThat(ProgramSource.training(layout, fused, none)).contains(unordered);
        }
      }
    }
  }

  private static List<String> programs() {
    var programs = new ArrayList<String>();
    for (Family family : Family.values()) {
      Architecture classifier = TinyModels.classifier(family);
      for (ProgramSource.Linear linear : ProgramSource.Linear.values()) {
        for (ProgramSource.Gradients gradients : ProgramSource.Gradients.values()) {
          for (ComputePrecision precision : ComputePrecision.values()) {
            var kernels = new ProgramSource.Kernels(linear, gradients, precision);
            ParameterLayout layout = ParameterLayout.of(classifier);
            programs.add(ProgramSource.classifier(layout, kernels));
            for (Architecture trained :
                List.of(classifier, classifier.withMaskedLanguageModelHead())) {
              programs.add(
                  ProgramSource.training(
                      ParameterLayout.of(trained), kernels, ProgramSource.Dropout.NONE));
            }
          }
        }
      }
    }
    return programs;
  }
}
