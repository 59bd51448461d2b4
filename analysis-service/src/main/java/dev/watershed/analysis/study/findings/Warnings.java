package dev.watershed.analysis.study.findings;

import dev.watershed.type.v1.Warning;
import dev.watershed.type.v1.WarningReason;

/** Makes warnings. */
public final class Warnings {
  private Warnings() {}

  /**
   * @param subject a resource name or a sample's name; empty for the whole
   */
  public static Warning of(WarningReason reason, String subject, String message) {
    return Warning.newBuilder().setReason(reason).setSubject(subject).setMessage(message).build();
  }

  /** A warning of the whole. */
  public static Warning of(WarningReason reason, String message) {
    return of(reason, "", message);
  }
}
