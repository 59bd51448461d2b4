package dev.watershed.classifier.model;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The processor as far as it decides the bits of a result. libtorch, oneDNN and MKL choose their
 * code by instruction set, maker and model, and code that adds in another order rounds otherwise.
 *
 * @param instructionSet the widest that the libraries use, for example {@code avx512_bf16}, and
 *     what the environment forbids them
 * @param name maker, family and model, for example {@code AuthenticAMD 25/17}; that of the GPU
 *     where one computes
 */
public record Processor(String instructionSet, String name) {
  private static final Logger LOG = LoggerFactory.getLogger(Processor.class);

  /** From the widest on. */
  private static final Map<String, Set<String>> INSTRUCTION_SETS = instructionSets();

  /** What makes the libraries use less than there is, or other code. */
  private static final List<String> VARIABLES =
      List.of(
          "ATEN_CPU_CAPABILITY",
          "DNNL_MAX_CPU_ISA",
          "ONEDNN_MAX_CPU_ISA",
          "ONEDNN_DEFAULT_FPMATH_MODE",
          "MKL_CBWR",
          "MKL_ENABLE_INSTRUCTIONS",
          "MKL_DEBUG_CPU_TYPE");

  private static Map<String, Set<String>> instructionSets() {
    Map<String, Set<String>> sets = new LinkedHashMap<>();
    sets.put("amx", Set.of("amx_tile", "amx_bf16"));
    sets.put("avx512_bf16", Set.of("avx512f", "avx512bw", "avx512_bf16"));
    sets.put("avx512_vnni", Set.of("avx512f", "avx512bw", "avx512_vnni"));
    sets.put("avx512", Set.of("avx512f", "avx512bw", "avx512vl", "avx512dq"));
    sets.put("avx2", Set.of("avx2", "fma"));
    sets.put("avx", Set.of("avx"));
    sets.put("sse4", Set.of("sse4_1"));
    // Arm's.
    sets.put("sve_bf16", Set.of("sve", "bf16"));
    sets.put("sve", Set.of("sve"));
    sets.put("asimd_bf16", Set.of("asimd", "bf16"));
    sets.put("asimd", Set.of("asimd"));
    return sets;
  }

  /** The one that computes in this process. */
  public static Processor current() {
    return Torch.settings().isCpu() ? Cpu.HERE : Gpu.at(Torch.settings().gpu());
  }

  /**
   * Reads what Linux says of a CPU.
   *
   * @param cpuInfo lines as of {@code /proc/cpuinfo}; of several processors, the first counts
   * @param architecture Java's name of it, for where the lines say nothing
   * @param environment variables by name
   */
  static Processor cpu(List<String> cpuInfo, String architecture, Map<String, String> environment) {
    Map<String, String> facts = new LinkedHashMap<>();
    for (String line : cpuInfo) {
      int colon = line.indexOf(':');
      if (colon > 0) {
        facts.putIfAbsent(line.substring(0, colon).strip(), line.substring(colon + 1).strip());
      }
    }
    Set<String> flags =
        new HashSet<>(
            Arrays.asList(
                (facts.getOrDefault("flags", "") + " " + facts.getOrDefault("Features", ""))
                    .split("\\s+")));
    List<String> set = new ArrayList<>();
    set.add(
        INSTRUCTION_SETS.entrySet().stream()
            .filter(entry -> flags.containsAll(entry.getValue()))
            .map(Map.Entry::getKey)
            .findFirst()
            .orElse(architecture));
    for (String variable : VARIABLES) {
      String value = environment.getOrDefault(variable, "");
      if (!value.isBlank()) {
        set.add(variable + "=" + value.strip().toLowerCase(Locale.ROOT));
      }
    }
    String name =
        Stream.of("vendor_id", "cpu family", "model", "CPU implementer", "CPU part")
            .filter(facts::containsKey)
            .map(facts::get)
            .collect(Collectors.joining("/"));
    return new Processor(String.join(" ", set), name.isEmpty() ? architecture : name);
  }

  private static final class Cpu {
    static final Processor HERE =
        cpu(lines(Path.of("/proc/cpuinfo")), System.getProperty("os.arch", ""), System.getenv());
  }

  private static final class Gpu {
    /** The driver tells a GPU's model; without its files, GPUs are all alike to us. */
    static Processor at(int index) {
      String model = "";
      try (Stream<Path> gpus = Files.list(Path.of("/proc/driver/nvidia/gpus"))) {
        List<Path> ordered = gpus.sorted().toList();
        // Which of them CUDA calls by this number is not known where they differ: name all.
        model =
            ordered.stream()
                .flatMap(gpu -> lines(gpu.resolve("information")).stream())
                .filter(line -> line.startsWith("Model:"))
                .map(line -> line.substring("Model:".length()).strip())
                .distinct()
                .collect(Collectors.joining(", "));
      } catch (IOException e) {
        LOG.info("the model of GPU {} is not known: {}", index, e.toString());
      }
      return new Processor("cuda", model);
    }
  }

  private static List<String> lines(Path file) {
    try {
      return Files.readAllLines(file);
    } catch (IOException e) {
      LOG.info("{} cannot be read, so the processor is known by its architecture alone", file);
      return List.of();
    }
  }
}
