package dev.watershed.classifier.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.watershed.classifier.checkpoint.Family;
import dev.watershed.classifier.checkpoint.ParameterLayout;
import java.text.DecimalFormatSymbols;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Programs and names of parameters where numbers are written otherwise. */
final class LocaleTest {
  private final Locale before = Locale.getDefault();

  @AfterEach
  void restore() {
    Locale.setDefault(before);
  }

  @Test
  void programs_everyLocale_areTheSame() {
    Locale.setDefault(Locale.ROOT);
    String expected = programs();
    assertThat(expected).contains("bert.encoder.layer.0.attention", "0.1");
    Set<Character> zeros = new HashSet<>();
    for (Locale locale : Locale.getAvailableLocales()) {
      Locale.setDefault(locale);
      assertThat(programs()).as(locale.toString()).isEqualTo(expected);
      zeros.add(DecimalFormatSymbols.getInstance(locale).getZeroDigit());
    }
    assertThat(zeros).as("digits for zero").hasSizeGreaterThan(5);
  }

  private static String programs() {
    ParameterLayout layout = ParameterLayout.of(TinyModels.classifier(Family.BERT));
    ProgramSource.Kernels kernels = ProgramSource.Kernels.PLAIN;
    return layout.parameters()
        + ProgramSource.classifier(layout, kernels)
        + ProgramSource.training(layout, kernels, new ProgramSource.Dropout(.1, .1, .1));
  }
}
