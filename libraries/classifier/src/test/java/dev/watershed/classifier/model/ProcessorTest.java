package dev.watershed.classifier.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class ProcessorTest {
  private static final List<String> ZEN4 =
      List.of(
          "processor\t: 0",
          "vendor_id\t: AuthenticAMD",
          "cpu family\t: 25",
          "model\t\t: 17",
          "model name\t: AMD EPYC 9354",
          "flags\t\t: fpu avx fma avx2 avx512f avx512dq avx512bw avx512vl avx512_bf16 avx512_vnni",
          "",
          "processor\t: 1",
          "vendor_id\t: GenuineIntel");

  @Test
  void cpu_linuxOnX86_isMakerModelAndWidestInstructions() {
    assertThat(processor(ZEN4)).isEqualTo(new Processor("avx512_bf16", "AuthenticAMD/25/17"));
    assertThat(
            processor(
                List.of(
                    "vendor_id : GenuineIntel",
                    "cpu family : 6",
                    "model : 143",
                    "flags : avx2 fma avx512f avx512bw avx512_bf16 amx_tile amx_bf16")))
        .isEqualTo(new Processor("amx", "GenuineIntel/6/143"));
    assertThat(processor(List.of("vendor_id : GenuineIntel", "flags : sse4_1 avx avx2 fma")))
        .isEqualTo(new Processor("avx2", "GenuineIntel"));
  }

  @Test
  void cpu_linuxOnArm_isImplementerAndPart() {
    assertThat(
            processor(
                List.of(
                    "Features : fp asimd sve bf16", "CPU implementer : 0x41", "CPU part : 0xd40")))
        .isEqualTo(new Processor("sve_bf16", "0x41/0xd40"));
  }

  /** oneDNN told to use less computes by other code. */
  @Test
  void cpu_environmentForbidsInstructions_isAnotherSet() {
    var environment = Map.of("ONEDNN_MAX_CPU_ISA", "AVX2", "ATEN_CPU_CAPABILITY", " ");
    assertThat(Processor.cpu(ZEN4, "amd64", environment).instructionSet())
        .isEqualTo("avx512_bf16 ONEDNN_MAX_CPU_ISA=avx2");
  }

  @Test
  void cpu_nothingKnown_isTheArchitecture() {
    assertThat(processor(List.of())).isEqualTo(new Processor("amd64", "amd64"));
  }

  @Test
  void current_here_saysSomething() {
    assertThat(Processor.current().instructionSet()).isNotBlank();
    assertThat(Processor.current().name()).isNotBlank();
  }

  private static Processor processor(List<String> cpuInfo) {
    return Processor.cpu(cpuInfo, "amd64", Map.of());
  }
}
