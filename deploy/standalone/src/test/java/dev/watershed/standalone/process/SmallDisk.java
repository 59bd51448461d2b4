package dev.watershed.standalone.process;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A disk of a few mebibytes that one process has, in memory: mounted in name spaces of its own, so
 * that nobody needs to be root and nothing is left when the process ends, however it ends.
 *
 * @param mountPoint an empty directory
 */
record SmallDisk(Path mountPoint, int mebibytes) {
  /** Skips the test where this system lets nobody mount. */
  void assumeMountable() throws IOException, InterruptedException {
    String said;
    try {
      var command = new ArrayList<>(within());
      command.add("true");
      Process mounting = new ProcessBuilder(command).redirectErrorStream(true).start();
      said = new String(mounting.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (mounting.waitFor() == 0) {
        return;
      }
    } catch (IOException e) {
      said = String.valueOf(e.getMessage());
    }
    String reason = said.strip();
    assumeTrue(false, () -> "no small disk can be mounted here: " + reason);
  }

  /** What to put before a command, so that it runs with this disk. */
  List<String> within() {
    return List.of(
        "unshare",
        "--map-root-user",
        "--mount",
        "sh",
        "-c",
        "mount -t tmpfs -o size=" + mebibytes + "m watershed-test \"$0\" && exec \"$@\"",
        mountPoint.toString());
  }

  /** A path as the process sees it, for others. */
  private static Path seenBy(ServerProcess server, Path path) {
    return Path.of("/proc", Long.toString(server.pid()), "root")
        .resolve(path.toAbsolutePath().toString().substring(1));
  }

  /** The names of what a directory on the disk holds. */
  List<String> files(ServerProcess server, Path directory) throws IOException {
    try (var files = Files.list(seenBy(server, directory))) {
      return files.map(file -> file.getFileName().toString()).toList();
    }
  }

  private Path filling(ServerProcess server) {
    return seenBy(server, mountPoint.resolve("filling"));
  }

  /** Writes until nothing more can be written. */
  void fill(ServerProcess server) throws IOException {
    byte[] block = new byte[4096];
    try (OutputStream out = Files.newOutputStream(filling(server))) {
      while (true) {
        out.write(block);
      }
    } catch (IOException e) {
      if (!String.valueOf(e.getMessage()).contains("No space left on device")) {
        throw e;
      }
    }
  }

  /** Takes away what {@link #fill} wrote. */
  void free(ServerProcess server) throws IOException {
    Files.delete(filling(server));
  }
}
