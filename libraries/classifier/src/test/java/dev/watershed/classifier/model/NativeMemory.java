package dev.watershed.classifier.model;

import static org.assertj.core.api.Assertions.assertThat;

/** Checks that DJL holds no more after some work: its arrays are never collected. */
public final class NativeMemory {
  private NativeMemory() {}

  public static void assertNothingKept(Runnable work) {
    work.run(); // first use may build caches
    int before = NativeArrays.count();
    for (int i = 0; i < 20; i++) {
      work.run();
    }
    assertThat(NativeArrays.count()).isEqualTo(before);
  }
}
