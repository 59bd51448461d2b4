package dev.watershed.input;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class TrainedStepsTest {
  @TempDir private Path directory = Path.of("");

  private TrainedSteps of(String folder, String state) throws IOException {
    return TrainedSteps.of(folder, Files.writeString(directory.resolve(TrainedSteps.STATE), state));
  }

  @Test
  void of_stateOfTheTrainer_isItsGlobalStep() throws IOException {
    var steps =
        of(
            "checkpoint-60",
            "{\"best_metric\": null, \"log_history\": {\"global_step\": 7}, \"global_step\": 60,"
                + " \"loss\": NaN, \"more\": ");
    assertThat(steps.step()).hasValue(60);
    assertThat(steps.notices()).isEmpty();
  }

  @Test
  void of_stateAndFolderThatDiffer_isTheStateAndSaysSo() throws IOException {
    var steps = of("checkpoint-80", "{\"global_step\": 60}");
    assertThat(steps.step()).hasValue(60);
    assertThat(steps.notices()).singleElement().asString().contains("step 60", "checkpoint-80");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "[]",
        "{\"global_step\": -1}",
        "{\"global_step\": \"60\"}",
        "{\"global_step\": 99999999999999999999}",
        "{\"steps\": 1}",
        "not JSON"
      })
  void of_stateThatCannotBeRead_isTheFolderAndSaysSo(String state) throws IOException {
    var steps = of("checkpoint-80", state);
    assertThat(steps.step()).hasValue(80);
    assertThat(steps.notices()).singleElement().asString().contains("trainer_state.json");
  }

  @Test
  void of_noState_isTheFolderOrNothing() throws IOException {
    assertThat(TrainedSteps.of("checkpoint-600", null).step()).hasValue(600);
    assertThat(TrainedSteps.of("checkpoint-last", null).step()).isEmpty();
    assertThat(TrainedSteps.of("my-checkpoint-600", null).step()).isEmpty();
  }
}
