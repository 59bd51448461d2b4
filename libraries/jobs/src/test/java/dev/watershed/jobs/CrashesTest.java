package dev.watershed.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class CrashesTest {
  @Test
  void takenBy_afterTwoKillsAtOneStep_countsTwo() {
    var crashes = Crashes.NONE.takenBy("first", 0).takenBy("second", 50).takenBy("third", 50);
    assertThat(crashes).isEqualTo(new Crashes(2, 50, "third"));
  }

  @Test
  void takenBy_afterKillsThatEachCameFurther_countsOne() {
    var crashes = Crashes.NONE.takenBy("0", 0);
    for (int kill = 1; kill <= 28; kill++) {
      crashes = crashes.takenBy("" + kill, 10L * kill);
      assertThat(crashes.count()).isEqualTo(1);
    }
  }

  @Test
  void takenBy_afterSomethingWasSaved_beginsANewRow() {
    var crashes =
        Crashes.NONE.takenBy("first", 0).takenBy("second", 50).saved().takenBy("third", 50);
    assertThat(crashes.count()).isEqualTo(1);
  }

  @Test
  void takenBy_theSameProcessOrAfterAnOrderlyEnd_countsNothing() {
    assertThat(Crashes.NONE.takenBy("a", 0).takenBy("a", 0).count()).isZero();
    assertThat(Crashes.NONE.takenBy("a", 0).left().takenBy("b", 0).count()).isZero();
  }

  @Test
  void withdrawn_ofAProcessThatLives_uncountsItsDeath() {
    var taken = Crashes.NONE.takenBy("silent", 0).takenBy("other", 0);
    assertThat(taken.count()).isEqualTo(1);
    assertThat(taken.withdrawn("silent")).isEqualTo(new Crashes(0, 0, "other"));
  }
}
