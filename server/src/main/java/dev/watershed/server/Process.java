package dev.watershed.server;

import io.micronaut.context.annotation.Factory;
import jakarta.inject.Singleton;
import java.time.Clock;

/** What every service of a process shares. */
@Factory
final class Process {
  @Singleton
  Clock clock() {
    return Clock.systemUTC();
  }
}
