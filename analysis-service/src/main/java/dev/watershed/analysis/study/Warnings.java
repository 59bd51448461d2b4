package dev.watershed.analysis.study;

import dev.watershed.type.v1.Warning;
import dev.watershed.type.v1.WarningReason;

/** Makes warnings. */
final class Warnings {
  private Warnings() {}

  /**
   * @param subject a resource name or a sample's name; empty for the whole
   */
  static Warning of(WarningReason reason, String subject, String message) {
    return Warning.newBuilder().setReason(reason).setSubject(subject).setMessage(message).build();
  }

  /** A warning of the whole. */
  static Warning of(WarningReason reason, String message) {
    return of(reason, "", message);
  }
}
