package dev.watershed.trainer.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.watershed.jobs.kit.TestDatabase;
import dev.watershed.trainer.v1.CheckpointPolicy;
import dev.watershed.trainer.v1.LinearProbe;
import dev.watershed.trainer.v1.RandomInitialization;
import dev.watershed.trainer.v1.TrainingRun;
import dev.watershed.trainer.v1.TrainingRunState;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Both families from random weights, onwards from the checkpoint, and to a classifier. */
final class PretrainingTest {
  private Path directory;
  private Trainer trainer;

  @BeforeEach
  void serve(@TempDir Path temporary) throws Exception {
    directory = temporary;
    Files.createDirectories(directory.resolve("data"));
    trainer = new Trainer(directory, TestDatabase.h2("classpath:db/trainer"), false);
    trainer.start();
  }

  @AfterEach
  void stop() {
    trainer.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"bert", "roberta"})
  void create_maskedLanguageModelOnwards_beginsWhereItStopped(String family) throws Exception {
    var spec =
        Specs.maskedLanguageModel(160)
            .setRandom(random(family))
            .setCheckpoints(CheckpointPolicy.newBuilder().addAtSteps(0));
    spec.getRecipeBuilder().setLearningRate(5e-3).setDropout(0);
    var first = trainer.train(spec.build());
    assertThat(first.getState()).isEqualTo(TrainingRunState.TRAINING_RUN_STATE_SUCCEEDED);
    double uniform = Math.log(family.equals("bert") ? 43 : BYTE_PAIRS.size());
    assertThat(score(first, 0)).isCloseTo(uniform, within(.5));
    assertThat(score(first, 1)).isLessThan(uniform - 1);

    spec.setInitialCheckpoint(first.getCheckpoints(1).getCheckpoint());
    var second = trainer.train(spec.build(), Specs.seeds(1, 3));
    assertThat(second.getState()).isEqualTo(TrainingRunState.TRAINING_RUN_STATE_SUCCEEDED);
    assertThat(score(second, 0)).isEqualTo(score(first, 1));
    assertThat(score(second, 1)).isLessThan(score(second, 0));

    var fineTune =
        Specs.classification(10).setInitialCheckpoint(second.getCheckpoints(1).getCheckpoint());
    fineTune
        .getRecipeBuilder()
        .setLinearProbe(LinearProbe.newBuilder().setLearningRate(1e-2).setSteps(10));
    var classifier = trainer.train(fineTune.build(), Specs.seeds(5, 2));
    assertThat(classifier.getState()).isEqualTo(TrainingRunState.TRAINING_RUN_STATE_SUCCEEDED);
    assertThat(score(classifier, 0)).isLessThan(2);
  }

  private static double score(TrainingRun run, int checkpoint) {
    return run.getCheckpoints(checkpoint).getValidation().getMeanLossNats();
  }

  private RandomInitialization random(String family) throws Exception {
    if (family.equals("bert")) {
      return Specs.pico();
    }
    writeBytePairTokenizer(directory.resolve("data/tokenizer.json"));
    return Specs.pico().toBuilder().setFamily("roberta").setTokenizerUri("tokenizer.json").build();
  }

  /** The bytes of ASCII as byte-level BPE spells them, and two merges that make " the". */
  private static final List<String> BYTE_PAIRS = bytePairs();

  private static List<String> bytePairs() {
    var tokens = new ArrayList<>(List.of("<s>", "<pad>", "</s>", "<unk>", "<mask>"));
    tokens.add("\u0120"); // the space
    for (char c = '!'; c <= '~'; c++) {
      tokens.add(String.valueOf(c));
    }
    tokens.addAll(List.of("th", "the", "\u0120the"));
    return tokens;
  }

  private static void writeBytePairTokenizer(Path file) throws Exception {
    var added = new StringBuilder();
    for (int id = 0; id < 5; id++) {
      added.append(
          String.format(
              Locale.ROOT,
              """
          %s{"id": %d, "content": "%s", "single_word": false, "lstrip": %s, "rstrip": false,
           "normalized": false, "special": true}""",
              id > 0 ? ",\n" : "",
              id,
              BYTE_PAIRS.get(id),
              id == 4));
    }
    var vocabulary = new StringBuilder();
    for (int id = 0; id < BYTE_PAIRS.size(); id++) {
      String token = BYTE_PAIRS.get(id).replace("\\", "\\\\").replace("\"", "\\\"");
      vocabulary.append(String.format(Locale.ROOT, "%s\"%s\": %d", id > 0 ? ", " : "", token, id));
    }
    Files.writeString(
        file,
        """
        {"version": "1.0", "added_tokens": [%s],
         "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true,
          "use_regex": true},
         "model": {"type": "BPE", "vocab": {%s}, "merges": ["t h", "th e", "\u0120 the"]}}
        """
            .formatted(added, vocabulary),
        StandardCharsets.UTF_8);
  }
}
