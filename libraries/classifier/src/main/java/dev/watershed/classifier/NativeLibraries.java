package dev.watershed.classifier;

import dev.watershed.input.Quoted;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URL;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The native libraries that we ship, unpacked to where they can be loaded from. DJL would take
 * their versions from variables that images with PyTorch set for other programs (PYTORCH_VERSION),
 * and fetch those versions from the network; told by a property where the files lie, it does
 * neither.
 *
 * <p>They lie in {@code watershed/} below DJL's cache: DJL_CACHE_DIR, or else {@code ~/.djl.ai}.
 */
public final class NativeLibraries {
  /** Names another libtorch, such as one for CUDA; only somebody who means this program sets it. */
  private static final String OTHER_TORCH = "PYTORCH_LIBRARY_PATH";

  private static final String OTHER_TOKENIZERS = "RUST_LIBRARY_PATH";

  /** What a killed process left is older than any unpacking takes. */
  private static final Duration ABANDONED = Duration.ofHours(1);

  private static final String ASIDE = ".unpacking-";

  private static @Nullable NativeLibraries used;

  private final Path directory;
  private final String torchVersion;

  private NativeLibraries(Path directory, String torchVersion) {
    this.directory = directory;
    this.torchVersion = torchVersion;
  }

  /**
   * Unpacks what is not unpacked yet, and has DJL use it. To be called before anything of DJL is.
   *
   * @throws NativeLibraryException with the directory, where that does not go
   */
  public static synchronized NativeLibraries use() {
    NativeLibraries known = used;
    if (known == null) {
      known = prepare(System.getenv(), System.getProperty("user.home", ""));
      used = known;
    }
    return known;
  }

  /** Where they lie. */
  public Path directory() {
    return directory;
  }

  /** The version of libtorch, such as 2.7.1; empty where it is another that was named. */
  public String torchVersion() {
    return torchVersion;
  }

  private static NativeLibraries prepare(Map<String, String> variables, String listedHome) {
    // Neither models nor libraries nor news about us travel at run time.
    System.setProperty("ai.djl.offline", "true");
    System.setProperty("OPT_OUT_TRACKING", "true");
    for (String replacing : List.of(OTHER_TOKENIZERS, "DJL_DEFAULT_ENGINE")) {
      if (variables.containsKey(replacing)) {
        throw new NativeLibraryException(
            replacing
                + " is set, which would put other native libraries in the place of ours. Unset it.",
            null);
      }
    }
    Path directory = cache(variables, listedHome).resolve("watershed");
    String classifier = "linux-" + architecture();
    Properties tokenizers = properties("native/lib/tokenizers.properties");
    Path text =
        unpack(
            directory.resolve("tokenizers-" + version(tokenizers) + "-" + classifier),
            Map.of("libtokenizers.so", "native/lib/" + classifier + "/cpu/libtokenizers.so"));
    // DJL looks for GPUs by a library that unpacks itself, into a directory "?" of who has no home.
    System.setProperty("jna.tmpdir", directory.toString());
    System.setProperty(OTHER_TOKENIZERS, text.resolve("libtokenizers.so").toString());
    if (variables.containsKey(OTHER_TORCH)) {
      return new NativeLibraries(named(variables, classifier), "");
    }
    Properties torch = properties("native/lib/pytorch.properties");
    Map<String, String> files = new LinkedHashMap<>();
    for (String library : torch.getProperty("libraries", "").split(",")) {
      files.put(
          library, "pytorch/" + torch.getProperty("flavor") + "/" + classifier + "/" + library);
    }
    files.put("libdjl_torch.so", bridge(classifier, "cpu"));
    Path unpacked =
        unpack(directory.resolve("libtorch-" + version(torch) + "-cpu-" + classifier), files);
    System.setProperty(OTHER_TORCH, unpacked.toString());
    return new NativeLibraries(unpacked, version(torch).replaceFirst("-.*", ""));
  }

  /** DJL's own part, between Java and libtorch. */
  private static String bridge(String classifier, String flavor) {
    return "jnilib/" + classifier + "/" + flavor + "/libdjl_torch.so";
  }

  private static String architecture() {
    String name = System.getProperty("os.arch", "");
    return name.equals("amd64") ? "x86_64" : name;
  }

  private static String version(Properties properties) {
    return properties.getProperty("version", "");
  }

