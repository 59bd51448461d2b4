package dev.watershed.standalone.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The launcher and a packaged server in context that went wrong in use. */
final class EnvironmentCasesIT {
  /** Nothing of this build's context, but where Java is. */
  private static final Map<String, String> PLAIN =
      Map.of("JAVA_HOME", System.getProperty("java.home"), "WATERSHED_NO_BUILD", "1");

  private static final Path FAKETIME =
      Path.of("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1");

  private Path directory;
  private Path launcher;

  /** A tree with the launcher and what the build has packaged. */
  @BeforeEach
  void plant(@TempDir Path temporary) throws IOException {
    directory = temporary;
    Path target = temporary.resolve("tree/deploy/standalone/target/watershed");
    Files.createDirectories(target);
    Files.createFile(target.resolve("built"));
    Files.createSymbolicLink(
        target.resolve("lib"), Path.of("target", "watershed", "lib").toAbsolutePath());
    launcher = temporary.resolve("tree/watershed");
    Files.copy(Path.of("..", "..", "watershed"), launcher);
    Files.setPosixFilePermissions(launcher, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  @AfterEach
  void unlink() throws IOException {
    Files.delete(directory.resolve("tree/deploy/standalone/target/watershed/lib"));
  }

  private Process launch(Path log, Map<String, String> variables, String... arguments)
      throws IOException {
    List<String> command = new ArrayList<>(List.of(launcher.toString()));
    command.addAll(List.of(arguments));
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile());
    Map<String, String> environment = builder.environment();
    environment.keySet().removeIf(name -> name.matches("LC_.*|LANG|.*JAVA_OPT.*|WATERSHED_.*"));
    environment.putAll(PLAIN);
    environment.putAll(variables);
    return builder.start();
  }

  private record Seen(int exit, String text) {}

  private Seen run(Map<String, String> variables, String... arguments) throws Exception {
    Path log = Files.createTempFile(directory, "command", ".log");
    Process process = launch(log, variables, arguments);
    boolean ended = process.waitFor(120, TimeUnit.SECONDS);
    process.destroyForcibly();
    assertThat(ended).as(Files.readString(log)).isTrue();
    return new Seen(process.exitValue(), Files.readString(log));
  }

  private ServerProcess serve(Map<String, String> variables, Path data, String... more)
      throws Exception {
    Path log = Files.createTempFile(directory, "serve", ".log");
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "serve", "--json", "--data", data.toString(), "--data-root", directory.toString()));
    arguments.addAll(more.length == 0 ? List.of("--port", "0") : List.of(more));
    return ServerProcess.started(launch(log, variables, arguments.toArray(String[]::new)), log);
  }

  private static Map<String, String> and(Map<String, String> some, String name, String value) {
    Map<String, String> more = new HashMap<>(some);
    more.put(name, value);
    return more;
  }

  /** What images with PyTorch set, what cron sets, and options of the user's, all at once. */
  @Test
  void serve_posixLocaleVersionOfAnotherTorchAndOptions_isAsAnywhere() throws Exception {
    Map<String, String> variables =
        Map.of(
            "LC_ALL", "C",
            "PYTORCH_VERSION", "2.5.1",
            "PYTORCH_FLAVOR", "cu121",
            "WATERSHED_JAVA_OPTS", "-Xmx8g \"-Dname=a value\"");
    Path data = directory.resolve("data \u00e9t\u00e9");
    try (ServerProcess server = serve(variables, data)) {
      assertThat(jcmd(server, "VM.flags")).contains("-XX:MaxHeapSize=8589934592");
      assertThat(jcmd(server, "VM.system_properties")).containsPattern("name=a\\\\? value");
      Map<String, String> client =
          and(Map.of("LC_ALL", "POSIX"), "WATERSHED_ADDRESS", server.address());
      String name = "\u00c9tude-\u6f22";
      Seen train =
          run(
              client,
              "train",
              "--initial",
              "miniature-pretrained",
              "--train",
              "builtin:miniature/train",
              "--lr",
              "5e-4",
              "--steps",
              "1",
              "--seeds",
              "1",
              "--name",
              name,
              "--wait",
              "--json");
      assertThat(train.exit()).as(train.text()).isZero();
      assertThat(train.text()).contains(name).contains("PyTorch 2.7.1").doesNotContain("\ufffd");
      assertThat(data).exists();
    }
  }

  private String jcmd(ServerProcess server, String what) throws Exception {
    Path log = Files.createTempFile(directory, "jcmd", ".log");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(),
                Long.toString(server.pid()),
                what)
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    return Files.readString(log);
  }

  /** The case posix-locale of the shared files. */
  @Test
  @Tag("shared")
  void train_labelsBeyondAsciiInThePosixLocale_areAsTyped() throws Exception {
    String configured = System.getenv("WATERSHED_SHARED");
    Path cases = Path.of(configured == null ? "../../../shared" : configured, "cases");
    assumeTrue(Files.isDirectory(cases), () -> cases + " is absent; set WATERSHED_SHARED");
    Path model = Files.createDirectory(directory.resolve("q"));
    try (var files = Files.list(cases.resolve("f1-positive-class/Q_qqp"))) {
      for (Path file : files.toList()) {
        Files.copy(file, model.resolve(file.getFileName()));
      }
    }
    Files.copy(cases.resolve("posix-locale/d.tsv"), directory.resolve("d.tsv"));
    try (ServerProcess server = serve(Map.of("LC_ALL", "C"), directory.resolve("data"))) {
      Map<String, String> client =
          and(Map.of("LC_ALL", "C"), "WATERSHED_ADDRESS", server.address());
      assertThat(run(client, "checkpoints", "register", "q", "q").exit()).isZero();
      List<String> train =
          List.of(
              "train",
              "--initial",
              "q",
              "--train",
              "file:d.tsv,text=satz,label=etikett",
              "--labels",
              "daf\u00fcr,dagegen",
              "--steps",
              "1",
              "--lr",
              "1e-4",
              "--seeds",
              "1",
              "--wait",
              "--json");
      // The model was trained for two other names: its head is not dropped without a word.
      Seen refused = run(client, train.toArray(String[]::new));
      assertThat(refused.exit()).as(refused.text()).isEqualTo(2);
      assertThat(refused.text()).contains("LABELS_RENAMED_AMBIGUOUSLY", "daf\u00fcr");
      Seen trained =
          run(
              client,
              Stream.concat(train.stream(), Stream.of("--new-head")).toArray(String[]::new));
      assertThat(trained.exit()).as(trained.text()).isZero();
      assertThat(trained.text()).contains("daf\u00fcr").doesNotContain("\ufffd");
    }
  }

  @Test
  void client_killedServersAddressTakenByAnother_isTold() throws Exception {
    Path killed = directory.resolve("pa");
    String port;
    try (ServerProcess server = serve(Map.of(), killed)) {
      port = server.address().replaceFirst(".*:", "");
      server.kill();
    }
    assertThat(killed.resolve("endpoint")).exists();
    try (ServerProcess other = serve(Map.of(), directory.resolve("pb"), "--port", port)) {
      Seen list = run(Map.of(), "runs", "list", "--data", killed.toString());
      assertThat(list.exit()).as(list.text()).isEqualTo(3);
      assertThat(list.text()).contains("no server runs on " + killed);
      assertThat(run(Map.of("WATERSHED_ADDRESS", other.address()), "runs", "list").exit()).isZero();
    }
  }

  @Test
  void serve_dataDirectoryNamedLikeSql_runsNone() throws Exception {
    for (String name : List.of("x;INIT=SELECT 1", "a\\b", "${user.home}")) {
      Seen serve =
          run(Map.of(), "serve", "--port", "0", "--data", directory.resolve(name).toString());
      assertThat(serve.exit()).as(serve.text()).isEqualTo(2);
      assertThat(serve.text()).contains("cannot be used").doesNotContain("Exception");
      try (var files = Files.list(directory)) {
        assertThat(files)
            .extracting(file -> file.getFileName().toString())
            .noneMatch(file -> file.startsWith("x") || file.startsWith("a"));
      }
    }
  }

  @Test
  void serve_userWithoutHome_isAskedForADirectory() throws Exception {
    Seen serve =
        run(
            Map.of("HOME", "", "WATERSHED_JAVA_OPTS", "-Duser.home=?"),
            "serve",
            "--port",
            "0",
            "--data-root",
            directory.toString());
    assertThat(serve.exit()).as(serve.text()).isEqualTo(2);
    assertThat(serve.text()).contains("--data DIR").doesNotContain("WATERSHED_DEBUG");
    assertThat(directory.resolve("?")).doesNotExist();
  }

  /** Two days ahead, killed with work, then right: as a machine whose clock is set after boot. */
  @Test
  void serve_clockSetBack_goesOnWithinSeconds() throws Exception {
    assumeTrue(Files.exists(FAKETIME), () -> FAKETIME + " is absent; install package faketime");
    Path data = directory.resolve("data");
    Map<String, String> ahead =
        Map.of(
            "LD_PRELOAD",
            FAKETIME.toString(),
            "FAKETIME",
            "+2d",
            "FAKETIME_DONT_FAKE_MONOTONIC",
            "1");
    try (ServerProcess server = serve(ahead, data)) {
      Seen train =
          run(
              Map.of("WATERSHED_ADDRESS", server.address()),
              "train",
              "--initial",
              "miniature-pretrained",
              "--train",
              "builtin:miniature/train",
              "--lr",
              "5e-4",
              "--steps",
              "200",
              "--seeds",
              "1..2",
              "--name",
              "ahead");
      assertThat(train.exit()).as(train.text()).isZero();
      server.kill();
    }
    try (ServerProcess server = serve(Map.of(), data)) {
      Seen watch =
          run(Map.of("WATERSHED_ADDRESS", server.address()), "runs", "watch", "--name", "ahead");
      assertThat(watch.exit()).as(watch.text()).isZero();
      assertThat(watch.text()).contains("succeeded 200/200");
    }
  }
}
