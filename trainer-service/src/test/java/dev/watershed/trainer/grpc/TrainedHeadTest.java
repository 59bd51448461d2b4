package dev.watershed.trainer.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.rpc.Code;
import dev.watershed.classifier.checkpoint.HuggingFaceCheckpoint;
import dev.watershed.jobs.kit.TestDatabase;
import dev.watershed.trainer.Models;
import dev.watershed.trainer.v1.CheckpointPolicy;
import dev.watershed.trainer.v1.ClassificationObjective;
import dev.watershed.trainer.v1.TrainingRun;
import dev.watershed.trainer.v1.TrainingRunSpec;
import dev.watershed.trainer.v1.TrainingRunState;
import dev.watershed.type.v1.DatasetSplit;
import dev.watershed.type.v1.FileFormat;
import dev.watershed.type.v1.FileSplit;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A head that was trained is not lost, but by the word for it. */
final class TrainedHeadTest {
  private static final String WEIGHT = "classifier.weight";

  private Path directory;
  private Trainer trainer;

  @BeforeEach
  void serve(@TempDir Path temporary) throws Exception {
    directory = temporary;
    Files.createDirectories(directory.resolve("data"));
    Files.writeString(
        directory.resolve("data/train.tsv"),
        "text\tlabel\nthe doctor slept\tyes\nthe judge laughed\tno\nthe artist waited\tyes\n");
    Files.writeString(
        directory.resolve("data/three.tsv"),
        "text\tlabel\nthe doctor slept\tyes\nthe judge laughed\tno\nthe artist waited\tmaybe\n");
    trainer = new Trainer(directory, TestDatabase.h2("classpath:db/trainer"), false);
    Path model = directory.resolve("model");
    Models.write(model, 1);
    trainer.checkpoints.put("named", "", 0, model);
    Path config = model.resolve("config.json");
    Files.writeString(
        config,
        Files.readString(config)
            .replace("\"no\"", "\"LABEL_0\"")
            .replace("\"yes\"", "\"LABEL_1\""));
    trainer.checkpoints.put("nameless", "", 0, model);
  }

  @AfterEach
  void stop() {
    trainer.close();
  }

  private static DatasetSplit file(String name) {
    return DatasetSplit.newBuilder()
        .setFile(
            FileSplit.newBuilder()
                .setUri(name)
                .setFormat(FileFormat.FILE_FORMAT_TSV)
                .setTextColumn("text")
                .setLabelColumn("label")
                .setHasHeader(true))
        .build();
  }

  private static TrainingRunSpec.Builder spec(String initial, String data, String... labels) {
    return Specs.classification(1)
        .setInitialCheckpoint("checkpoints/" + initial)
        .setClassification(
            ClassificationObjective.newBuilder().setTrain(file(data)).addAllLabels(List.of(labels)))
        .setCheckpoints(CheckpointPolicy.newBuilder().addAtSteps(0));
  }

  private TrainingRun trained(TrainingRunSpec.Builder spec) {
    trainer.start();
    var run = trainer.train(spec.build());
    assertThat(run.getState()).isEqualTo(TrainingRunState.TRAINING_RUN_STATE_SUCCEEDED);
    return run;
  }

  private float[] weights(String checkpoint, String parameter) throws Exception {
    String id = checkpoint.substring(checkpoint.indexOf('/') + 1);
    try (var vector = HuggingFaceCheckpoint.open(trainer.checkpoints.hold(id).directory()).read()) {
      return vector.copyOf(parameter);
    }
  }

  private List<String> notices(String checkpoint) throws Exception {
    String id = checkpoint.substring(checkpoint.indexOf('/') + 1);
    return trainer.checkpoints.find(id).orElseThrow().notices();
  }

  @Test
  void train_namesForLabelsThatHadNone_keepTheHeadAndSaySo() throws Exception {
    var run = trained(spec("nameless", "train.tsv", "yes", "no"));

    String start = run.getCheckpoints(0).getCheckpoint();
    assertThat(weights(start, WEIGHT)).containsExactly(weights("nameless", WEIGHT));
    assertThat(trainer.checkpoints.find(start.substring(12)).orElseThrow().labels())
        .containsExactly("yes", "no");
    assertThat(run.getNoticesList())
        .singleElement()
        .asString()
        .contains("checkpoints/nameless", "LABEL_0 is now 'yes', LABEL_1 is now 'no'");
    for (String checkpoint : Specs.checkpoints(run)) {
      assertThat(notices(checkpoint)).isEqualTo(run.getNoticesList());
    }
    assertThat(run.getSpec().getNewHead()).isFalse();
  }

