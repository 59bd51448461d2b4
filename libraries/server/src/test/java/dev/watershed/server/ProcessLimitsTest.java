package dev.watershed.server;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ProcessLimitsTest {
  private static final long MIB = 1 << 20;

  /** With a quarter for the heap, as a virtual machine takes. */
  @ParameterizedTest
  @CsvSource({"512, 128, 64", "1024, 256, 288", "4096, 1024, 2016", "65536, 16384, 36576"})
  void nativeMemory_ofAContainer_isAShareOfWhatTheHeapLeaves(long memory, long heap, long share) {
    var limits = new ProcessLimits(2, memory * MIB, true, heap * MIB);
    assertThat(limits.nativeMemory(7)).isEqualTo(share * MIB);
    assertThat(limits.nativeMemory(7) + limits.heap()).isLessThan(limits.memory());
  }

  @Test
  void nativeMemory_ofAMachine_isWhatWasSaid() {
    assertThat(new ProcessLimits(2, 64 << 10, false, 16 << 10).nativeMemory(7)).isEqualTo(7);
  }

  @Test
  void now_here_isWhatTheVirtualMachineHas() {
    var limits = ProcessLimits.now();
    assertThat(limits.processors()).isEqualTo(Runtime.getRuntime().availableProcessors());
    assertThat(limits.heap()).isEqualTo(Runtime.getRuntime().maxMemory());
    assertThat(limits.memory()).isGreaterThan(limits.heap());
    assertThat(limits.toString()).contains(" MiB of memory (", "heap takes up to ");
  }
}
