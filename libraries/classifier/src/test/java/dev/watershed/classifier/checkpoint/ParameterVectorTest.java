package dev.watershed.classifier.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import dev.watershed.classifier.checkpoint.ParameterLayout.Parameter;
import dev.watershed.input.InvalidInputException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

final class ParameterVectorTest {
  private static EncoderConfig config(Family family) {
    return new EncoderConfig(
        family, 101, 16, 2, 4, 24, 14, 2, 1e-12, Activation.GELU, 1, .1, .1, .1);
  }

  private static Architecture encoder(Family family) {
    return new Architecture(config(family), Head.NONE, List.of());
  }

  @ParameterizedTest
  @EnumSource(Family.class)
  void of_everyHead_leavesNoGapsAndPacksQueryKeyValue(Family family) {
    for (Architecture architecture :
        List.of(
            encoder(family),
            encoder(family).withClassificationHead(List.of("a", "b")),
            encoder(family).withMaskedLanguageModelHead())) {
      ParameterLayout layout = ParameterLayout.of(architecture);
      long offset = 0;
      for (Parameter p : layout.parameters()) {
        assertThat(p.offset()).isEqualTo(offset);
        boolean decayed = p.offset() < layout.decayedSize();
        boolean trained = p.offset() < layout.trainedSize();
        assertThat(decayed).isEqualTo(p.shape().size() == 2 && trained);
        offset += p.size();
      }
      assertThat(layout.size()).isEqualTo(offset);
      for (String kind : List.of("weight", "bias")) {
        String prefix = family.hfName() + ".encoder.layer.1.attention.self.";
        List<String> names = layout.parameters().stream().map(Parameter::name).toList();
        int query = names.indexOf(prefix + "query." + kind);
        assertThat(names.subList(query, query + 3))
            .containsExactly(
                prefix + "query." + kind, prefix + "key." + kind, prefix + "value." + kind);
      }
    }
  }

  @Test
  void of_miniatureArchitecture_hasTheExpectedSize() {
    var miniature =
        new EncoderConfig(
            Family.BERT, 43, 64, 2, 4, 256, 30, 2, 1e-12, Activation.GELU, 0, 0, 0, 0);
    var classifier = new Architecture(miniature, Head.CLASSIFICATION, List.of("no", "yes"));
    // 113,517 with the 4,331 of the masked-language-model head.
    assertThat(ParameterLayout.of(classifier).size()).isEqualTo(113_517 - 4_331);
    assertThat(ParameterLayout.of(classifier.withMaskedLanguageModelHead()).size())
        .isEqualTo(113_517 - 130);
  }

  @Test
  void hostCopy_ofAVectorOnTheHost_isAVectorOfItsOwn() {
    try (ParameterVector vector =
            ParameterVector.random(ParameterLayout.of(encoder(Family.BERT)), .06, 1);
        ParameterVector copy = vector.hostCopy()) {
      assertThat(copy.digest()).isEqualTo(vector.digest());
      copy.bytes().putFloat(0, 7);
      assertThat(copy.digest()).isNotEqualTo(vector.digest());
    }
  }

  @Test
  void random_bySeed_hasTheMomentsAskedFor() {
    ParameterLayout layout = ParameterLayout.of(encoder(Family.BERT));
    try (ParameterVector a = ParameterVector.random(layout, .06, 1);
        ParameterVector same = ParameterVector.random(layout, .06, 1);
        ParameterVector other = ParameterVector.random(layout, .06, 2)) {
      assertThat(same.digest()).isEqualTo(a.digest());
      assertThat(other.digest()).isNotEqualTo(a.digest());
      double sum = 0;
      double squares = 0;
      float[] words = a.copyOf("bert.embeddings.word_embeddings.weight");
      for (float value : words) {
        sum += value;
        squares += (double) value * value;
      }
      assertThat(sum / words.length).isCloseTo(0, within(.006));
      assertThat(Math.sqrt(squares / words.length)).isCloseTo(.06, within(.004));
      assertThat(a.copyOf("bert.encoder.layer.0.output.LayerNorm.weight")).containsOnly(1);
      assertThat(a.copyOf("bert.encoder.layer.0.output.LayerNorm.bias")).containsOnly(0);
      assertThat(a.copyOf("bert.encoder.layer.0.output.dense.bias")).containsOnly(0);
    }
  }