  @Test
  void train_newHead_drawsOneForAnyLabelsAndSaysSo() throws Exception {
    for (String[] labels : new String[][] {{"no", "yes"}, {"yes", "no"}, {}}) {
      var run = trained(spec("named", "train.tsv", labels).setNewHead(true));

      String start = run.getCheckpoints(0).getCheckpoint();
      assertThat(weights(start, WEIGHT)).isNotEqualTo(weights("named", WEIGHT));
      assertThat(weights(start, "bert.encoder.layer.0.attention.self.query.weight"))
          .containsExactly(weights("named", "bert.encoder.layer.0.attention.self.query.weight"));
      assertThat(run.getNoticesList())
          .singleElement()
          .asString()
          .contains("head of checkpoints/named (no, yes) was left out", "new_head");
      assertThat(notices(start)).isEqualTo(run.getNoticesList());
    }
    var three = trained(spec("named", "three.tsv").setNewHead(true));
    assertThat(weights(three.getCheckpoints(0).getCheckpoint(), WEIGHT)).hasSize(3 * 16);
  }

  @Test
  void train_otherNumberOfLabels_isRefusedNamingTheWord() {
    for (String initial : List.of("named", "nameless")) {
      var refused =
          Refusals.of(
              () -> trainer.create(spec(initial, "three.tsv", "no", "yes", "maybe").build()));
      assertThat(refused.getCode()).isEqualTo(Code.INVALID_ARGUMENT_VALUE);
      assertThat(Refusals.reason(refused)).isEqualTo("HEAD_WOULD_BE_LOST");
      assertThat(Refusals.fields(refused)).containsExactly("spec.classification.labels");
      assertThat(refused.getMessage()).contains("checkpoints/" + initial, "new_head");
      var unnamed = Refusals.of(() -> trainer.create(spec(initial, "three.tsv").build()));
      assertThat(Refusals.reason(unnamed)).isEqualTo("LABELS_DIFFER");
      assertThat(unnamed.getMessage()).contains("new_head");
      // Who leaves the head out already is not told to.
      var others =
          Refusals.of(
              () ->
                  trainer.create(
                      spec(initial, "three.tsv", "alpha", "beta").setNewHead(true).build()));
      assertThat(Refusals.reason(others)).isEqualTo("LABELS_DIFFER");
      assertThat(others.getMessage()).doesNotContain("new_head");
    }
  }

  @Test
  void train_whichLabelIsWhichUnknown_isRefused() {
    var reordered =
        Refusals.of(() -> trainer.create(spec("named", "train.tsv", "yes", "no").build()));
    assertThat(Refusals.reason(reordered)).isEqualTo("LABELS_REORDERED");

    var other =
        Refusals.of(() -> trainer.create(spec("named", "train.tsv", "bad", "good").build()));
    assertThat(Refusals.reason(other)).isEqualTo("LABELS_RENAMED_AMBIGUOUSLY");
    assertThat(other.getMessage()).contains("no, yes", "bad, good", "new_head", "--labels");

    var halfReordered =
        Refusals.of(() -> trainer.create(spec("nameless", "train.tsv", "LABEL_1", "no").build()));
    assertThat(Refusals.reason(halfReordered)).isEqualTo("LABELS_REORDERED");

    var unsaid = Refusals.of(() -> trainer.create(spec("nameless", "train.tsv").build()));
    assertThat(unsaid.getMessage()).contains("--labels", "first what LABEL_0 means");
  }

  @Test
  void train_namesInOtherCase_renameThem() throws Exception {
    var run = trained(spec("named", "train.tsv", "No", "YES"));
    assertThat(weights(run.getCheckpoints(0).getCheckpoint(), WEIGHT))
        .containsExactly(weights("named", WEIGHT));
    assertThat(run.getNoticesList()).singleElement().asString().contains("no is now 'No'");
  }

  @Test
  void train_masking_leavesAClassifierHeadOutByTheWordAlone() {
    var spec = Specs.maskedLanguageModel(1).setInitialCheckpoint("checkpoints/named");
    var refused = Refusals.of(() -> trainer.create(spec.build()));
    assertThat(Refusals.reason(refused)).isEqualTo("HEAD_WOULD_BE_LOST");
    assertThat(Refusals.fields(refused)).containsExactly("spec.new_head");

    var run = trained(spec.setNewHead(true));
    assertThat(run.getNoticesList()).singleElement().asString().contains("(no, yes) was left out");
  }

  @Test
  void train_pretrainedEncoder_needsNoWord() {
    trainer.start();
    var pretrained = trainer.train(Specs.maskedLanguageModel(1).build());
    var run =
        trained(
            Specs.classification(1)
                .setInitialCheckpoint(pretrained.getCheckpoints(0).getCheckpoint())
                .setNewHead(true));
    assertThat(run.getNoticesList()).isEmpty();
    assertThat(run.getSpec().getNewHead()).isFalse();
  }
}
