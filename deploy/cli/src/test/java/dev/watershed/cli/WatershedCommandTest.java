package dev.watershed.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.protobuf.Any;
import com.google.rpc.BadRequest;
import com.google.rpc.Code;
import com.google.rpc.ErrorInfo;
import com.google.rpc.Help;
import com.google.rpc.Status;
import dev.watershed.cli.terminal.Terminal;
import io.grpc.StatusRuntimeException;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

final class WatershedCommandTest {
  private Path directory;
  private final CannedTrainer trainer = new CannedTrainer();
  private CommandLineFixture line;

  @BeforeEach
  void serve(@TempDir Path temporary) {
    directory = temporary;
    line = new CommandLineFixture(directory, trainer);
  }

  @AfterEach
  void stop() throws InterruptedException {
    line.close();
  }

  private JsonNode error() throws Exception {
    return new ObjectMapper().readTree(line.out()).get("error");
  }

  @Test
  void serve_clientAlone_saysWhereItIs() {
    assertThat(line.run("serve")).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(line.err()).contains("use the 'watershed' of the whole distribution");
    assertThat(line.err()).doesNotContain("Did you mean");
  }

  @Test
  void help_command_isThatOfTheOption() {
    assertThat(line.run("help")).isEqualTo(ExitCode.OK);
    assertThat(line.out()).contains("train", "checkpoints");
    assertThat(line.run("help", "train")).isEqualTo(ExitCode.OK);
    String help = line.out();
    line.run("train", "--help");
    assertThat(line.out()).isEqualTo(help);
    assertThat(line.run("help", "study", "create")).isEqualTo(ExitCode.OK);
    assertThat(line.out()).contains("watershed study create");
    assertThat(line.run("help", "trian")).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(line.err()).contains("'trian' is no command", "train");
  }

  @Test
  void trainHelp_everyOptionStandsOnceAndTheNeededOnesFirst() {
    CommandLine all = TrainHelp.train(WatershedCommand.line(CommandContext.ofProcess()));
    assertThat(TrainHelp.sections(all).values().stream().flatMap(List::stream))
        .containsExactlyInAnyOrderElementsOf(all.getCommandSpec().options());
    line.run("train", "--help");
    assertThat(line.out())
        .containsSubsequence(
            "watershed train --initial CHECKPOINT",
            "Examples:",
            "Needed",
            "--initial",
            "--lr",
            "Often said",
            "--validation",
            "The recipe in full",
            "--beta1",
            "DATA is");
  }

  @ParameterizedTest
  @ValueSource(strings = {"ab\u0007c", "caf\uFFFD", "a\u202eb", "two\nlines"})
  void run_argumentThatCannotBeShown_isRefusedBeforeAnyCall(String argument) {
    assertThat(line.run("runs", "list", "--name", argument)).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(line.err()).startsWith("error: the argument '").doesNotContain(argument);
  }

  @Test
  void run_argumentWhoseCharactersWereLost_namesTheLocale() {
    line.run("runs", "list", "--name", "caf\uFFFD");
    assertThat(line.err()).contains("LC_ALL=C.UTF-8");
    assertThat(line.run("runs", "list", "--name", "Étude 漢字")).isEqualTo(ExitCode.OK);
  }

  @Test
  void run_numberWrittenOtherwise_isToldHow() {
    line.run("train", "--seeds", "1", "--lr", "2,5e-5");
    assertThat(line.err()).contains("--lr").contains("a decimal has a point, not a comma");
    line.run("train", "--seeds", "1", "--epochs", "0.5");
    assertThat(line.err()).contains("--epochs").contains("'0.5' is not a whole number");
    line.run("train", "--seeds", "1", "--lr", "fast");
    assertThat(line.err()).contains("'fast' is not a number");
  }

  @Test
  void run_wrongUsageAsJson_isAStatusWithAdvice() throws Exception {
    assertThat(line.run("runs", "list", "--jsno")).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(line.out()).isEmpty();
    assertThat(line.run("runs", "list", "--nmae", "x", "--json")).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(error().get("code").asInt()).isEqualTo(Code.INVALID_ARGUMENT_VALUE);
    assertThat(error().get("message").asText()).contains("--nmae");
    assertThat(error().toString()).contains("watershed runs list --help");
  }