  /** A libtorch that was named is the one that is meant, with all that goes with it. */
  private static Path named(Map<String, String> variables, String classifier) {
    String named = variables.getOrDefault(OTHER_TORCH, "");
    Path directory = Path.of(named);
    if (named.isBlank() || !Files.isRegularFile(directory.resolve("libtorch.so"))) {
      throw new NativeLibraryException(
          OTHER_TORCH
              + " is '"
              + Quoted.of(named)
              + "', where there is no libtorch.so. Name the directory that holds it, or unset the"
              + " variable to compute on the CPU.",
          null);
    }
    if (Files.exists(directory.resolve("libdjl_torch.so"))) {
      return directory;
    }
    String ours = version(properties("native/lib/pytorch.properties")).replaceFirst("-.*", "");
    String version = Objects.requireNonNullElse(variables.get("PYTORCH_VERSION"), "");
    String flavor = Objects.requireNonNullElse(variables.get("PYTORCH_FLAVOR"), "");
    if (!List.of("", ours).contains(version) || resource(bridge(classifier, flavor)) == null) {
      throw new NativeLibraryException(
          String.format(
              Locale.ROOT,
              "%s names a libtorch, and PYTORCH_VERSION is '%s', PYTORCH_FLAVOR '%s': this program"
                  + " can speak to version %s of flavor cu128 or cpu. Set both to what lies there,"
                  + " or put a libdjl_torch.so made for it beside it; docs/gpu.md says how.",
              OTHER_TORCH,
              Quoted.of(version),
              Quoted.of(flavor),
              ours),
          null);
    }
    return directory;
  }

  /** Where DJL would keep them, but that home is HOME, as for other programs. */
  static Path cache(Map<String, String> variables, String listedHome) {
    for (String variable : List.of("ENGINE_CACHE_DIR", "DJL_CACHE_DIR")) {
      String named = variables.getOrDefault(variable, "");
      if (!named.isBlank()) {
        return Path.of(named).toAbsolutePath();
      }
    }
    for (String home : Arrays.asList(variables.get("HOME"), listedHome)) {
      // "?" for a user who is in no list of users.
      if (home != null && home.startsWith("/") && Files.isWritable(Path.of(home))) {
        return Path.of(home, ".djl.ai");
      }
    }
    Path shared = Path.of(System.getProperty("java.io.tmpdir", "/tmp"), ".djl.ai");
    requireOwn(shared);
    return shared;
  }

  /** What another user put into a directory that all may write, we do not run. */
  private static void requireOwn(Path directory) {
    try {
      if (Files.exists(directory, LinkOption.NOFOLLOW_LINKS)
          && !Files.getAttribute(directory, "unix:uid", LinkOption.NOFOLLOW_LINKS)
              .equals(Files.getAttribute(Path.of("/proc/self"), "unix:uid"))) {
        throw new NativeLibraryException(
            "there is no home directory to unpack native libraries to, and "
                + directory
                + " belongs to another user. Name a directory with DJL_CACHE_DIR.",
            null);
      }
    } catch (IOException e) {
      throw new NativeLibraryException(
          "cannot tell whose " + directory + " is. Name another directory with DJL_CACHE_DIR.", e);
    }
  }

  /**
   * @param files names of resources by names of files
   * @return the directory
   */
  static Path unpack(Path directory, Map<String, String> files) {
    Map<String, Long> sizes = new LinkedHashMap<>();
    files.forEach((file, resource) -> sizes.put(file, size(resource)));
    if (isWhole(directory, sizes)) {
      return directory;
    }
    Path parent = Objects.requireNonNull(directory.getParent());
    Path aside = null;
    try {
      Files.createDirectories(parent);
      removeAbandoned(parent);
      aside = Files.createTempDirectory(parent, ASIDE);
      for (Map.Entry<String, String> file : files.entrySet()) {
        try (InputStream from = open(file.getValue())) {
          Files.copy(from, aside.resolve(file.getKey()));
        }
      }
      replace(directory, aside, sizes);
      return directory;
    } catch (IOException e) {
      throw new NativeLibraryException(
          String.format(
              Locale.ROOT,
              "the native libraries in %s (%d MiB) cannot be unpacked: %s. Give it room and"
                  + " permissions, or name another directory with DJL_CACHE_DIR.",
              directory,
              1 + (sizes.values().stream().mapToLong(Long::longValue).sum() >> 20),
              reason(e)),
          e);
    } finally {
      removeQuietly(aside);
    }
  }

