package dev.watershed.trainer.engine;

import dev.watershed.trainer.v1.Recipe;
import dev.watershed.trainer.v1.Schedule;

/**
 * The learning rate of each update: linear warm-up, then constant, linear or polynomial.
 *
 * <p>Counted as Hugging Face's {@code get_*_schedule_with_warmup} and the BERT release count, by
 * the updates already done: the first update of a warm-up has rate zero (but for fairseq's, see
 * {@link Schedule}), and the end rate is that of the update after the last.
 *
 * @param peak the rate at the end of the warm-up
 * @param warmupSteps updates of the warm-up
 * @param totalSteps updates in all
 * @param end the rate a polynomial falls to
 * @param power the power of the polynomial
 */
record LearningRateSchedule(
    Schedule kind, double peak, long warmupSteps, long totalSteps, double end, double power) {

  /** Returns the schedule of a recipe whose defaults are filled in. */
  static LearningRateSchedule of(Recipe recipe) {
    return new LearningRateSchedule(
        recipe.getSchedule(),
        recipe.getLearningRate(),
        recipe.getWarmupSteps(),
        recipe.getSteps(),
        recipe.getEndLearningRate(),
        recipe.getPolynomialPower());
  }

  /**
   * Returns the schedule of a recipe's linear probe: that of the recipe, scaled to the probe's peak
   * and length.
   */
  static LearningRateSchedule ofLinearProbe(Recipe recipe) {
    var probe = recipe.getLinearProbe();
    return new LearningRateSchedule(
        recipe.getSchedule(),
        probe.getLearningRate(),
        recipe.getWarmupSteps() * probe.getSteps() / recipe.getSteps(),
        probe.getSteps(),
        recipe.getEndLearningRate() / recipe.getLearningRate() * probe.getLearningRate(),
        recipe.getPolynomialPower());
  }

  /** Returns the rate of the update that follows {@code done} updates. */
  double rate(long done) {
    if (done < warmupSteps) {
      boolean fairseq = kind == Schedule.SCHEDULE_FAIRSEQ_POLYNOMIAL;
      return peak * (fairseq ? Math.max(1, done) : done) / warmupSteps;
    }
    return switch (kind) {
      case SCHEDULE_CONSTANT -> peak;
      case SCHEDULE_LINEAR -> peak * remaining(done, warmupSteps);
      case SCHEDULE_GOOGLE_LINEAR -> peak * remaining(done, 0);
      case SCHEDULE_POLYNOMIAL, SCHEDULE_FAIRSEQ_POLYNOMIAL ->
          end + (peak - end) * Math.pow(remaining(done, warmupSteps), power);
      case SCHEDULE_UNSPECIFIED, UNRECOGNIZED ->
          throw new IllegalStateException("a resolved recipe has a schedule");
    };
  }

  /** Whether a schedule has an end rate and a power. */
  static boolean isPolynomial(Schedule schedule) {
    return schedule == Schedule.SCHEDULE_POLYNOMIAL
        || schedule == Schedule.SCHEDULE_FAIRSEQ_POLYNOMIAL;
  }

  /** The share of the way from {@code begin} to the end that is left, between 0 and 1. */
  private double remaining(long done, long begin) {
    // At least one step, so that a warm-up over all steps does not divide by zero.
    double left = (double) (totalSteps - done) / Math.max(1, totalSteps - begin);
    return Math.min(1, Math.max(0, left));
  }
}
