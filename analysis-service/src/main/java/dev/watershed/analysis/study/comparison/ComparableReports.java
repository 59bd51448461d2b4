package dev.watershed.analysis.study.comparison;

import static dev.watershed.server.RefusedException.invalidArgument;

import dev.watershed.analysis.study.spec.AlphaGrid;
import dev.watershed.analysis.v1.StudyReport;
import dev.watershed.server.RefusedException;

/** Metrics compare on the same alphas, and losses on the same examples. */
public final class ComparableReports {
  private ComparableReports() {}

  /**
   * @param field of the request that names the other study
   * @throws RefusedException INVALID_ARGUMENT where the two cannot be compared
   */
  public static void check(StudyReport first, StudyReport other, String field) {
    var alphas = AlphaGrid.of(first.getSpec());
    var otherAlphas = AlphaGrid.of(other.getSpec());
    if (!alphas.equals(otherAlphas)) {
      throw invalidArgument(
          "ALPHAS_DIFFER",
          field,
          "%s has curves of %s and %s of %s; metrics compare on the same alphas alone. Create studies with one protocol."
              .formatted(first.getStudy(), alphas, other.getStudy(), otherAlphas));
    }
    var digest = first.getInDomainDigest().getSha256();
    var otherDigest = other.getInDomainDigest().getSha256();
    if (!digest.equals(otherDigest)) {
      throw invalidArgument(
          "IN_DOMAIN_SAMPLE_DIFFERS",
          field,
          "%s was measured on the in-domain sample %s and %s on %s; losses compare on the same examples alone. Create studies with one sample, and see that its file has not changed."
              .formatted(first.getStudy(), digest, other.getStudy(), otherDigest));
    }
  }
}
