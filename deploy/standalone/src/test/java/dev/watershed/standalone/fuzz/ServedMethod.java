package dev.watershed.standalone.fuzz;

import com.google.protobuf.Descriptors.MethodDescriptor;

/** One rpc. */
record ServedMethod(MethodDescriptor descriptor) {
  /** As a path names it: {@code watershed.eval.v1.EvaluationService/GetStatistics}. */
  String name() {
    return descriptor.getService().getFullName() + "/" + descriptor.getName();
  }

  /** Whether it is one of the project's own, whose refusals carry details. */
  boolean isOurs() {
    return name().startsWith("watershed.");
  }
}
