package dev.watershed.server;

import io.micronaut.context.annotation.Factory;
import jakarta.inject.Singleton;
import java.time.Clock;

/** The clock that every service of a process shares. */
@Factory
final class SystemClock {
  @Singleton
  Clock clock() {
    return Clock.systemUTC();
  }
}
