package dev.watershed.standalone;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
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
    Files.createDirectories(home.resolve("libraries/server/src/main"));
    Files.writeString(home.resolve("libraries/server/src/main/A.java"), "class A {}");
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
    var command = new ArrayList<String>();
    command.add(launcher.toString());
    command.addAll(List.of(arguments));
    Path err = Files.createTempFile(around, "err", ".txt");
    var builder = new ProcessBuilder(command).redirectError(err.toFile());
    builder.directory(around.toFile());
    builder.environment().keySet().removeIf(name -> name.matches("LC_.*|LANG|.*JAVA_OPT.*"));
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
  void run_clientCommand_startsFromTheArchiveThatTheBuildMade() throws Exception {
    executable(
        jdk.resolve("bin/java"),
        "#!/bin/sh\nprintf '%s\\n' \"$@\"\necho \"$*\" >> '" + around + "/starts'\n");
    Path target = home.resolve("deploy/standalone/target/watershed");
    Run first = run(home.resolve("watershed"), "runs", "list");
    assertThat(first.out()).contains("-Xlog:disable").doesNotContain("Archive");
    // What the build made it with, and the command.
    assertThat(Files.readAllLines(around.resolve("starts")))
        .hasSize(2)
        .first()
        .asString()
        .contains("-XX:ArchiveClassesAtExit=" + target.resolve("client.jsa"));
    Path archive = Files.createFile(target.resolve("client.jsa"));
    assertThat(arguments(Map.of(), "recipes")).contains("-XX:SharedArchiveFile=" + archive);
    assertThat(arguments(Map.of(), "serve")).noneMatch(option -> option.contains("Archive"));
  }

  @Test
  void run_newerSource_buildsAgain() throws Exception {
    run(home.resolve("watershed"), "serve");
    Files.setLastModifiedTime(
        home.resolve("libraries/server/src/main/A.java"),
        FileTime.from(Instant.now().plusSeconds(60)));
    run(home.resolve("watershed"), "serve");
    assertThat(builds()).isEqualTo(2);
  }

  @Test
  void run_newerTest_doesNotBuild() throws Exception {
    Files.createDirectories(home.resolve("libraries/server/src/test"));
    run(home.resolve("watershed"), "serve");
    Path test = home.resolve("libraries/server/src/test/ATest.java");
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

  private List<String> arguments(Map<String, String> variables, String... command)
      throws Exception {
    Map<String, String> all = new HashMap<>(variables);
    all.put("JAVA_HOME", jdk.toString());
    Run run = run(home.resolve("watershed"), all, command);
    assertThat(run.exitCode()).as(run.err()).isZero();
    return run.out().lines().toList();
  }

  @Test
  void run_javaOptions_standBehindOursAndBeforeTheClass() throws Exception {
    limit("max");
    List<String> plain = arguments(Map.of(), "serve");
    assertThat(plain).contains("-Xmx2g", "-XX:+UseSerialGC", "-Dwatershed.log=INFO");
    List<String> told =
        arguments(
            Map.of(
                "WATERSHED_JAVA_OPTS", "-Xmx8g  \"-Dname=a  value\" -Dwatershed.log=DEBUG '-Dx=*'"),
            "serve",
            "a  b");
    assertThat(told)
        .doesNotContain("-Xmx2g")
        .containsSubsequence(
            "-Dwatershed.log=INFO",
            "-Xmx8g",
            "-Dname=a  value",
            "-Dwatershed.log=DEBUG",
            "-Dx=*",
            "-cp",
            "dev.watershed.standalone.Main",
            "serve",
            "a  b");
    assertThat(arguments(Map.of("WATERSHED_JAVA_OPTS", "-XX:MaxRAMPercentage=50"), "recipes"))
        .noneMatch(option -> option.startsWith("-Xmx"));
  }

  @Test
  void run_collectorChosenAnywhere_isTheOnlyOne() throws Exception {
    limit("max");
    for (String variable :
        List.of("WATERSHED_JAVA_OPTS", "JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS")) {
      assertThat(arguments(Map.of(variable, "-Da=b -XX:+UseG1GC"), "serve"))
          .contains("-Xmx2g")
          .doesNotContain("-XX:+UseSerialGC");
    }
    assertThat(arguments(Map.of("JAVA_TOOL_OPTIONS", "-Xmx9g"), "serve"))
        .contains("-XX:+UseSerialGC")
        .noneMatch(option -> option.startsWith("-Xmx"));
  }

  @Test
  void run_quoteWithoutEnd_isRefusedInASentence() throws Exception {
    Run run =
        run(
            home.resolve("watershed"),
            Map.of("JAVA_HOME", jdk.toString(), "WATERSHED_JAVA_OPTS", "-Da='b"),
            "recipes");
    assertThat(run.exitCode()).isEqualTo(2);
    assertThat(run.err()).contains("WATERSHED_JAVA_OPTS cannot be read");
  }

  /** A group of a container's kind, with this limit. */
  private void limit(String bytes) throws IOException {
    Path groups = Files.createDirectories(around.resolve("cgroup"));
    Files.writeString(groups.resolve("memory.max"), bytes + "\n");
    executable(
        home.resolve("watershed"),
        Files.readString(LAUNCHER).replace("groups=/sys/fs/cgroup\n", "groups=" + groups + "\n"));
  }

  @Test
  void run_memoryLimited_leavesTheHeapToFollowTheLimit() throws Exception {
    limit("max");
    assertThat(arguments(Map.of(), "serve")).contains("-Xmx2g");
    assertThat(arguments(Map.of(), "recipes")).contains("-Xmx1g");
    limit("9223372036854771712");
    assertThat(arguments(Map.of(), "serve")).contains("-Xmx2g");
    limit(String.valueOf(700L << 20));
    assertThat(arguments(Map.of(), "serve")).noneMatch(option -> option.startsWith("-Xmx"));
    assertThat(arguments(Map.of("WATERSHED_JAVA_OPTS", "-Xmx300m"), "serve")).contains("-Xmx300m");
  }

  @Test
  void run_localeWithoutUtf8_becomesOneWithIt() throws Exception {
    executable(jdk.resolve("bin/java"), "#!/bin/sh\necho \"${LC_ALL:-}|${LC_CTYPE:-}\"\n");
    assertThat(arguments(Map.of("LC_ALL", "C"), "recipes")).containsExactly("C.UTF-8|");
    assertThat(arguments(Map.of("LC_ALL", "POSIX"), "recipes")).containsExactly("C.UTF-8|");
    assertThat(arguments(Map.of(), "recipes")).containsExactly("|C.UTF-8");
    assertThat(arguments(Map.of("LANG", "C"), "recipes")).containsExactly("|C.UTF-8");
    assertThat(arguments(Map.of("LC_ALL", "C.UTF-8"), "recipes")).containsExactly("C.UTF-8|");
    assertThat(arguments(Map.of("LANG", "C.UTF-8"), "recipes")).containsExactly("|");
  }

  /** The JDK that these tests run on, so that what it makes of the arguments is seen too. */
  @Test
  void run_realJavaInThePosixLocale_readsEveryCharacter() throws Exception {
    Path source = around.resolve("Show.java");
    Files.writeString(
        source,
        "class Show { public static void main(String[] a) { for (var x : a) System.out.println("
            + "x.codePoints().mapToObj(Integer::toHexString).toList()); } }");
    executable(
        jdk.resolve("bin/java"),
        "#!/bin/sh\nfor last; do :; done\nexec \""
            + Path.of(System.getProperty("java.home"), "bin/java")
            + "\" \""
            + source
            + "\" \"$last\"\n");
    assertThat(arguments(Map.of("LC_ALL", "C"), "recipes", "\u00c9t\u6f22"))
        .containsExactly("[c9, 74, 6f22]");
  }

  /** The launcher in a shell with a limit. */
  private Run limited(String limit, String command) throws Exception {
    Path shell = around.resolve("limited");
    executable(
        shell, "#!/bin/sh\n" + limit + "\nexec '" + home.resolve("watershed") + "' \"$@\"\n");
    return run(shell, command);
  }

  @Test
  void run_limitsOfTheProcess_areRefusedInASentence() throws Exception {
    run(home.resolve("watershed"), "recipes"); // builds
    Run files = limited("ulimit -n 64", "recipes");
    assertThat(files.exitCode()).isEqualTo(2);
    assertThat(files.err()).contains("64 files").contains("ulimit -n");
    Run memory = limited("ulimit -v 3000000", "serve");
    assertThat(memory.exitCode()).isEqualTo(2);
    assertThat(memory.err()).contains("3000000 kB").contains("ulimit -v").contains("-Xmx");
    assertThat(limited("ulimit -v 3000000", "recipes").exitCode()).isZero();
    assertThat(limited("ulimit -Sn 64", "recipes").exitCode()).isZero();
  }

  @Test
  void run_variablesOfOtherPrograms_areNotPassedOn() throws Exception {
    executable(jdk.resolve("bin/java"), "#!/bin/sh\nenv\n");
    assertThat(
            arguments(
                Map.of("DJL_DEFAULT_ENGINE", "OnnxRuntime", "RUST_LIBRARY_PATH", "/x"), "recipes"))
        .noneMatch(line -> line.matches("(DJL_DEFAULT_ENGINE|RUST_LIBRARY_PATH)=.*"));
  }

  @Test
  void run_treeWithAColon_isRefusedInASentence() throws Exception {
    Path colon = Files.createDirectory(around.resolve("a:b"));
    executable(colon.resolve("watershed"), Files.readString(LAUNCHER));
    Run run = run(colon.resolve("watershed"), "recipes");
    assertThat(run.exitCode()).isEqualTo(1);
    assertThat(run.err()).contains("':' separates").contains("a:b");
    assertThat(run.out()).isEmpty();
  }

  @Test
  void gitAttributes_scripts_keepTheirLineEnds() throws IOException {
    assertThat(Files.readString(Path.of("..", "..", ".gitattributes")))
        .contains("* text=auto eol=lf");
    assertThat(Files.readString(LAUNCHER)).doesNotContain("\r");
  }
}
