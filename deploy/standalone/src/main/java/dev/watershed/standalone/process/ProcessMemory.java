package dev.watershed.standalone.process;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Resident memory of this process, native memory included, as Linux counts it. */
public final class ProcessMemory {
  private static final Path STATUS = Path.of("/proc/self/status");
  private static final Path CLEAR = Path.of("/proc/self/clear_refs");

  private ProcessMemory() {}

  /** Bytes resident now; 0 where the system does not tell. */
  public static long residentBytes() {
    return read("VmRSS:");
  }

  /** The most bytes that were resident since the start or the last reset; 0 likewise. */
  public static long peakResidentBytes() {
    return read("VmHWM:");
  }

  /** Forgets the peak so far. Returns whether the system let it. */
  public static boolean resetPeak() {
    try {
      Files.writeString(CLEAR, "5");
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private static long read(String key) {
    try {
      return Files.readAllLines(STATUS).stream()
          .filter(line -> line.startsWith(key))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024)
          .findFirst()
          .orElse(0);
    } catch (IOException e) {
      return 0;
    }
  }
}
