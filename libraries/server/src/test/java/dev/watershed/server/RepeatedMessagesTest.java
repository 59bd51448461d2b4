package dev.watershed.server;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.core.spi.FilterReply;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

final class RepeatedMessagesTest {
  private final AtomicLong nanos = new AtomicLong();
  private final RepeatedMessages filter = new RepeatedMessages(nanos::get);
  private final LoggerContext context = new LoggerContext();

  private FilterReply decide(Level level, String text) {
    return filter.decide(null, context.getLogger("com.example.Scheduler"), level, text, null, null);
  }

  @Test
  void decide_sameErrorAgainAndAgain_letsThreeAMinuteThrough() {
    for (int minute = 0; minute < 2; minute++) {
      for (int i = 0; i < 3; i++) {
        assertThat(decide(Level.ERROR, "no space")).isEqualTo(FilterReply.NEUTRAL);
      }
      assertThat(decide(Level.ERROR, "no space")).isEqualTo(FilterReply.DENY);
      assertThat(decide(Level.ERROR, "something else")).isEqualTo(FilterReply.NEUTRAL);
      nanos.addAndGet(61_000_000_000L);
    }
  }

  @Test
  void decide_information_isNeverDropped() {
    for (int i = 0; i < 10; i++) {
      assertThat(decide(Level.INFO, "run started")).isEqualTo(FilterReply.NEUTRAL);
    }
  }
}
