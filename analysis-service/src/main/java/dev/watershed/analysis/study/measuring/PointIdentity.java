package dev.watershed.analysis.study.measuring;

import com.google.common.hash.Hasher;
import com.google.common.hash.Hashing;
import dev.watershed.eval.v1.SampleDescription;
import dev.watershed.type.v1.LabelMapping;
import dev.watershed.type.v1.Precision;
import dev.watershed.type.v1.Provenance;

/** By what studies know each other's points, besides the digests of the models. */
final class PointIdentity {
  private PointIdentity() {}

  /** Names rows, tokens and labels, what the labels mean to the models, and what F1 is of. */
  static String ofSample(SampleDescription described, LabelMapping mapping) {
    var hasher = Hashing.sha256().newHasher();
    put(hasher, described.getDigest().getSha256());
    put(hasher, described.getPositiveLabel());
    return hasher.putBytes(mapping.toByteArray()).hash().toString();
  }

  /**
   * Names what must agree for points to stand in one curve: the version of Watershed, whose scores
   * may have been corrected, the engine, the kind of device and its processor, the precision and
   * the kernels, by their id and never by what people are told of them. Threads need not: they
   * change the order of sums, and with it the last bits.
   */
  static String ofArithmetic(Provenance provenance) {
    var precision =
        provenance.getPrecision() == Precision.PRECISION_UNSPECIFIED
            ? Precision.PRECISION_FP32
            : provenance.getPrecision();
    var hasher = Hashing.sha256().newHasher();
    put(hasher, provenance.getWatershedVersion());
    put(hasher, provenance.getEngine());
    put(hasher, provenance.getDevice());
    put(hasher, precision.name());
    put(hasher, provenance.getKernelId());
    put(hasher, provenance.getInstructionSet());
    put(hasher, provenance.getProcessor());
    return hasher.hash().toString();
  }

  private static void put(Hasher hasher, String text) {
    hasher.putInt(text.length()).putUnencodedChars(text);
  }
}
