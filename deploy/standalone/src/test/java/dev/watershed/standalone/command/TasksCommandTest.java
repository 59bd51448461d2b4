package dev.watershed.standalone.command;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.watershed.cli.CommandLineFixture;
import dev.watershed.cli.ExitCode;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class TasksCommandTest {
  private Path directory;
  private CommandLineFixture line;

  @BeforeEach
  void start(@TempDir Path temporary) throws Exception {
    directory = temporary;
    line = new CommandLineFixture(directory, DataServed.below(directory));
    Files.createDirectories(directory.resolve("QQP"));
    Files.writeString(
        directory.resolve("QQP/train.tsv"),
        "id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate\n"
            + "0\t1\t2\tWhy?\tHow \u001b[31mlong?\t1\n"
            + "1\t1\t2\t"
            + "x".repeat(100)
            + "\tr\t0\n"
            + "2\tbroken\n"
            + "3\t1\t2\tq\tr\t0\n");
  }

  @AfterEach
  void stop() throws Exception {
    line.close();
  }

  @Test
  void tasks_withoutMore_listsThem() {
    assertThat(line.run("tasks")).isEqualTo(ExitCode.OK);
    assertThat(line.out())
        .containsPattern("cola/out-of-domain-dev +mcc +unacceptable, acceptable +-")
        .containsPattern("mnli/train +accuracy +entailment, neutral, contradiction +-")
        .containsPattern("qqp/train +f1 +not_duplicate, duplicate +QQP/train.tsv")
        .contains("heuristics_evaluation_set.txt", "train-*.parquet", "glue/mnli");
    String bare = line.out();
    assertThat(line.run("tasks", "list")).isEqualTo(ExitCode.OK);
    assertThat(line.out()).isEqualTo(bare);
  }

  @Test
  void list_asJson_isOneObject() throws Exception {
    assertThat(line.run("tasks", "list", "--json")).isEqualTo(ExitCode.OK);
    var tasks = new JsonMapper().readTree(line.out()).get("tasks");
    assertThat(tasks).hasSize(20);
    assertThat(tasks.get(0).get("name").asText()).isEqualTo("mnli/train");
    assertThat(tasks.get(0).get("labels")).hasSize(3);
    assertThat(tasks.get(3).get("file").asText()).isEqualTo("QQP/train.tsv");
  }

  @Test
  void show_file_tellsLayoutCountsNoticesAndRows() {
    assertThat(line.run("tasks", "show", "qqp/train")).isEqualTo(ExitCode.OK);
    assertThat(line.out())
        .contains("QQP/train.tsv")
        .contains("tsv, texts question1 and question2, label is_duplicate")
        .containsPattern("rows +3")
        .containsPattern("not_duplicate +2")
        .containsPattern("\nduplicate +1")
        .contains("left out 1 of 4 rows")
        .contains("[duplicate]\n  Why?\n  How  [31mlong?")
        .contains("x".repeat(60) + "...")
        .doesNotContain("\u001b");
    assertThat(line.run("tasks", "show", "qqp/train", "QQP/train.tsv", "--rows", "0"))
        .isEqualTo(ExitCode.OK);
    assertThat(line.out()).doesNotContain("Why?");
  }

  @Test
  void show_asJson_hasTheSame() throws Exception {
    assertThat(line.run("tasks", "show", "qqp/train", "--json")).isEqualTo(ExitCode.OK);
    var shown = new JsonMapper().readTree(line.out());
    assertThat(shown.get("split").get("rowCount").asInt()).isEqualTo(3);
    var label = shown.get("split").get("labels").get(0);
    assertThat(label.get("label").asText()).isEqualTo("not_duplicate");
    assertThat(label.get("rowCount").asInt()).isEqualTo(2);
    assertThat(shown.get("layout").get("textColumn").asText()).isEqualTo("question1");
    assertThat(shown.get("firstRows")).hasSize(3);
  }

  @Test
  void show_whatIsNotThere_saysWhatWasLookedFor() {
    assertThat(line.run("tasks", "show", "qqp/validation")).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(line.err()).contains("no file of qqp/validation").contains("dev.tsv");
    assertThat(line.run("tasks", "show", "qqp/test")).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(line.err()).contains("qqp/validation");
    assertThat(line.run("tasks", "show", "mnli/train", "QQP/train.tsv"))
        .isEqualTo(ExitCode.BAD_INPUT);
    assertThat(line.err()).contains("question1").contains("sentence1, sentence2, gold_label");
    assertThat(line.run("tasks", "show", "qqp/train", "--rows", "-1"))
        .isEqualTo(ExitCode.BAD_INPUT);
  }
}
