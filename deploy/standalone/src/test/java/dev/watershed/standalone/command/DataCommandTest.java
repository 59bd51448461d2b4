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

final class DataCommandTest {
  private Path directory;
  private CommandLineFixture line;

  @BeforeEach
  void start(@TempDir Path temporary) throws Exception {
    directory = temporary;
    line = new CommandLineFixture(directory, DataServed.below(directory));
    Files.writeString(
        directory.resolve("dev.csv"), "text,gold\nthe doctor,no\nthe judge,yes\nthe pilot,no\n");
    Files.writeString(
        directory.resolve("tokens.jsonl"), "{\"input_ids\": [101, 7, 102], \"label\": 0}\n");
  }

  @AfterEach
  void stop() throws Exception {
    line.close();
  }

  @Test
  void show_file_tellsRowsLabelsDigestAndFirstRows() {
    assertThat(line.run("data", "show", "file:dev.csv,text=text,label=gold", "--rows", "2"))
        .isEqualTo(ExitCode.OK);
    assertThat(line.out())
        .contains("file    dev.csv\n")
        .contains("layout  csv, text text, label gold\n")
        .containsPattern("rows +3")
        .containsPattern("digest +[0-9a-f]{64}")
        .containsPattern("no +2")
        .contains("[no]\n  the doctor", "[yes]\n  the judge")
        .doesNotContain("the pilot");
  }

  @Test
  void show_tokens_areShownAsSuch() {
    assertThat(line.run("data", "show", "file:tokens.jsonl,label=label,label_names=no|yes"))
        .isEqualTo(ExitCode.OK);
    assertThat(line.out()).contains("pre-tokenised", "[no]\n  tokens 101 7 102");
  }

  @Test
  void show_builtin_hasNoFile() {
    assertThat(line.run("data", "show", "builtin:miniature/validation,only=entailment"))
        .isEqualTo(ExitCode.OK);
    assertThat(line.out()).contains("[entailment]").doesNotContain("file ", "layout ");
  }

  @Test
  void show_wrongColumn_isToldInTheWordsOfTheArgument() {
    assertThat(line.run("data", "show", "file:dev.csv,text=sentence,label=gold"))
        .isEqualTo(ExitCode.BAD_INPUT);
    assertThat(line.err()).contains("text= of DATA", "sentence", "gold").doesNotContain("split.");
    assertThat(line.run("data", "show", "file:dev.csv,text=text", "--rows", "101"))
        .isEqualTo(ExitCode.BAD_INPUT);
    assertThat(line.err()).contains("--rows must be from 0 to 100");
  }

  @Test
  void upload_file_isNamedByWhatIsAnswered() throws Exception {
    assertThat(line.run("data", "upload", "dev.csv")).isEqualTo(ExitCode.OK);
    assertThat(line.out()).contains("uri     upload:dev.csv\n");
    assertThat(line.err()).contains("dev.csv: sent");
    assertThat(directory.resolve("uploads/dev.csv"))
        .hasSameTextualContentAs(directory.resolve("dev.csv"));
    assertThat(line.run("data", "show", "file:upload:dev.csv,text=text,label=gold"))
        .isEqualTo(ExitCode.OK);
    assertThat(line.out()).containsPattern("rows +3");
  }

  @Test
  void upload_largeFile_comesWholeInParts() throws Exception {
    byte[] content = new byte[(3 << 20) + 17];
    new java.util.SplittableRandom(1).nextBytes(content);
    Files.write(directory.resolve("large.tsv"), content);
    assertThat(line.run("data", "upload", "large.tsv", "--name", "a/b.tsv")).isEqualTo(ExitCode.OK);
    assertThat(directory.resolve("uploads/a/b.tsv")).hasBinaryContent(content);
  }

  @Test
  void upload_refused_saysWhy() throws Exception {
    assertThat(line.run("data", "upload", "none.csv")).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(line.err()).contains("there is no file none.csv here");
    assertThat(line.run("data", "upload", "dev.csv", "--name", "../dev.csv"))
        .isEqualTo(ExitCode.BAD_INPUT);
    assertThat(line.err()).contains("'../dev.csv'", "--name");
    Files.write(directory.resolve("large.tsv"), new byte[(int) DataServed.MAX_BYTES + 1]);
    assertThat(line.run("data", "upload", "large.tsv")).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(line.err()).contains("watershed.data.max-file-bytes", "FILE_TOO_LARGE");
    assertThat(line.run("data", "upload", "tokens.jsonl", "--name", "same")).isEqualTo(ExitCode.OK);
    assertThat(line.run("data", "upload", "dev.csv", "--name", "same"))
        .isEqualTo(ExitCode.BAD_INPUT);
    assertThat(line.err()).contains("UPLOAD_NAME_TAKEN");
  }

  @Test
  void delete_filesThatWereSent_areListedUntilThen() throws Exception {
    line.run("data", "upload", "dev.csv", "--name", "a/dev.csv");
    line.run("data", "upload", "dev.csv");
    assertThat(line.run("data", "list")).isEqualTo(ExitCode.OK);
    assertThat(line.out()).contains("upload:a/dev.csv", "upload:dev.csv");

    assertThat(line.run("data", "delete", "upload:a/dev.csv", "none.csv"))
        .isEqualTo(ExitCode.BAD_INPUT);

    assertThat(line.out()).contains("deleted upload:a/dev.csv");
    assertThat(line.err()).contains("none.csv", "UPLOADED_FILE_NOT_FOUND", "1 of 2 are deleted");
    assertThat(directory.resolve("uploads/a")).doesNotExist();
    assertThat(directory.resolve("uploads/dev.csv")).exists();
    assertThat(line.run("data", "delete", "dev.csv")).isEqualTo(ExitCode.OK);
    assertThat(line.run("data", "list", "--json")).isEqualTo(ExitCode.OK);
    assertThat(line.out()).doesNotContain("dev.csv");
  }

  @Test
  void mappings_arePublishedByName() throws Exception {
    assertThat(line.run("data", "mappings")).isEqualTo(ExitCode.OK);
    assertThat(line.out())
        .containsPattern("hans-sum-logits +entailment = entailment, non-entailment = neutral")
        .contains("neutral + contradiction", "McCoy");
    assertThat(line.run("data", "mappings", "--json")).isEqualTo(ExitCode.OK);
    assertThat(new JsonMapper().readTree(line.out()).get("labelMappings")).hasSize(3);
  }
}
