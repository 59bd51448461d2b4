package dev.watershed.standalone;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The launcher in a tree of its own, with a JDK and a Maven that only say what they were told. */
final class LauncherTest {
  private static final Path LAUNCHER = Path.of("..", "..", "watershed");

  private Path around;
  private Path home;
  private Path jdk;

  @BeforeEach
  void plant(@TempDir Path temporary) throws IOException {
    around = temporary;
    home = Files.createDirectory(temporary.resolve("a tree"));
    Files.copy(LAUNCHER, home.resolve("watershed"));
    executable(home.resolve("watershed"), Files.readString(LAUNCHER));
    Files.writeString(home.resolve("pom.xml"), "<project/>");
    Files.createDirectories(home.resolve("server/src/main"));
    Files.writeString(home.resolve("server/src/main/A.java"), "class A {}");
    executable(
        home.resolve("mvnw"),
        """
        #!/bin/sh
        echo "$JAVA_HOME $*" >> "$(dirname "$0")/builds"
        echo "[INFO] Building Watershed :: server 0.1.0-SNAPSHOT          [3/8]"
        [ ! -e "$(dirname "$0")/broken" ] || { echo "[ERROR] A.java:1 nonsense"; exit 1; }
        """);
    jdk = temporary.resolve("jdk");
    fakeJdk(jdk, "25.0.1");
  }

  private static void fakeJdk(Path directory, String version) throws IOException {
    Files.createDirectories(directory.resolve("bin"));
    executable(directory.resolve("bin/java"), "#!/bin/sh\nprintf '%s\\n' \"$@\"\n");
    executable(directory.resolve("bin/javac"), "#!/bin/sh\n");
    Files.writeString(directory.resolve("release"), "JAVA_VERSION=\"" + version + "\"\n");
  }

  private static void executable(Path file, String content) throws IOException {
    Files.writeString(file, content);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private record Run(int exitCode, String out, String err) {}

  private Run run(Path launcher, String... arguments) throws Exception {
    return run(launcher, Map.of("JAVA_HOME", jdk.toString()), arguments);
  }

  private Run run(Path launcher, Map<String, String> variables, String... arguments)
      throws Exception {
    var command = new java.util.ArrayList<String>();
    command.add(launcher.toString());
    command.addAll(java.util.List.of(arguments));
    Path err = Files.createTempFile(around, "err", ".txt");
    var builder = new ProcessBuilder(command).redirectError(err.toFile());
    builder.directory(around.toFile());
    builder.environment().putAll(variables);
    Process process = builder.start();
    process.getOutputStream().close();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    return new Run(process.exitValue(), out, Files.readString(err));
  }

  private int builds() throws IOException {
    Path log = home.resolve("builds");
    return Files.exists(log) ? Files.readAllLines(log).size() : 0;
  }

  @Test
  void run_nothingBuilt_buildsOnceAndKeepsStandardOutputClean() throws Exception {
    Run first = run(home.resolve("watershed"), "metrics", "a b", "");
    assertThat(first.exitCode()).isZero();
    assertThat(first.err()).contains("Building Watershed").contains("Built.");
    assertThat(first.out()).doesNotContain("Building");
    assertThat(first.out().lines().toList())
        .contains("--enable-native-access=ALL-UNNAMED", "-XX:TieredStopAtLevel=1")
        .endsWith("dev.watershed.standalone.Main", "metrics", "a b", "");
    Run second = run(home.resolve("watershed"), "serve");
    assertThat(second.err()).isEmpty();
    assertThat(second.out()).doesNotContain("TieredStopAtLevel");
    assertThat(builds()).isEqualTo(1);
    assertThat(Files.readString(home.resolve("builds"))).startsWith(jdk.toString());
  }

  @Test
  void run_newerSource_buildsAgain() throws Exception {
    run(home.resolve("watershed"), "serve");
    Files.setLastModifiedTime(
        home.resolve("server/src/main/A.java"), FileTime.from(Instant.now().plusSeconds(60)));
    run(home.resolve("watershed"), "serve");
    assertThat(builds()).isEqualTo(2);
  }

  @Test
  void run_newerTest_doesNotBuild() throws Exception {
    Files.createDirectories(home.resolve("server/src/test"));
    run(home.resolve("watershed"), "serve");
    Path test = home.resolve("server/src/test/ATest.java");
    Files.writeString(test, "class ATest {}");
    Files.setLastModifiedTime(test, FileTime.from(Instant.now().plusSeconds(60)));
    run(home.resolve("watershed"), "serve");
    assertThat(builds()).isEqualTo(1);
  }

  @Test
  void run_buildFails_showsTheErrorAndBuildsAgainNextTime() throws Exception {
    Files.createFile(home.resolve("broken"));
    Run broken = run(home.resolve("watershed"), "serve");
    assertThat(broken.exitCode()).isEqualTo(1);
    assertThat(broken.err()).contains("A.java:1 nonsense").contains("The build failed");
    assertThat(broken.out()).isEmpty();
    Files.delete(home.resolve("broken"));
    assertThat(run(home.resolve("watershed"), "serve").exitCode()).isZero();
    assertThat(builds()).isEqualTo(2);
  }

  @Test
  void run_throughARelativeSymbolicLink_findsItsTree() throws Exception {
    Path link = around.resolve("link");
    Files.createSymbolicLink(link, Path.of("a tree", "watershed"));
    Run run = run(link, "runs", "list");
    assertThat(run.exitCode()).isZero();
    assertThat(run.out()).contains(home.resolve("deploy/standalone/target/watershed/lib") + "/*");
  }

  @Test
  void run_noSuchJdk_saysWhatWasFoundAndHowToInstallOne() throws Exception {
    executable(
        home.resolve("watershed"),
        Files.readString(LAUNCHER).replace("\nrequired=25\n", "\nrequired=99\n"));
    Run run = run(home.resolve("watershed"), "serve");
    assertThat(run.exitCode()).isEqualTo(1);
    assertThat(run.err())
        .contains("needs a JDK 99")
        .contains("JDK 25 in " + jdk)
        .contains("temurin-99-jdk")
        .contains("JAVA_HOME");
    assertThat(run.out()).isEmpty();
    assertThat(builds()).isZero();
  }

  @Test
  void run_javaHomeOfAnotherVersion_isPassedOver() throws Exception {
    Path old = around.resolve("jdk17");
    fakeJdk(old, "17.0.9");
    Run run =
        run(
            home.resolve("watershed"),
            Map.of("JAVA_HOME", old.toString(), "PATH", jdk + "/bin:" + System.getenv("PATH")),
            "serve");
    assertThat(run.exitCode()).isZero();
    assertThat(Files.readString(home.resolve("builds"))).startsWith(jdk.toString());
  }
}
