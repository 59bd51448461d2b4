package dev.watershed.bench;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What {@code bench eval} measured. These names are those of its JSON; shares are of 1.
 *
 * @param size of the models: mini, base or large
 * @param parameterCount fp32 parameters of a model
 * @param examples of the sample
 * @param alphas points of a pair
 * @param pairs evaluated in a run
 * @param models these are pairs of
 * @param threads within an operation of libtorch
 * @param processors of the machine
 * @param runs of each contestant, one after the other in turn; each begins with a fresh server
 * @param seed of weights and examples
 * @param kernels that the evaluator chose
 * @param fp32BestRate best rate of fp32 matrix products, of all runs
 * @param bf16BestRate likewise; null without bf16
 * @param fp32 the run of median time
 * @param bf16 likewise; null without bf16
 * @param referenceProtocol the run of median time of pairs evaluated by eager operations, padded to
 *     512 tokens, interpolated tensor by tensor, with both models read again for each pair and both
 *     endpoints computed again
 * @param eager the same of pairs evaluated by eager operations on models held in memory, padded to
 *     128 tokens
 * @param ratioToReferenceProtocol its time over ours in fp32
 * @param ratioToEager likewise
 * @param ratioBf16ToFp32 fp32's time over bf16's; null without bf16
 * @param goals for {@code --size base}, 512 examples and 11 alphas
 * @param profile null unless asked for
 */
public record EvaluationResult(
    String size,
    long parameterCount,
    int examples,
    int alphas,
    int pairs,
    int models,
    int threads,
    int processors,
    int runs,
    long seed,
    String kernels,
    ProductRate fp32BestRate,
    @Nullable ProductRate bf16BestRate,
    Pass fp32,
    @Nullable Pass bf16,
    Baseline referenceProtocol,
    Baseline eager,
    Ratio ratioToReferenceProtocol,
    Ratio ratioToEager,
    @Nullable Ratio ratioBf16ToFp32,
    List<Goal> goals,
    @Nullable Profile profile) {

  /**
   * All pairs of one run, as a client of the service sees them.
   *
   * @param secondsPerPair from the first request to the last point, divided by pairs
   * @param wallSeconds the same of all pairs
   * @param processorShare processor time of this process over wall time and threads; below .9 other
   *     processes were in the way, and the rate could have been higher
   * @param usefulTokens passed through the encoder for one point
   * @param paddedTokens the same with padding
   * @param gigaflops 10^9 floating-point operations of matrix products a second, padding included
   * @param fractionOfBestRate that over the best rate in the same precision
   * @param forwardFractionOfBestRate the same of the time in forward passes alone
   * @param loadingShare of the wall time, waiting for weights
   * @param interpolatingShare combining weights
   * @param forwardShare forward passes
   * @param otherShare everything else
   * @param peakResidentBytes the most memory that the process held, in the run in which that was
   *     least: baselines leave freed memory resident
   * @param peakHeldBytes the most that the evaluator held of weights, samples and scratch
   * @param memoryLimitBytes the most that it may hold
   */
  public record Pass(
      double secondsPerPair,
      double wallSeconds,
      double processorShare,
      long usefulTokens,
      long paddedTokens,
      double gigaflops,
      double fractionOfBestRate,
      double forwardFractionOfBestRate,
      double loadingShare,
      double interpolatingShare,
      double forwardShare,
      double otherShare,
      long peakResidentBytes,
      long peakHeldBytes,
      long memoryLimitBytes) {}

  /**
   * A protocol of which a part was measured, and scaled to whole pairs.
   *
   * @param secondsPerPair scaled
   * @param processorShare processor time of this process over wall time and threads, as in {@link
   *     Pass}
   * @param paddedTokens each example is padded to
   * @param measuredExamples of one point, instead of all points
   * @param loadingSeconds measured, of the two models of a pair; 0 where they are held
   * @param interpolatingSeconds measured, of one point
   * @param forwardSeconds measured, of {@code measuredExamples}
   */
  public record Baseline(
      double secondsPerPair,
      double processorShare,
      int paddedTokens,
      int measuredExamples,
      double loadingSeconds,
      double interpolatingSeconds,
      double forwardSeconds) {}

  /**
   * Where the time of a forward pass over the sample goes, by libtorch's profiler.
   *
   * @param forwardSeconds of the pass, under the profiler
   * @param accountedSeconds of all operations, each counted once
   * @param accountedShare of {@code forwardSeconds}
   * @param profilerShare processor time that the profiler adds to a pass without it; null where
   *     that was too short to be told
   * @param accountedShareOfPoint what loading, interpolating and these operations are of the time
   *     of a point through the service
   * @param operations most of the time first
   */
  public record Profile(
      double forwardSeconds,
      double accountedSeconds,
      double accountedShare,
      @Nullable Double profilerShare,
      double accountedShareOfPoint,
      List<OperationShare> operations) {}
}
