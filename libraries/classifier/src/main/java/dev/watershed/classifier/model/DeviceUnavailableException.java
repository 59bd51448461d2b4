package dev.watershed.classifier.model;

/** The device that libtorch was told to compute on is not there or cannot be used. */
public final class DeviceUnavailableException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  DeviceUnavailableException(String message) {
    super(message);
  }
}
