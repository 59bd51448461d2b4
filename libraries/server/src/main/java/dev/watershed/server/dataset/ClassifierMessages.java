package dev.watershed.server.dataset;

import dev.watershed.classifier.checkpoint.Digest;
import dev.watershed.classifier.model.ClassificationScores;
import dev.watershed.classifier.model.ComputePrecision;
import dev.watershed.classifier.model.Processor;
import dev.watershed.classifier.model.Torch;
import dev.watershed.server.Version;
import dev.watershed.server.v1.Device;
import dev.watershed.server.v1.DeviceKind;
import dev.watershed.server.v1.ServerInfo;
import dev.watershed.type.v1.ClassificationMetrics;
import dev.watershed.type.v1.Precision;
import dev.watershed.type.v1.Provenance;

/** The classifier's results as messages. */
public final class ClassifierMessages {
  private ClassifierMessages() {}

  public static dev.watershed.type.v1.Digest digest(Digest digest) {
    return dev.watershed.type.v1.Digest.newBuilder()
        .setSha256(digest.sha256())
        .setSizeBytes(digest.sizeBytes())
        .build();
  }

  /**
   * Returns scores as a message.
   *
   * @param positiveLabel what F1 is of; empty where it is the mean over all labels
   */
  public static ClassificationMetrics metrics(ClassificationScores scores, String positiveLabel) {
    return ClassificationMetrics.newBuilder()
        .setMeanLossNats(scores.meanLossNats())
        .setAccuracy(scores.accuracy())
        .setF1(scores.f1())
        .setMatthewsCorrelation(scores.matthewsCorrelation())
        .setExpectedCalibrationError(scores.expectedCalibrationError())
        .setExampleCount(scores.exampleCount())
        .setPositiveLabel(positiveLabel)
        .build();
  }

  /** The classifier's name for a precision; fp32 where none is said. */
  public static ComputePrecision computePrecision(Precision precision) {
    return precision == Precision.PRECISION_BF16 ? ComputePrecision.BF16 : ComputePrecision.FP32;
  }

  /** What computes in this process. */
  public static Provenance provenance(ComputePrecision precision) {
    return provenance(
        switch (precision) {
          case FP32 -> Precision.PRECISION_FP32;
          case BF16 -> Precision.PRECISION_BF16;
        });
  }

  /** Tells what computes in this process. */
  public static void addComputing(ServerInfo.Builder info) {
    info.setProvenance(provenance(Precision.PRECISION_UNSPECIFIED))
        .clearFastPrecisions()
        .addFastPrecisions(Precision.PRECISION_FP32)
        .clearPrecisions()
        .addPrecisions(Precision.PRECISION_FP32)
        .addPrecisions(Precision.PRECISION_BF16)
        .clearDevices()
        .addDevices(device());
    if (Torch.hasFastBf16()) {
      info.addFastPrecisions(Precision.PRECISION_BF16);
    }
  }

  private static Device device() {
    var device =
        Device.newBuilder()
            .setName(Torch.settings().device())
            .setKind(
                Torch.settings().isCpu() ? DeviceKind.DEVICE_KIND_CPU : DeviceKind.DEVICE_KIND_CUDA)
            .setProcessor(Processor.current().name())
            .setThreads(Torch.threads());
    Torch.memoryBytes().ifPresent(device::setMemoryBytes);
    return device.build();
  }

  /** What computes in this process. */
  public static Provenance provenance(Precision precision) {
    Processor processor = Processor.current();
    return Provenance.newBuilder()
        .setWatershedVersion(Version.CURRENT)
        .setEngine(Torch.engineVersion())
        .setDevice(Torch.settings().device())
        .setThreads(Torch.threads())
        .setPrecision(precision)
        .setKernels(Torch.kernels(computePrecision(precision)))
        .setKernelId(Torch.kernelId(computePrecision(precision)))
        .setInstructionSet(processor.instructionSet())
        .setProcessor(processor.name())
        .build();
  }
}
