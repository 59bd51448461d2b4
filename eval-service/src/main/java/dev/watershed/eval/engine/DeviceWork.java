package dev.watershed.eval.engine;

/**
 * What the device's threads have done.
 *
 * @param busyNanos from taking work to having done it; loading, interpolating and forward are parts
 *     of it
 * @param loadingNanos waiting for weights to be read
 * @param interpolatingNanos combining weights; on a GPU, where this is only asked for, its time is
 *     among that of the forward pass after it
 * @param forwardNanos forward passes
 * @param tokens of examples passed through the encoder; passes that were cancelled not counted
 * @param paddedTokens the same with padding
 * @param floatingPointOperations of the matrix products of the same passes
 */
public record DeviceWork(
    long busyNanos,
    long loadingNanos,
    long interpolatingNanos,
    long forwardNanos,
    long tokens,
    long paddedTokens,
    double floatingPointOperations) {

  static final DeviceWork NONE = new DeviceWork(0, 0, 0, 0, 0, 0, 0);

  DeviceWork plus(DeviceWork other) {
    return new DeviceWork(
        busyNanos + other.busyNanos,
        loadingNanos + other.loadingNanos,
        interpolatingNanos + other.interpolatingNanos,
        forwardNanos + other.forwardNanos,
        tokens + other.tokens,
        paddedTokens + other.paddedTokens,
        floatingPointOperations + other.floatingPointOperations);
  }
}