  @ParameterizedTest
  @EnumSource(Family.class)
  void withHead_keepsTheEncoderAndDrawsTheHeadBySeed(Family family) {
    Architecture pretrained = encoder(family).withMaskedLanguageModelHead();
    ParameterLayout target =
        ParameterLayout.of(pretrained.withClassificationHead(List.of("a", "b", "c")));
    try (ParameterVector base = ParameterVector.random(ParameterLayout.of(pretrained), .06, 1);
        ParameterVector first =
            ParameterVector.withHead(base, target, HeadInitialization.NORMAL, 1);
        ParameterVector again =
            ParameterVector.withHead(base, target, HeadInitialization.NORMAL, 1);
        ParameterVector second =
            ParameterVector.withHead(base, target, HeadInitialization.NORMAL, 2)) {
      assertThat(again.digest()).isEqualTo(first.digest());
      for (Parameter p : target.parameters()) {
        boolean shared = base.layout().find(p.name()) != null;
        if (shared) {
          assertThat(first.copyOf(p.name())).isEqualTo(base.copyOf(p.name()));
        }
        boolean moved = !java.util.Arrays.equals(first.copyOf(p.name()), second.copyOf(p.name()));
        assertThat(moved).as(p.name()).isEqualTo(!shared && p.shape().size() == 2);
      }
      if (family == Family.BERT) {
        assertThat(first.copyOf("bert.pooler.dense.weight"))
            .isEqualTo(base.copyOf("bert.pooler.dense.weight"));
      }
    }
  }

  /** Sizes large enough that a wrong width or cut is many standard errors off. */
  @ParameterizedTest
  @CsvSource({
    // standard deviation of what is drawn: .02; .02 * .8796; 1 / sqrt(512)
    "NORMAL, 0.02, 0",
    "TRUNCATED_NORMAL, 0.017593, 0.04",
    "LECUN_NORMAL, 0.044194, 0.100484"
  })
  void withHead_initialization_hasItsWidthAndCut(
      HeadInitialization initialization, double std, double cut) {
    var c = config(Family.BERT);
    var wide =
        new Architecture(
            new EncoderConfig(
                c.family(), 102, 512, 1, 4, 24, 14, 2, 1e-12, Activation.GELU, 1, .1, .1, .1),
            Head.NONE,
            List.of());
    var labels = java.util.stream.IntStream.range(0, 400).mapToObj(i -> "l" + i).toList();
    var target = ParameterLayout.of(wide.withClassificationHead(labels));
    try (ParameterVector base = ParameterVector.random(ParameterLayout.of(wide), .06, 1);
        ParameterVector drawn = ParameterVector.withHead(base, target, initialization, 3)) {
      float[] weights = drawn.copyOf("classifier.weight");
      assertThat(weights).hasSize(400 * 512);
      double squares = 0;
      double largest = 0;
      double sum = 0;
      for (float weight : weights) {
        squares += (double) weight * weight;
        sum += weight;
        largest = Math.max(largest, Math.abs(weight));
      }
      assertThat(sum / weights.length).isCloseTo(0, within(std / 100));
      assertThat(Math.sqrt(squares / weights.length)).isCloseTo(std, withinPercentage(.7));
      if (cut > 0) {
        assertThat(largest).isLessThanOrEqualTo(cut).isGreaterThan(.99 * cut);
      } else {
        assertThat(largest).isGreaterThan(4 * std);
      }
      assertThat(drawn.copyOf("classifier.bias")).containsOnly(0f);
    }
  }

  @Test
  void withHead_otherWidth_isRefusedByName() {
    EncoderConfig c = config(Family.BERT);
    var wider =
        new EncoderConfig(
            c.family(), 102, 16, 2, 4, 24, 14, 2, 1e-12, Activation.GELU, 1, .1, .1, .1);
    var target = ParameterLayout.of(new Architecture(wider, Head.NONE, List.of()));
    try (ParameterVector base =
        ParameterVector.allocate(ParameterLayout.of(encoder(Family.BERT)))) {
      assertThatThrownBy(
              () -> ParameterVector.withHead(base, target, HeadInitialization.NORMAL, 1).close())
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining("word_embeddings");
    }
  }

  @Test
  void euclideanDistance_otherLabelOrder_isRefused() {
    Architecture ab = encoder(Family.BERT).withClassificationHead(List.of("a", "b"));
    Architecture ba = encoder(Family.BERT).withClassificationHead(List.of("b", "a"));
    try (ParameterVector first = ParameterVector.allocate(ParameterLayout.of(ab));
        ParameterVector second = ParameterVector.allocate(ParameterLayout.of(ba))) {
      assertThat(first.euclideanDistance(first)).isZero();
      assertThat(first.nativeBytes()).isEqualTo(4 * first.layout().size());
      assertThatThrownBy(() -> first.euclideanDistance(second))
          .isInstanceOfSatisfying(
              InvalidInputException.class,
              e -> assertThat(e.reason()).isEqualTo("LAYOUT_MISMATCH"));
    }
  }
}