  private static boolean isWhole(Path directory, Map<String, Long> sizes) {
    return sizes.entrySet().stream()
        .allMatch(file -> directory.resolve(file.getKey()).toFile().length() == file.getValue());
  }

  /** Other processes may do the same; one that has loaded the old files keeps them. */
  private static void replace(Path directory, Path aside, Map<String, Long> sizes)
      throws IOException {
    if (isWhole(directory, sizes)) {
      return;
    }
    Path old = null;
    try {
      if (Files.exists(directory)) {
        old = Files.createTempDirectory(Objects.requireNonNull(directory.getParent()), ASIDE);
        Files.move(directory, old.resolve("old"), StandardCopyOption.ATOMIC_MOVE);
      }
      Files.move(aside, directory, StandardCopyOption.ATOMIC_MOVE);
    } catch (FileSystemException e) {
      if (!isWhole(directory, sizes)) {
        throw e;
      }
    } finally {
      removeQuietly(old);
    }
  }

  private static void removeAbandoned(Path parent) throws IOException {
    Instant recent = Instant.now().minus(ABANDONED);
    try (DirectoryStream<Path> left = Files.newDirectoryStream(parent, ASIDE + "*")) {
      for (Path directory : left) {
        try {
          if (Files.getLastModifiedTime(directory).toInstant().isBefore(recent)) {
            removeQuietly(directory);
          }
        } catch (NoSuchFileException e) {
          continue; // another process was at work there, and is done
        }
      }
    }
  }

  private static void removeQuietly(@Nullable Path directory) {
    if (directory == null || !Files.exists(directory)) {
      return;
    }
    try (Stream<Path> parts = Files.walk(directory)) {
      List<Path> found = new ArrayList<>(parts.toList());
      for (Path part : found.reversed()) {
        Files.deleteIfExists(part);
      }
    } catch (IOException | UncheckedIOException e) {
      return; // the next one that unpacks removes it
    }
  }

  private static String reason(IOException failure) {
    if (failure instanceof AccessDeniedException denied) {
      return denied.getFile() + " may not be written by this user";
    }
    if (failure instanceof FileSystemException file && file.getReason() != null) {
      return file.getFile() + ": " + file.getReason();
    }
    return String.valueOf(failure.getMessage());
  }

  private static @Nullable URL resource(String name) {
    return NativeLibraries.class.getClassLoader().getResource(name);
  }

  private static URL requireResource(String name) {
    URL found = resource(name);
    if (found == null) {
      throw new NativeLibraryException(
          "this program was put together without "
              + name
              + ": it has native libraries for Linux on x86-64 alone",
          null);
    }
    return found;
  }

  private static InputStream open(String name) throws IOException {
    return requireResource(name).openStream();
  }

  private static long size(String name) {
    try {
      return requireResource(name).openConnection().getContentLengthLong();
    } catch (IOException e) {
      throw new NativeLibraryException(name + " cannot be read: " + reason(e), e);
    }
  }

  private static Properties properties(String name) {
    Properties properties = new Properties();
    try (InputStream from = open(name)) {
      properties.load(from);
    } catch (IOException e) {
      throw new NativeLibraryException(name + " cannot be read: " + reason(e), e);
    }
    return properties;
  }

  /**
   * What a library that cannot be loaded says, in a sentence.
   *
   * @param failure of DJL's, or of the virtual machine's
   */
  public NativeLibraryException cannotBeLoaded(Throwable failure) {
    Throwable cause = failure;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    // The virtual machine says the file twice.
    String said = String.valueOf(cause.getMessage()).replaceAll("(\\S+: )\\1", "$1");
    String advice = "Name another directory with DJL_CACHE_DIR, or remove this one.";
    if (said.contains("failed to map segment") || said.contains("annot allocate memory")) {
      advice =
          addressSpaceIsLimited()
              ? "The memory that a process may map is limited (ulimit -v); it needs some 6 GB."
              : "Its file system may be mounted noexec: name another directory with DJL_CACHE_DIR.";
    }
    return new NativeLibraryException(
        "the native libraries in " + directory + " cannot be loaded: " + said + ". " + advice,
        failure);
  }

  private static boolean addressSpaceIsLimited() {
    try {
      return Files.readAllLines(Path.of("/proc/self/limits")).stream()
          .anyMatch(line -> line.matches("Max address space +\\d.*"));
    } catch (IOException e) {
      return false;
    }
  }
}