  @Test
  void write_noAnswer_tellsProgramsTheAddressAndWhatToDo() throws Exception {
    StatusRuntimeException silent =
        io.grpc.Status.UNAVAILABLE
            .withDescription("io exception")
            .withCause(new java.net.ConnectException("Connection refused"))
            .asRuntimeException();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    Terminal terminal = TypedCommand.piped(out, err);
    assertThat(ErrorReport.write(silent, "host:1", true, terminal)).isEqualTo(ExitCode.UNREACHABLE);
    JsonNode error = new ObjectMapper().readTree(out.toString(StandardCharsets.UTF_8)).get("error");
    assertThat(error.get("message").asText())
        .isEqualTo("no answer from host:1: Connection refused");
    assertThat(error.get("details").get(0).get("metadata").get("address").asText())
        .isEqualTo("host:1");
    assertThat(error.get("details").get(1).toString()).contains("--address host:port");

    ErrorReport.write(silent, "host:1", false, terminal);
    assertThat(err.toString(StandardCharsets.UTF_8))
        .startsWith("error: no answer from host:1: Connection refused")
        .contains("Start a server with './watershed serve'");
  }

  @Test
  void lines_fieldsOfTheContract_areTheOptionsTyped() {
    String message = "spec.recipe.based_on: there is no recipe 'paper-mnly'";
    Status status =
        Status.newBuilder()
            .setCode(Code.INVALID_ARGUMENT_VALUE)
            .setMessage(message)
            .addDetails(
                Any.pack(
                    BadRequest.newBuilder()
                        .addFieldViolations(
                            BadRequest.FieldViolation.newBuilder()
                                .setField("spec.recipe.based_on")
                                .setDescription("there is no recipe 'paper-mnly'"))
                        .build()))
            .addDetails(Any.pack(ErrorInfo.newBuilder().setReason("RECIPE_UNKNOWN").build()))
            .build();
    assertThat(ErrorReport.lines(status))
        .containsExactly(
            "error: --recipe: there is no recipe 'paper-mnly'",
            "  [INVALID_ARGUMENT, RECIPE_UNKNOWN]");
    Status advised =
        Status.newBuilder()
            .setCode(Code.UNAVAILABLE_VALUE)
            .setMessage("gone")
            .addDetails(Any.pack(ErrorInfo.newBuilder().setReason("R").build()))
            .addDetails(
                Any.pack(
                    Help.newBuilder()
                        .addLinks(Help.Link.newBuilder().setDescription("come back"))
                        .build()))
            .build();
    assertThat(ErrorReport.lines(advised)).contains("come back");
  }

  @Test
  void run_fileThatCannotBeRead_isASentenceWithoutClasses() throws Exception {
    assertThat(line.run("train", "--seeds", "1", "--spec", "none.json"))
        .isEqualTo(ExitCode.BAD_INPUT);
    assertThat(line.err()).contains("there is no ").contains("none.json").doesNotContain("java.");
    Files.write(directory.resolve("bytes.json"), new byte[] {(byte) 0xff, (byte) 0xfe, 0});
    assertThat(line.run("train", "--seeds", "1", "--spec", "bytes.json"))
        .isEqualTo(ExitCode.BAD_INPUT);
    assertThat(line.err()).contains("not text in UTF-8").doesNotContain("Exception");
  }

  @Test
  void sentence_anyFailure_namesNoClass() {
    assertThat(Failures.sentence(new AccessDeniedException("/x")))
        .isEqualTo("no permission to use /x");
    assertThat(Failures.sentence(new IllegalStateException("a server already uses /x")))
        .isEqualTo("a server already uses /x");
    assertThat(
            Failures.sentence(
                new RuntimeException("java.io.IOException: disk gone", new java.io.IOException())))
        .isEqualTo("disk gone");
    assertThat(Failures.sentence(new NullPointerException()))
        .isEqualTo("something that was not foreseen went wrong (NullPointer)");
    assertThat(Failures.sentence(new OutOfMemoryError("Java heap space")))
        .contains("WATERSHED_JAVA_OPTS=-Xmx8g");
  }
}
