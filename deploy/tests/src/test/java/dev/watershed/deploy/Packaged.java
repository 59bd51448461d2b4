package dev.watershed.deploy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** What {@code package} makes, run as a process of its own. */
final class Packaged {
  static final Path PROJECT = Path.of("..", "..").toAbsolutePath().normalize();

  private Packaged() {}

  /** What a process that ended wrote, and how it ended. */
  record Ended(int code, String output) {}

  /** Runs one of the three services, whose keys are its own. */
  static Ended service(String module, Map<String, String> variables, List<String> arguments)
      throws IOException, InterruptedException {
    Path target = PROJECT.resolve("deploy").resolve(module).resolve("target");
    String jar;
    try (var files = Files.list(target)) {
      jar =
          files
              .map(Path::toString)
              .filter(file -> file.endsWith(".jar"))
              .findFirst()
              .orElseThrow(() -> new IllegalStateException("'package' has not run: " + target));
    }
    String classes = jar + ":" + Files.readString(target.resolve("classpath")).strip();
    return run(
        java(classes, "dev.watershed." + module + ".Main", arguments), variables, PROJECT, 1);
  }

  /** Runs the command line, with the services in its own process where it serves. */
  static Ended commandLine(Path directory, String... arguments)
      throws IOException, InterruptedException {
    String classes = PROJECT.resolve("deploy/standalone/target/watershed/lib") + "/*";
    return run(
        java(classes, "dev.watershed.standalone.Main", List.of(arguments)), Map.of(), directory, 8);
  }

  /** The jars of a server that speaks S3, and more. */
  static List<Path> s3Server() {
    Path classes = PROJECT.resolve("libraries/s3/target/test-classpath");
    try {
      return Stream.of(Files.readString(classes).strip().split(":", -1))
          .map(Path::of)
          .filter(path -> path.toString().endsWith(".jar"))
          .toList();
    } catch (IOException e) {
      throw new IllegalStateException("'package' has not run: " + classes, e);
    }
  }

  private static List<String> java(String classes, String main, List<String> arguments) {
    var command = new ArrayList<String>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of(
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-Xmx512m",
            "-Dwatershed.log=WARN",
            "-cp",
            classes,
            main));
    command.addAll(arguments);
    return command;
  }

  /** Runs a program with these variables of the environment besides ours. */
  static Ended run(
      List<String> command, Map<String, String> variables, Path directory, long minutes)
      throws IOException, InterruptedException {
    Path output = Files.createTempFile("output", ".txt");
    try {
      var builder =
          new ProcessBuilder(command)
              .directory(directory.toFile())
              .redirectErrorStream(true)
              .redirectOutput(output.toFile());
      builder.environment().putAll(variables);
      Process process = builder.start();
      if (!process.waitFor(minutes, TimeUnit.MINUTES)) {
        process.destroyForcibly().waitFor();
        throw new AssertionError(command + " did not end:\n" + Files.readString(output));
      }
      return new Ended(process.exitValue(), Files.readString(output));
    } finally {
      Files.delete(output);
    }
  }
}
