package dev.watershed.bench;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What {@code bench train} measured. These names are those of its JSON; shares are of 1.
 *
 * @param size of the model: mini, base or large
 * @param parameterCount fp32 parameters
 * @param batch examples of a step
 * @param tokens of each example, without padding
 * @param steps timed of each contestant
 * @param threads within an operation of libtorch
 * @param processors of the machine
 * @param dropout of all contestants: hidden states, attention, head
 * @param seed of weights and examples
 * @param fp32BestRate best rate of fp32 matrix products
 * @param bf16BestRate likewise; null without bf16
 * @param fp32 the training program
 * @param bf16 likewise; null without bf16
 * @param eager eager operations, DJL's gradient collector and an AdamW update for each tensor, fp32
 * @param ratioToEager its time over ours in fp32
 * @param ratioBf16ToEager its time over ours in bf16; null without bf16
 * @param runExamplesPerSecond of a run through the service, its reading of data included; null
 *     unless asked for
 * @param goals for {@code --size base}, batch 32 and 64 tokens
 */
public record TrainingResult(
    String size,
    long parameterCount,
    int batch,
    int tokens,
    int steps,
    int threads,
    int processors,
    double dropout,
    long seed,
    ProductRate fp32BestRate,
    @Nullable ProductRate bf16BestRate,
    Steps fp32,
    @Nullable Steps bf16,
    Steps eager,
    Ratio ratioToEager,
    @Nullable Ratio ratioBf16ToEager,
    @Nullable Double runExamplesPerSecond,
    List<Goal> goals) {

  /**
   * Steps of one contestant.
   *
   * @param secondsPerStep the median
   * @param examplesPerSecond batch over that
   * @param processorShare processor time of this process over wall time and threads
   * @param gigaflops 10^9 floating-point operations of matrix products a second, a step counted as
   *     three forward passes; 0 for eager operations, which do other products
   * @param fractionOfBestRate that over the best rate in the same precision; 0 likewise
   * @param optimizerShare of a step: norm, clipping and AdamW, by libtorch's profiler; 0 likewise
   * @param peakResidentBytes the most memory that the process held, a copy of the initial weights
   *     included
   * @param operations of a step under the profiler, most of the time first; none for eager
   *     operations
   */
  public record Steps(
      double secondsPerStep,
      double examplesPerSecond,
      double processorShare,
      double gigaflops,
      double fractionOfBestRate,
      double optimizerShare,
      long peakResidentBytes,
      List<OperationShare> operations) {}
}
