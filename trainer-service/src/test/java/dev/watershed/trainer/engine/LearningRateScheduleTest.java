package dev.watershed.trainer.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.watershed.trainer.v1.Schedule;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;

final class LearningRateScheduleTest {
  @Test
  void rate_linearWithWarmup_isHuggingFaces() {
    // transformers.get_linear_schedule_with_warmup(SGD(lr=2), 2, 6): the rate of each update.
    double[] expected = {0, 1, 2, 1.5, 1, .5};
    var schedule = new LearningRateSchedule(Schedule.SCHEDULE_LINEAR, 2, 2, 6, 0, 0);
    for (int done = 0; done < expected.length; done++) {
      assertThat(schedule.rate(done)).isEqualTo(expected[done], within(1e-15));
    }
    assertThat(schedule.rate(6)).isZero();
  }

  @Test
  void rate_googleLinear_fallsOverAllStepsBesideTheWarmup() {
    // polynomial_decay(2e-5, step, 100) with a warm-up of 10: 1.8e-5 right after it.
    var schedule = new LearningRateSchedule(Schedule.SCHEDULE_GOOGLE_LINEAR, 2e-5, 10, 100, 0, 0);
    assertThat(schedule.rate(0)).isZero();
    assertThat(schedule.rate(9)).isEqualTo(1.8e-5, within(1e-19));
    assertThat(schedule.rate(10)).isEqualTo(1.8e-5, within(1e-19));
    assertThat(schedule.rate(55)).isEqualTo(9e-6, within(1e-19));
    assertThat(schedule.rate(99)).isEqualTo(2e-7, within(1e-19));
    assertThat(schedule.rate(100)).isZero();
    // Hugging Face's is 11.1 % higher at every step from there on.
    var other = new LearningRateSchedule(Schedule.SCHEDULE_LINEAR, 2e-5, 10, 100, 0, 0);
    for (int done = 10; done < 100; done++) {
      assertThat(other.rate(done) / schedule.rate(done)).isEqualTo(10 / 9., within(1e-12));
    }
  }

  @Test
  void rate_fairseqPolynomial_beginsWithThePeakOverTheWarmup() {
    // warmup_factor is 1 / warm-up when the scheduler is made, then updates / warm-up.
    double[] expected = {.5, .5, 1, 1.5, 2, 1.5, 1, .5};
    var schedule = new LearningRateSchedule(Schedule.SCHEDULE_FAIRSEQ_POLYNOMIAL, 2, 4, 8, 0, 1);
    for (int done = 0; done < expected.length; done++) {
      assertThat(schedule.rate(done)).isEqualTo(expected[done], within(1e-15));
    }
    assertThat(schedule.rate(8)).isZero();
  }

  @Property
  void rate_fairseqPolynomial_isThePolynomialAfterItsFirstUpdate(
      @ForAll @LongRange(min = 0, max = 50) long warmup,
      @ForAll @LongRange(min = 1, max = 500) long after,
      @ForAll @DoubleRange(min = .5, max = 3) double power) {
    long total = warmup + after;
    var fairseq =
        new LearningRateSchedule(
            Schedule.SCHEDULE_FAIRSEQ_POLYNOMIAL, 1e-5, warmup, total, 1e-6, power);
    var plain =
        new LearningRateSchedule(Schedule.SCHEDULE_POLYNOMIAL, 1e-5, warmup, total, 1e-6, power);
    for (long done = 1; done <= total; done++) {
      assertThat(fairseq.rate(done)).isEqualTo(plain.rate(done));
    }
    assertThat(fairseq.rate(0)).isEqualTo(1e-5 / Math.max(1, warmup));
  }

  @Test
  void rate_constantWithWarmup_staysAtItsPeak() {
    var schedule = new LearningRateSchedule(Schedule.SCHEDULE_CONSTANT, 3e-3, 100, 3000, 0, 0);
    assertThat(schedule.rate(0)).isZero();
    assertThat(schedule.rate(50)).isEqualTo(1.5e-3, within(1e-18));
    assertThat(schedule.rate(100)).isEqualTo(3e-3);
    assertThat(schedule.rate(2999)).isEqualTo(3e-3);
  }

  @Test
  void rate_warmupOfAllSteps_neverDividesByZero() {
    var schedule = new LearningRateSchedule(Schedule.SCHEDULE_LINEAR, 1, 4, 4, 0, 0);
    assertThat(schedule.rate(3)).isEqualTo(.75);
    assertThat(schedule.rate(4)).isZero();
  }

  @Property
  void rate_polynomial_isItsFormula(
      @ForAll @LongRange(min = 0, max = 50) long warmup,
      @ForAll @LongRange(min = 1, max = 500) long after,
      @ForAll @DoubleRange(min = .01, max = 1) double peak,
      @ForAll @DoubleRange(min = 0, max = 1) double endShare,
      @ForAll @DoubleRange(min = .5, max = 3) double power) {
    long total = warmup + after;
    double end = endShare * peak;
    var schedule =
        new LearningRateSchedule(Schedule.SCHEDULE_POLYNOMIAL, peak, warmup, total, end, power);
    for (long done = warmup; done <= total; done++) {
      double share = 1 - (done - warmup) / (double) (total - warmup);
      double naive = (peak - end) * Math.pow(share, power) + end;
      assertThat(schedule.rate(done)).isEqualTo(naive, within(1e-7 * peak));
    }
    for (long done = 0; done < warmup; done++) {
      assertThat(schedule.rate(done)).isEqualTo(peak * done / warmup);
    }
  }

  @Property
  void rate_polynomialOfPowerOneToZero_isLinear(
      @ForAll @LongRange(min = 0, max = 50) long warmup,
      @ForAll @LongRange(min = 1, max = 100) long after) {
    long total = warmup + after;
    var linear = new LearningRateSchedule(Schedule.SCHEDULE_LINEAR, .1, warmup, total, 0, 0);
    var polynomial =
        new LearningRateSchedule(Schedule.SCHEDULE_POLYNOMIAL, .1, warmup, total, 0, 1);
    for (long done = 0; done <= total; done++) {
      assertThat(polynomial.rate(done)).isEqualTo(linear.rate(done), within(1e-15));
    }
  }
}
