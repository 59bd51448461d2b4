package dev.watershed.trainer.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.watershed.trainer.v1.TrainingPoint;
import dev.watershed.trainer.v1.TrainingProgress;
import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class TrainingCurveTest {
  private static TrainingProgress at(long step, long total) {
    return TrainingProgress.newBuilder()
        .setStep(step)
        .setTotalSteps(total)
        .setTrainingLossNats(1. / step)
        .setLearningRate(step * 1e-6)
        .build();
  }

  private static List<TrainingPoint> whole(long total) {
    var curve = new TrainingCurve(List.of());
    for (long step = 1; step <= total; step++) {
      curve.add(at(step, total));
    }
    return curve.points();
  }

  @ParameterizedTest
  @CsvSource({
    "1, 1, 1",
    "2000, 1, 2000",
    // Every second step and the last.
    "2001, 2, 1001",
    "4000, 2, 2000",
    "36815, 19, 1938",
    "160000, 80, 2000"
  })
  void add_allSteps_keepsEveryStridethAndTheLast(long total, long stride, int count) {
    assertThat(TrainingCurve.stride(total)).isEqualTo(stride);
    var points = whole(total);
    assertThat(points).hasSize(count);
    List<Long> expected = new ArrayList<>();
    for (long step = stride; step <= total; step += stride) {
      expected.add(step);
    }
    if (total % stride != 0) {
      expected.add(total);
    }
    assertThat(points).extracting(TrainingPoint::getStep).isEqualTo(expected);
    assertThat(points).allMatch(point -> point.getTrainingLossNats() == 1. / point.getStep());
  }

  @Property(tries = 200)
  void add_resumedAtAnEarlierStep_endsWithTheSamePoints(
      @ForAll @IntRange(min = 1, max = 5000) int total,
      @ForAll @IntRange(max = 5000) int killed,
      @ForAll @IntRange(max = 5000) int back) {
    int known = Math.min(killed, total);
    var first = new TrainingCurve(List.of());
    for (int step = 1; step <= known; step++) {
      first.add(at(step, total));
    }
    var resumed = new TrainingCurve(first.points());
    for (int step = Math.max(0, known - back) + 1; step <= total; step++) {
      resumed.add(at(step, total));
    }
    assertThat(resumed.points()).isEqualTo(whole(total));
  }

  @Test
  void stride_nothingToDo_isOne() {
    assertThat(TrainingCurve.stride(0)).isEqualTo(1);
  }
}
