package dev.watershed.analysis.study.measuring;

import com.google.common.hash.Hasher;
import com.google.common.hash.Hashing;
import dev.watershed.eval.v1.SampleDescription;
import dev.watershed.type.v1.LabelMapping;
import dev.watershed.type.v1.Precision;
import dev.watershed.type.v1.Provenance;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;

/** By what studies know each other's points, besides the digests of the models. */
final class PointIdentity {
  /**
   * What must agree for points to stand in one curve, in the order of the hash: the version of
   * Watershed, whose scores may have been corrected, the engine, the kind of device and its
   * processor, the precision and the kernels, by their id and never by what people are told of
   * them. Threads need not: they change the order of sums, and with it the last bits.
   */
  private static final List<Part> ARITHMETIC =
      List.of(
          new Part("version", Provenance::getWatershedVersion),
          new Part("engine", Provenance::getEngine),
          new Part("device", Provenance::getDevice),
          new Part("precision", provenance -> precision(provenance).name()),
          new Part("kernels", Provenance::getKernelId),
          new Part("instruction set", Provenance::getInstructionSet),
          new Part("processor", Provenance::getProcessor));

  private record Part(String name, Function<Provenance, String> of) {}

  private PointIdentity() {}

  /** Names rows, tokens and labels, what the labels mean to the models, and what F1 is of. */
  static String ofSample(SampleDescription described, LabelMapping mapping) {
    var hasher = Hashing.sha256().newHasher();
    put(hasher, described.getDigest().getSha256());
    put(hasher, described.getPositiveLabel());
    return hasher.putBytes(mapping.toByteArray()).hash().toString();
  }

  /** Names the arithmetic of points. */
  static String ofArithmetic(Provenance provenance) {
    var hasher = Hashing.sha256().newHasher();
    ARITHMETIC.forEach(part -> put(hasher, part.of().apply(provenance)));
    return hasher.hash().toString();
  }

  /** In what the arithmetic of one differs from that of another, for people. */
  static String differences(Provenance one, Provenance other) {
    return ARITHMETIC.stream()
        .filter(part -> !part.of().apply(one).equals(part.of().apply(other)))
        .map(
            part ->
                "%s %s, not %s"
                    .formatted(part.name(), part.of().apply(one), part.of().apply(other)))
        .collect(Collectors.joining("; "));
  }

  private static Precision precision(Provenance provenance) {
    return provenance.getPrecision() == Precision.PRECISION_UNSPECIFIED
        ? Precision.PRECISION_FP32
        : provenance.getPrecision();
  }

  private static void put(Hasher hasher, String text) {
    hasher.putInt(text.length()).putUnencodedChars(text);
  }
}
