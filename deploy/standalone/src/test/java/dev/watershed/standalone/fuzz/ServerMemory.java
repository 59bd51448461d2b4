package dev.watershed.standalone.fuzz;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;

/**
 * What a server holds after its garbage was collected, in bytes.
 *
 * @param resident of the process, native memory included
 * @param heap objects that live
 */
record ServerMemory(long resident, long heap) {
  private static final Pattern RESIDENT = Pattern.compile("VmRSS:\\s+(\\d+) kB");
  private static final Pattern USED = Pattern.compile("used (\\d+)K");

  static ServerMemory of(long pid) throws IOException, InterruptedException {
    jcmd(pid, "GC.run");
    String said = jcmd(pid, "GC.heap_info");
    long heap = 0;
    // One line for each generation; what follows is no heap.
    var used = USED.matcher(said.split("Metaspace", 2)[0]);
    while (used.find()) {
      heap += Long.parseLong(used.group(1)) << 10;
    }
    var resident =
        RESIDENT.matcher(Files.readString(Path.of("/proc", Long.toString(pid), "status")));
    if (heap == 0 || !resident.find()) {
      throw new AssertionError("the process does not tell its memory: " + said);
    }
    return new ServerMemory(Long.parseLong(resident.group(1)) << 10, heap);
  }

  private static String jcmd(long pid, String what) throws IOException, InterruptedException {
    var process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(),
                Long.toString(pid),
                what)
            .redirectErrorStream(true)
            .start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    process.waitFor();
    return said;
  }

  @Override
  public String toString() {
    return (resident >> 20) + " MiB resident, " + (heap >> 20) + " MiB of objects";
  }
}
