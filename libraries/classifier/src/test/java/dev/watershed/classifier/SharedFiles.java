package dev.watershed.classifier;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;

/** Real data and vocabularies, which are not part of this repository. */
public final class SharedFiles {
  /**
   * Marks the tests that need them: {@code .ci/run} runs all tests without these files, as anybody
   * outside would, and then these with them.
   */
  public static final String TAG = "shared";

  private SharedFiles() {}

  /**
   * Returns a file below {@code WATERSHED_SHARED}, by default the directory {@code shared} beside
   * the repository; skips the test where it is absent. Not to be called inside an assertion on an
   * exception, which would take the skip for a failure.
   */
  public static Path require(String name) {
    Path file = root().resolve(name).normalize();
    assumeTrue(Files.exists(file), () -> file + " is absent; set WATERSHED_SHARED");
    return file;
  }

  private static Path root() {
    String configured = System.getenv("WATERSHED_SHARED");
    if (configured != null) {
      return Path.of(configured);
    }
    // Maven runs tests in the module's directory.
    return Path.of("").toAbsolutePath().resolve("../../../shared");
  }
}
