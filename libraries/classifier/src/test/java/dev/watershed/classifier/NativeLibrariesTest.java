package dev.watershed.classifier;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.watershed.classifier.model.Torch;
import dev.watershed.classifier.text.Tokenizers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class NativeLibrariesTest {
  private static final Map<String, String> SMALL =
      Map.of("a", "native/lib/pytorch.properties", "b", "native/lib/tokenizers.properties");

  private Path directory;

  @BeforeEach
  void choose(@TempDir Path temporary) {
    directory = temporary;
  }

  /** Loads everything and says with what. */
  static final class Child {
    public static void main(String[] arguments) {
      try {
        Torch.initialize(1);
        System.out.println(Torch.engineVersion());
        Tokenizers.miniature().close();
        System.out.println("offline " + ai.djl.util.Utils.isOfflineMode());
      } catch (NativeLibraryException e) {
        System.out.println("error: " + e.getMessage());
      }
    }
  }

  /** What the child says, run by a shell that does something before. */
  private String child(String before, Map<String, String> variables) throws Exception {
    List<String> command = new ArrayList<>(List.of("sh", "-c", before + "exec \"$0\" \"$@\""));
    command.add(Path.of(System.getProperty("java.home"), "bin/java").toString());
    command.addAll(
        List.of(
            "-Xmx256m",
            "-XX:+UseSerialGC",
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"),
            Child.class.getName()));
    Path log = Files.createTempFile(directory, "child", ".log");
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
    builder.environment().putAll(variables);
    Process process = builder.start();
    boolean ended = process.waitFor(120, TimeUnit.SECONDS);
    process.destroyForcibly();
    assertThat(ended).as(Files.readString(log)).isTrue();
    return Files.readString(log);
  }

  @Test
  void use_variablesOfImagesWithPyTorch_changeNothing() throws Exception {
    assertThat(
            child(
                "",
                Map.of(
                    "PYTORCH_VERSION", "2.5.1",
                    "PYTORCH_FLAVOR", "cu121",
                    "PYTORCH_PRECXX11", "true",
                    "RUST_FLAVOR", "cu122",
                    "LD_LIBRARY_PATH", "/usr/local/lib/python3/site-packages/torch/lib")))
        .contains("PyTorch 2.7.1\n", "offline true")
        .doesNotContain("error: ", "Override PyTorch");
  }

  @Test
  void use_variablesThatReplaceLibraries_areRefusedInASentence() throws Exception {
    assertThat(child("", Map.of("RUST_LIBRARY_PATH", "/x")))
        .startsWith("error: RUST_LIBRARY_PATH is set");
    assertThat(child("", Map.of("DJL_DEFAULT_ENGINE", "OnnxRuntime")))
        .startsWith("error: DJL_DEFAULT_ENGINE is set");
    assertThat(child("", Map.of("PYTORCH_LIBRARY_PATH", "/x")))
        .startsWith("error: PYTORCH_LIBRARY_PATH is '/x', where there is no libtorch.so");
    Files.createFile(directory.resolve("libtorch.so"));
    assertThat(
            child(
                "",
                Map.of("PYTORCH_LIBRARY_PATH", directory.toString(), "PYTORCH_VERSION", "2.5.1")))
        .contains("PYTORCH_VERSION is '2.5.1'", "version 2.7.1", "docs/gpu.md");
  }

  @Test
  void use_anotherLibtorchThatFits_isUsed() throws Exception {
    assertThat(
            child("", Map.of("PYTORCH_LIBRARY_PATH", NativeLibraries.use().directory().toString())))
        .contains("PyTorch 2.7.1\n");
  }

  @Test
  void use_memoryThatMayBeMappedIsLimited_namesTheLimit() throws Exception {
    assertThat(child("ulimit -v 2200000; ", Map.of()))
        .contains("cannot be loaded", "(ulimit -v)")
        .doesNotContain("noexec");
  }

  @Test
  void use_smallOrNoexecFileSystem_namesTheDirectoryAndTheVariable() throws Exception {
    Path mount = Files.createDirectory(directory.resolve("mount"));
    String inNamespace = "exec unshare --map-root-user --mount sh -c '%s' \"$0\" \"$@\"; ";
    assumeTrue(
        new ProcessBuilder("unshare", "--map-root-user", "--mount", "true")
                .redirectErrorStream(true)
                .start()
                .waitFor()
            == 0,
        "no mounts for this user: unshare --mount is not permitted");
    String mounted = "mount -t tmpfs -o %s none " + mount + " && exec \"$0\" \"$@\"";
    Map<String, String> variables = Map.of("DJL_CACHE_DIR", mount.toString());
    assertThat(child(inNamespace.formatted(mounted.formatted("size=20m")), variables))
        .contains("No space left on device", mount.toString(), "DJL_CACHE_DIR");
    assertThat(child(inNamespace.formatted(mounted.formatted("size=1g,noexec")), variables))
        .contains("noexec", mount.toString(), "DJL_CACHE_DIR")
        .doesNotContain("ulimit");
    assertThat(child(inNamespace.formatted(mounted.formatted("ro")), variables))
        .contains("Read-only file system", mount.toString(), "DJL_CACHE_DIR");
  }

  @Test
  void unpack_directoryBelowAFile_isRefusedInASentence() throws IOException {
    Path file = Files.createFile(directory.resolve("file"));
    assertThatThrownBy(() -> NativeLibraries.unpack(file.resolve("x/y"), SMALL))
        .isInstanceOf(NativeLibraryException.class)
        .hasMessageContainingAll(file.toString(), "DJL_CACHE_DIR");
  }

  @Test
  void unpack_damagedFiles_areUnpackedAnew() throws IOException {
    Path target = directory.resolve("parent/libraries");
    NativeLibraries.unpack(target, SMALL);
    byte[] whole = Files.readAllBytes(target.resolve("a"));
    Files.write(target.resolve("a"), new byte[3]);
    NativeLibraries.unpack(target, SMALL);
    assertThat(Files.readAllBytes(target.resolve("a"))).isEqualTo(whole);
    Files.delete(target.resolve("b"));
    NativeLibraries.unpack(target, SMALL);
    assertThat(target.resolve("b")).exists();
    assertThat(directory.resolve("parent")).isDirectoryContaining("glob:**/libraries");
    try (Stream<Path> left = Files.list(directory.resolve("parent"))) {
      assertThat(left).hasSize(1);
    }
  }

  @Test
  void unpack_bySeveralAtOnce_leavesOneWholeDirectory() throws Exception {
    Path target = directory.resolve("parent/libraries");
    try (var threads = Executors.newFixedThreadPool(8)) {
      Callable<Path> unpack = () -> NativeLibraries.unpack(target, SMALL);
      for (Future<Path> end : threads.invokeAll(List.of(unpack, unpack, unpack, unpack, unpack))) {
        assertThat(end.get()).isEqualTo(target);
      }
    }
    try (Stream<Path> left = Files.list(directory.resolve("parent"))) {
      assertThat(left).containsExactly(target);
    }
  }

  @Test
  void cache_variablesAndHome_inTheOrderOfDjl() {
    String home = directory.toString();
    assertThat(NativeLibraries.cache(Map.of("HOME", home), "/nowhere"))
        .isEqualTo(directory.resolve(".djl.ai"));
    assertThat(NativeLibraries.cache(Map.of("HOME", home, "DJL_CACHE_DIR", "/d"), "?"))
        .isEqualTo(Path.of("/d"));
    assertThat(NativeLibraries.cache(Map.of("DJL_CACHE_DIR", "/d", "ENGINE_CACHE_DIR", "/e"), "?"))
        .isEqualTo(Path.of("/e"));
    assertThat(NativeLibraries.cache(Map.of(), home)).isEqualTo(directory.resolve(".djl.ai"));
    assertThat(NativeLibraries.cache(Map.of("HOME", "/nowhere"), home))
        .isEqualTo(directory.resolve(".djl.ai"));
  }
}
